//! What the mesh measures of itself: the one list of its metrics, and how a use case tells of a value.
//!
//! A value is a tracing event of the target [`TARGET`] whose fields are called as the metrics. Functions write these events in
//! CloudWatch's embedded metric format; anywhere else they go nowhere. The alarms and the dashboard of `infra/` take the names from a
//! file made from this list.

use std::time::Duration;

use jiff::Timestamp;

use crate::measurement::ProbeReport;

/// The target of events that hold values.
pub const TARGET: &str = "mesh::metrics";

/// What a metric is counted by. One value of each at a time, and few of them: each is a time series of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The operation of the route table, such as `product_register`.
    Operation,
    /// The function that measured.
    Function,
}

impl Dimension {
    /// The dimension as CloudWatch knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operation => "Operation",
            Self::Function => "Function",
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Milliseconds,
    Seconds,
    /// Told as a time in Unix seconds, since use cases know no clock; written as the seconds that passed since.
    Age,
}

impl Unit {
    /// The unit as CloudWatch knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds | Self::Age => "Seconds",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub unit: Unit,
    pub dimension: Dimension,
    /// What it says, for those who read a dashboard.
    pub meaning: &'static str,
}

const fn metric(name: &'static str, unit: Unit, dimension: Dimension, meaning: &'static str) -> Metric {
    Metric { name, unit, dimension, meaning }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    metric("Requests", Unit::Count, Dimension::Operation, "requests answered"),
    metric("Faults", Unit::Count, Dimension::Operation, "requests answered by 5xx: the platform's own failures"),
    metric("Refusals", Unit::Count, Dimension::Operation, "requests answered by 4xx"),
    metric(
        "Latency",
        Unit::Milliseconds,
        Dimension::Operation,
        "time from a request to its answer within the function",
    ),
    metric("DecisionsAllowed", Unit::Count, Dimension::Function, "policy decisions that allowed"),
    metric("DecisionsDenied", Unit::Count, Dimension::Function, "policy decisions that denied"),
    metric("ProvisioningLag", Unit::Age, Dimension::Function, "time from a registration until its envelope stands"),
    metric("IndexingLag", Unit::Age, Dimension::Function, "time from a registration until it can be found"),
    metric("Backlog", Unit::Count, Dimension::Function, "products that a sweep found behind their registration"),
    metric(
        "BacklogAge",
        Unit::Age,
        Dimension::Function,
        "time since the oldest registration that a sweep found still behind",
    ),
    metric("EnvelopesFailed", Unit::Count, Dimension::Function, "products whose envelope somebody has to mend"),
    metric("SweepErrors", Unit::Count, Dimension::Function, "products that a sweep could not drive"),
    metric(
        "UnreadableItems",
        Unit::Count,
        Dimension::Function,
        "stored items that could not be read and were passed over",
    ),
    metric("PortsKept", Unit::Count, Dimension::Function, "ports whose freshness promise is kept"),
    metric("PortsBroken", Unit::Count, Dimension::Function, "ports whose freshness promise is broken"),
    metric("PortsUnknown", Unit::Count, Dimension::Function, "ports that could not be observed, though they can be"),
    metric("BreachEvents", Unit::Count, Dimension::Function, "events sent of promises broken and kept again"),
    metric("ProbeErrors", Unit::Count, Dimension::Function, "ports whose state could not be written or told"),
    metric("ScheduleLateness", Unit::Seconds, Dimension::Function, "time from when a run was due until it was through"),
];

/// The metric of that name.
pub fn named(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// A request of `operation` was answered.
pub fn answered(operation: &str, status: u16, elapsed: Duration) {
    tracing::info!(
        target: TARGET,
        operation,
        status,
        Requests = 1u64,
        Faults = u64::from(status >= 500),
        Refusals = u64::from((400..500).contains(&status)),
        Latency = elapsed.as_secs_f64() * 1000.0,
    );
}

/// A policy decision, or a grant that stands for one.
pub fn decided(allow: bool) {
    tracing::info!(target: TARGET, DecisionsAllowed = u64::from(allow), DecisionsDenied = u64::from(!allow));
}

/// The envelope of what was registered then stands now.
pub fn provisioned(registered_at: Timestamp) {
    tracing::info!(target: TARGET, ProvisioningLag = unix_seconds(registered_at));
}

/// What was registered then can be found now.
pub fn indexed(registered_at: Timestamp) {
    tracing::info!(target: TARGET, IndexingLag = unix_seconds(registered_at));
}

/// What a sweep found lagging when it came by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lagging {
    products: usize,
    oldest: Option<Timestamp>,
}

impl Lagging {
    /// Adds a product that was registered then.
    pub fn add(&mut self, registered_at: Timestamp) {
        self.products += 1;
        self.oldest = Some(self.oldest.map_or(registered_at, |oldest| oldest.min(registered_at)));
    }

    /// Adds all that another part of the sweep found.
    pub fn extend(&mut self, other: Self) {
        self.products += other.products;
        self.oldest = self.oldest.into_iter().chain(other.oldest).min();
    }
}

/// A sweep is through: what it found lagging, and how many products it could not drive. Without a backlog, it has no age.
pub fn swept(lagging: Lagging, errors: usize) {
    tracing::info!(target: TARGET, Backlog = lagging.products, SweepErrors = errors);
    if let Some(oldest) = lagging.oldest {
        tracing::info!(target: TARGET, BacklogAge = unix_seconds(oldest));
    }
}

/// So many envelopes are not as they should be.
pub fn envelopes_failed(failed: usize) {
    tracing::info!(target: TARGET, EnvelopesFailed = failed);
}

/// A stored item could not be read and was passed over.
pub fn unreadable() {
    tracing::info!(target: TARGET, UnreadableItems = 1u64);
}

/// A run of the probe is through. So many ports are served by their owners and can never be observed: of those that can, it tells.
pub fn probed(report: &ProbeReport, unobservable: usize) {
    tracing::info!(
        target: TARGET,
        PortsKept = report.kept,
        PortsBroken = report.broken,
        PortsUnknown = report.unknown.saturating_sub(unobservable),
        BreachEvents = report.events,
        ProbeErrors = report.errors,
    );
}

/// A scheduled run is through, so long after it was due.
pub fn ran(late: Duration) {
    tracing::info!(target: TARGET, ScheduleLateness = late.as_secs_f64());
}

fn unix_seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}
