//! Logging for Terraform: one JSON object per line on standard error, which Terraform shows at the level that `TF_LOG` asks for.

use std::fmt;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Sends `tracing` events, and panics, to standard error. Does nothing where the author has installed another subscriber.
pub(crate) fn start() {
    let wanted = std::env::var("TF_LOG_PROVIDER").or_else(|_| std::env::var("TF_LOG")).unwrap_or_default();
    let _ = tracing_subscriber::fmt()
        .event_format(JsonLines)
        .with_writer(std::io::stderr)
        .with_max_level(level(&wanted))
        .try_init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

fn level(wanted: &str) -> LevelFilter {
    match wanted.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" | "JSON" => LevelFilter::DEBUG,
        "INFO" => LevelFilter::INFO,
        "ERROR" => LevelFilter::ERROR,
        _ => LevelFilter::WARN,
    }
}

/// The line format of hclog, Terraform's logger.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _cx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let mut line = fields.0;
        let message = line.remove("message").unwrap_or_else(|| "".into());
        line.insert("@level".into(), event.metadata().level().as_str().to_ascii_lowercase().into());
        line.insert("@message".into(), message);
        line.insert("@module".into(), event.metadata().target().into());
        writeln!(writer, "{}", Json::Object(line))
    }
}

struct Fields(Map<String, Json>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_what_terraform_reads() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().event_format(JsonLines).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || tracing::warn!(attempt = 2_u64, name = "x", "slow"));
        let json: Json = serde_json::from_slice(&lines.0.lock().unwrap()).unwrap();
        assert_eq!(json["@level"], "warn");
        assert_eq!(json["@message"], "slow");
        assert_eq!((json["attempt"].as_u64(), json["name"].as_str()), (Some(2), Some("x")));
    }

    #[test]
    fn the_level_follows_terraforms() {
        assert_eq!(level("debug"), LevelFilter::DEBUG);
        assert_eq!(level(""), LevelFilter::WARN);
    }
}
