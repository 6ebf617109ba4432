//! Scheduled runs: how late they are through.

use std::time::Duration;

use jiff::Timestamp;
use mesh_core::metrics;
use serde_json::Value;

/// Field of a schedule's event that tells when the run was due; EventBridge Scheduler fills it in.
pub const SCHEDULED_AT: &str = "scheduled_at";

/// One run that a schedule started.
#[derive(Debug, Clone, Copy)]
pub struct ScheduledRun {
    due: Timestamp,
}

impl ScheduledRun {
    /// The run that `event` starts now. One that does not say when it was due, such as one started by hand, is due now.
    pub fn begin(event: &Value) -> Self {
        Self { due: due(event, Timestamp::now()) }
    }

    /// Tells that it is through. A run that fails does not come here: then the metric is missing, which the alarm takes for late.
    pub fn end(self) {
        metrics::ran(late(self.due, Timestamp::now()));
    }
}

fn due(event: &Value, now: Timestamp) -> Timestamp {
    event.get(SCHEDULED_AT).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(now)
}

fn late(due: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(due)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lateness_counts_from_when_the_run_was_due() {
        let now: Timestamp = "2026-03-01T12:00:30Z".parse().unwrap();
        let event = json!({ "trigger": "probe", "scheduled_at": "2026-03-01T12:00:00Z" });
        assert_eq!(late(due(&event, now), now), Duration::from_secs(30));
    }

    #[test]
    fn a_run_that_does_not_say_when_it_was_due_is_due_now() {
        let now = Timestamp::now();
        for event in [json!({ "trigger": "probe" }), json!({ "scheduled_at": "<aws.scheduler.scheduled-time>" })] {
            assert_eq!(due(&event, now), now, "{event}");
        }
    }

    #[test]
    fn a_clock_that_is_behind_makes_no_negative_lateness() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(late("2026-03-01T12:00:01Z".parse().unwrap(), now), Duration::ZERO);
    }
}
