//! The freshness probe, run by a schedule.

use mesh_core::probing::Prober;
use mesh_runtime::ScheduledRun;
use serde_json::{Value, json};

/// Answers `{"trigger": "probe"}` with what was seen.
pub async fn handle(prober: &Prober, event: &Value) -> Result<Value, lambda_runtime::Error> {
    match event.get("trigger").and_then(Value::as_str) {
        Some("probe") => {
            let run = ScheduledRun::begin(event);
            let report = prober.run().await?;
            run.end();
            tracing::info!(?report, "probed");
            Ok(json!({
                "ports": report.ports,
                "kept": report.kept,
                "broken": report.broken,
                "unknown": report.unknown,
                "events": report.events,
                "errors": report.errors,
            }))
        }
        other => Err(format!("not a known trigger: {other:?}").into()),
    }
}
