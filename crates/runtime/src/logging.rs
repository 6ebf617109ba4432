//! Logs and metrics: one JSON object a line on standard output, where the platform collects them.

use std::{env, io, panic};

use mesh_core::metrics;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt::{MakeWriter, format::FmtSpan},
    layer::SubscriberExt,
};

use crate::{
    emf::{EmfLayer, Source},
    environment,
};

/// The filter where `RUST_LOG` is unset or malformed.
const DEFAULT_FILTER: &str = "info";
/// Where Lambda tells the function's name, such as `mesh-broker`.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// Starts logging, filtered by `RUST_LOG`, and writing metrics, which no filter holds back. A second call does nothing.
///
/// Fields lie flat beside `timestamp`, `level`, `target` and `message`; `spans` holds the invocation, with its request id and
/// its trace id, and what is within it. Panics are logged as such: their default text would be a line that is no JSON.
pub fn init() {
    let filter = env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let source = source(|name| env::var(name).ok());
    if tracing::subscriber::set_global_default(subscriber(&filter, source, io::stdout, io::stdout)).is_ok() {
        panic::set_hook(Box::new(|info| {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("panic without a message");
            tracing::error!(location, panic = message, "panicked");
        }));
    }
}

/// What [`init`] starts, with the two kinds of lines going to a writer each.
pub(crate) fn subscriber<L, M>(filter: &str, source: Source, logs: L, measured: M) -> impl Subscriber + Send + Sync
where
    L: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    M: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = if filter.is_empty() { DEFAULT_FILTER } else { filter };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_span_events(FmtSpan::NONE)
        .with_writer(logs)
        .with_filter(filter.and(filter_fn(|metadata| metadata.target() != metrics::TARGET)));
    // It looks at spans for the invocation's name.
    let metrics = EmfLayer::new(source, measured)
        .with_filter(filter_fn(|metadata| metadata.is_span() || metadata.target() == metrics::TARGET));
    tracing_subscriber::registry().with(lines).with(metrics)
}

/// Who this process is; outside of Lambda, nobody.
fn source(variable: impl Fn(&str) -> Option<String>) -> Source {
    let mesh = variable(environment::NAME).filter(|name| !name.is_empty()).unwrap_or_else(|| "none".to_owned());
    let name = variable(FUNCTION_NAME).filter(|name| !name.is_empty()).unwrap_or_else(|| "none".to_owned());
    let function = name.strip_prefix(&format!("{mesh}-")).unwrap_or(&name).to_owned();
    Source { mesh, function }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, act: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let (logs, none) = (written.clone(), Written::default());
        let source = source(|_| None);
        let subscriber = subscriber(filter, source, move || logs.clone(), move || none.clone());
        tracing::subscriber::with_default(subscriber, act);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_line_names_its_invocation_and_trace_however_deep_it_was_written() {
        let lines = logged("info", || {
            let invocation =
                tracing::info_span!("Lambda runtime invoke", requestId = "r-1", xrayTraceId = "Root=1-2-3");
            let _invocation = invocation.enter();
            tracing::info!("outside");
            let request = tracing::info_span!("request", principal = "alice");
            let _request = request.enter();
            tracing::warn!(port = "daily", "inside");
        });
        assert_eq!(lines.len(), 2);
        for line in &lines {
            assert_eq!(line["spans"][0]["requestId"], "r-1", "{line}");
            assert_eq!(line["spans"][0]["xrayTraceId"], "Root=1-2-3", "{line}");
        }
        assert_eq!(lines[1]["spans"][1]["principal"], "alice");
        assert_eq!((&lines[1]["port"], &lines[1]["level"]), (&"daily".into(), &"WARN".into()));
    }

    #[test]
    fn values_of_metrics_are_not_logged_a_second_time() {
        assert!(logged("trace", || metrics::decided(true)).is_empty());
    }

    #[test]
    fn a_malformed_filter_is_the_default_one() {
        let lines = logged("!!", || {
            tracing::info!("kept");
            tracing::debug!("left out");
        });
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_function_is_called_as_within_its_mesh() {
        let lambda = |name: &str| match name {
            environment::NAME => Some("my-mesh".to_owned()),
            FUNCTION_NAME => Some("my-mesh-sla-probe".to_owned()),
            _ => None,
        };
        assert_eq!(source(lambda), Source { mesh: "my-mesh".to_owned(), function: "sla-probe".to_owned() });
        assert_eq!(source(|_| None).function, "none");
    }
}
