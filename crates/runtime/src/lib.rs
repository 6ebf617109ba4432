//! What every function's main shares: environment, logs and metrics, SDK configuration and the wall clock.
//!
//! A `main` calls [`start`] once and builds its adapters from the answer.

pub mod clock;
pub mod emf;
pub mod environment;
pub mod logging;
pub mod schedule;
pub mod sdk;

pub use aws_config::SdkConfig;
pub use clock::WallClock;
pub use environment::{Environment, EnvironmentError, Issuer, SearchAuth};
pub use schedule::ScheduledRun;

/// What a function starts with.
#[derive(Debug)]
pub struct Started {
    pub environment: Environment,
    pub sdk: SdkConfig,
}

/// Starts logging and measuring, reads the environment and configures the SDK.
///
/// Fails with every missing or malformed variable at once, and logs them, since a function's log is where they are looked for.
pub async fn start() -> Result<Started, EnvironmentError> {
    logging::init();
    let environment = Environment::from_process().inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let sdk = sdk::load().await;
    Ok(Started { environment, sdk })
}
