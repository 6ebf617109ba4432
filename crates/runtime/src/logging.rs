//! Logs: one JSON object a line on standard output, where the platform collects them.

use std::panic;

use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// The filter where `RUST_LOG` is unset or malformed.
const DEFAULT_FILTER: &str = "info";

/// Starts logging, filtered by `RUST_LOG`; fields lie flat beside `timestamp`, `level`, `target` and `message`. A second call does nothing.
///
/// Panics are logged as such: their default text would be a line that is no JSON.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_env_filter(filter)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        panic::set_hook(Box::new(|info| {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("panic without a message");
            tracing::error!(location, panic = message, "panicked");
        }));
    }
}
