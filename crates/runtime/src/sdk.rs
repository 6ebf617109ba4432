//! The SDK's configuration that all of a function's clients share, above all how long they wait and how often they try.
//!
//! | what | at most | because |
//! |---|---|---|
//! | a connection | 1.5 s | in the same region a handshake takes milliseconds; a lost packet is sent again after 1 s |
//! | one attempt | 5 s | the slowest call that is in order, an update of a Glue table, takes 1 to 2 s |
//! | a call | 12 s | two attempts into the void and the rest of a third |
//! | attempts | 3 | a service that is overloaded gets three times the load and no more, whatever retries above the SDK |
//! | pause before the second attempt, the third | 0.1 s, 0.2 s (a random part of it) | throttling of DynamoDB passes within tenths of a second; what lasts is told by 503 and `Retry-After` |
//! | an answer's body that stands still | 5 s | an attempt ends with the head of an answer: a body could hang for ever |
//!
//! A request of the HTTP API makes several calls one after the other; `mesh-http` ends it after 20 s, before the gateway does
//! after 30. On top of that, the SDK's retry quota stops retrying where most calls fail.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, ConfigLoader, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// All attempts of a call and the pauses between them.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(12);
/// The most attempts of a call.
pub const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const STANDSTILL: Duration = Duration::from_secs(5);

/// Region, credentials and endpoint from the environment (`AWS_REGION`, `AWS_ENDPOINT_URL`, …), bounded waits, three attempts.
pub async fn load() -> SdkConfig {
    bounded(aws_config::defaults(BehaviorVersion::latest())).load().await
}

/// The same waits and attempts for whatever else `loader` is told.
///
/// One HTTP client for all services: each client would otherwise read the system's certificates and keep connections of its own.
pub fn bounded(loader: ConfigLoader) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    loader
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https())
        .retry_config(retries)
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(STANDSTILL).build())
}
