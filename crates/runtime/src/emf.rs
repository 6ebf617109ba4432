//! Metrics in CloudWatch's embedded metric format: events of the target [`metrics::TARGET`] as lines on standard output,
//! of which CloudWatch Logs makes metrics.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{fmt, io::Write};

use jiff::Timestamp;
use mesh_core::metrics::{self, Dimension, METRICS, Unit};
use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    fmt::{FormattedFields, MakeWriter, format::JsonFields},
    layer::Context,
    registry::LookupSpan,
};

/// Namespaces of meshes start with it; the mesh's name follows.
pub const NAMESPACE_PREFIX: &str = "DataMesh/";

/// Who measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the mesh, such as `mesh`.
    pub mesh: String,
    /// Name of the function within it, such as `broker`.
    pub function: String,
}

/// Writes every event that holds values of metrics as one line.
#[derive(Debug)]
pub struct EmfLayer<W> {
    source: Source,
    writer: W,
}

impl<W> EmfLayer<W> {
    /// Lines of `source` to `writer`.
    pub fn new(source: Source, writer: W) -> Self {
        Self { source, writer }
    }
}

impl<S, W> Layer<S> for EmfLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut properties = fields.0;
        // The invocation, as the log names it: its span is the outermost.
        if let Some(span) = context.event_scope(event).and_then(|scope| scope.from_root().next())
            && let Some(noted) = span.extensions().get::<FormattedFields<JsonFields>>()
            && let Ok(noted) = serde_json::from_str::<Map<String, Value>>(&noted.fields)
        {
            for name in ["requestId", "xrayTraceId"] {
                if let Some(value) = noted.get(name) {
                    properties.insert(name.to_owned(), value.clone());
                }
            }
        }
        if let Some(line) = line(&self.source, properties, Timestamp::now()) {
            // Measuring never fails what is measured.
            let _ = writeln!(self.writer.make_writer(), "{line}");
        }
    }
}

/// One line for `fields`, measured at `now`; none if no metric is among them.
fn line(source: &Source, mut fields: Map<String, Value>, now: Timestamp) -> Option<Value> {
    let operation = fields.remove("operation");
    let mut directives = Vec::new();
    for dimension in [Dimension::Operation, Dimension::Function] {
        let measured: Vec<_> =
            METRICS.iter().filter(|metric| metric.dimension == dimension && fields.contains_key(metric.name)).collect();
        if measured.is_empty() {
            continue;
        }
        for metric in measured.iter().filter(|metric| metric.unit == Unit::Age) {
            if let Some(since) = fields.get(metric.name).and_then(Value::as_f64) {
                let age = (now.as_duration().as_secs_f64() - since).max(0.0);
                fields.insert(metric.name.to_owned(), json!(age));
            }
        }
        let definitions: Vec<_> =
            measured.iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.as_str() })).collect();
        directives.push(json!({
            "Namespace": format!("{NAMESPACE_PREFIX}{}", source.mesh),
            "Dimensions": [[dimension.as_str()]],
            "Metrics": definitions,
        }));
    }
    if directives.is_empty() {
        return None;
    }
    let mut line = Map::new();
    line.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives }));
    line.insert(Dimension::Function.as_str().to_owned(), json!(source.function));
    line.insert(Dimension::Operation.as_str().to_owned(), operation.unwrap_or_else(|| json!("none")));
    line.extend(fields);
    Some(Value::Object(line))
}

/// An event's fields.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
}

/// What `infra/` needs to know of the metrics, as `infra/metrics.json` holds it.
pub fn for_infra() -> Value {
    let metric = |metric: &metrics::Metric| {
        let described = json!({
            "unit": metric.unit.as_str(),
            "dimension": metric.dimension.as_str(),
            "meaning": metric.meaning,
        });
        (metric.name.to_owned(), described)
    };
    json!({ "namespace_prefix": NAMESPACE_PREFIX, "metrics": METRICS.iter().map(metric).collect::<Map<_, _>>() })
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, PoisonError},
        time::Duration,
    };

    use super::*;
    use mesh_core::measurement::ProbeReport;

    /// What was written.
    #[derive(Debug, Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `measure` leads to, as the functions write them.
    fn lines(measure: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let (logs, metrics) = (written.clone(), written.clone());
        let source = Source { mesh: "mesh".to_owned(), function: "broker".to_owned() };
        let subscriber = crate::logging::subscriber("off", source, move || logs.clone(), move || metrics.clone());
        tracing::subscriber::with_default(subscriber, measure);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every rule of the specification that a line can break.
    fn assert_meets_the_specification(line: &Value) {
        assert!(line.to_string().len() < 256 * 1024, "a line is a log event");
        let metadata = line["_aws"].as_object().expect("the metadata is an object");
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["Timestamp", "CloudWatchMetrics"], "no other members");
        let timestamp = metadata["Timestamp"].as_i64().expect("milliseconds as a whole number");
        let age = Timestamp::now().as_millisecond() - timestamp;
        assert!((0..60_000).contains(&age), "older than two weeks or ahead of time is dropped: {timestamp}");
        let directives = metadata["CloudWatchMetrics"].as_array().unwrap();
        assert!(!directives.is_empty());
        for directive in directives {
            let members: Vec<_> = directive.as_object().unwrap().keys().collect();
            assert_eq!(members, ["Namespace", "Dimensions", "Metrics"], "no other members");
            let namespace = directive["Namespace"].as_str().unwrap();
            assert!((1..=256).contains(&namespace.len()) && !namespace.starts_with("AWS/"), "{namespace}");
            for set in directive["Dimensions"].as_array().expect("an array of sets") {
                let set = set.as_array().expect("a set is an array");
                assert!(set.len() <= 30);
                for key in set {
                    let value =
                        line[key.as_str().unwrap()].as_str().expect("a dimension's target is a text on the root");
                    assert!((1..=1024).contains(&value.len()), "{key}: {value}");
                }
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                let name = metric["Name"].as_str().unwrap();
                assert!((1..=1024).contains(&name.len()));
                assert!(["Count", "Milliseconds", "Seconds"].contains(&metric["Unit"].as_str().unwrap()), "{metric}");
                assert!(line[name].as_f64().is_some_and(f64::is_finite), "`{name}` has no number in {line}");
            }
        }
    }

    fn dimensions_and_names(line: &Value) -> Vec<(String, Vec<String>)> {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        directives
            .iter()
            .map(|directive| {
                let names = directive["Metrics"].as_array().unwrap().iter().map(|metric| text(&metric["Name"]));
                (text(&directive["Dimensions"][0][0]), names.collect())
            })
            .collect()
    }

    #[test]
    fn a_request_is_counted_by_its_operation() {
        let written = lines(|| metrics::answered("searchProducts", 503, Duration::from_millis(12)));
        let [line] = written.as_slice() else { panic!("one line: {written:?}") };
        assert_meets_the_specification(line);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "DataMesh/mesh");
        let names = ["Requests", "Faults", "Refusals", "Latency"].map(str::to_owned).to_vec();
        assert_eq!(dimensions_and_names(line), [("Operation".to_owned(), names)]);
        assert_eq!(line["Operation"], "searchProducts");
        assert_eq!((&line["Requests"], &line["Faults"], &line["Refusals"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!((&line["Latency"], &line["status"]), (&json!(12.0), &json!(503)));
    }

    #[test]
    fn every_metric_of_the_list_is_written_by_something_and_meets_the_specification() {
        let hour_ago = Timestamp::now() - Duration::from_secs(3600);
        let mut lagging = metrics::Lagging::default();
        lagging.add(hour_ago);
        let written = lines(|| {
            metrics::answered("readPort", 200, Duration::from_millis(3));
            metrics::decided(false);
            metrics::provisioned(hour_ago);
            metrics::indexed(hour_ago);
            metrics::swept(lagging, 2);
            metrics::envelopes_failed(1);
            metrics::unreadable();
            metrics::probed(&ProbeReport { ports: 7, kept: 3, broken: 2, unknown: 2, events: 1, errors: 0 }, 1);
            metrics::ran(Duration::from_secs(7));
        });
        written.iter().for_each(assert_meets_the_specification);
        let mut names: Vec<_> = written.iter().flat_map(dimensions_and_names).flat_map(|(_, names)| names).collect();
        names.sort_unstable();
        let mut listed: Vec<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        listed.sort_unstable();
        assert_eq!(names, listed);
        let value = |name: &str| written.iter().find_map(|line| line[name].as_f64()).unwrap();
        for age in ["ProvisioningLag", "IndexingLag", "BacklogAge"] {
            assert!((3600.0..3660.0).contains(&value(age)), "{age} is {}", value(age));
        }
        for (name, expected) in [("DecisionsDenied", 1.0), ("PortsUnknown", 1.0), ("SweepErrors", 2.0)] {
            assert!((value(name) - expected).abs() < f64::EPSILON, "{name}");
        }
        assert!(written.iter().all(|line| line["Function"] == "broker"));
    }

    #[test]
    fn a_line_names_the_invocation_that_it_was_measured_in() {
        let written = lines(|| {
            let outer = tracing::info_span!("invocation", requestId = "r-1", xrayTraceId = "Root=1-2-3");
            let _outer = outer.enter();
            let inner = tracing::info_span!("request", principal = "alice");
            let _inner = inner.enter();
            metrics::decided(true);
        });
        // The filter of the log is off here: the invocation's span is not noted, the value is written all the same.
        assert_eq!(written.len(), 1);
        assert_eq!(written[0]["DecisionsAllowed"], 1);

        let written = Written::default();
        let (logs, measured) = (Written::default(), written.clone());
        let source = Source { mesh: "mesh".to_owned(), function: "broker".to_owned() };
        let subscriber = crate::logging::subscriber("info", source, move || logs.clone(), move || measured.clone());
        tracing::subscriber::with_default(subscriber, || {
            let outer = tracing::info_span!("invocation", requestId = "r-1", xrayTraceId = "Root=1-2-3");
            let _outer = outer.enter();
            let inner = tracing::info_span!("request", principal = "alice");
            let _inner = inner.enter();
            metrics::decided(true);
        });
        let line: Value = serde_json::from_slice(&written.0.lock().unwrap()).unwrap();
        assert_eq!((&line["requestId"], &line["xrayTraceId"]), (&json!("r-1"), &json!("Root=1-2-3")));
    }

    #[test]
    fn what_is_no_metric_makes_no_line() {
        assert!(lines(|| tracing::info!("told")).is_empty());
        assert!(lines(|| tracing::info!(target: metrics::TARGET, Unheard = 1)).is_empty());
    }

    #[test]
    fn metrics_are_called_and_told_apart_as_cloudwatch_wants() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(metric.name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{}", metric.name);
            assert!(METRICS[..at].iter().all(|other| other.name != metric.name), "{} is listed twice", metric.name);
        }
    }
}
