//! The SDK's configuration that all of a function's clients share.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

/// A healthy endpoint in the same region answers a handshake in milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
/// One attempt: leaves time for a second one within an API request's 30 seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
/// All attempts and the waits between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 3;

/// Region, credentials and endpoint from the environment (`AWS_REGION`, `AWS_ENDPOINT_URL`, …), bounded waits, three attempts.
///
/// One HTTP client for all services: each client would otherwise read the system's certificates and keep connections of its own.
pub async fn load() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        .load()
        .await
}
