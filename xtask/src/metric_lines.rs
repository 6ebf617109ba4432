//! Looks for the metrics in what the functions logged: each of the list is told by somebody, and every answer has a trace.

use anyhow::{Result, bail};
use mesh_core::metrics::METRICS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Metrics that only what went wrong has.
const OF_TROUBLE: &[&str] = &["BacklogAge", "UnreadableItems"];

/// How many metrics were told; an error that names those that were not, and every answer without a trace.
pub fn check(logs: &BTreeMap<String, String>) -> Result<usize> {
    let mut told = BTreeSet::new();
    let mut complaints = Vec::new();
    for (function, log) in logs {
        let mut answers = 0;
        for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let directives = line.pointer("/_aws/CloudWatchMetrics").and_then(Value::as_array).into_iter().flatten();
            let metrics = directives.filter_map(|directive| directive.get("Metrics")?.as_array()).flatten();
            told.extend(metrics.filter_map(|metric| metric.get("Name")?.as_str().map(str::to_owned)));
            if line.get("message").and_then(Value::as_str) == Some("answered") {
                answers += 1;
                if line.pointer("/spans/0/xrayTraceId").and_then(Value::as_str).is_none_or(str::is_empty) {
                    complaints.push(format!("  `{function}`: an answer without a trace: {line}"));
                }
            }
        }
        if answers == 0 && log.contains("\"Operation\":\"") && log.contains("\"Requests\"") {
            complaints.push(format!("  `{function}` counts requests and tells of no answer"));
        }
    }
    let silent = METRICS.iter().filter(|metric| !told.contains(metric.name) && !OF_TROUBLE.contains(&metric.name));
    complaints.extend(silent.map(|metric| format!("  nobody told `{}`", metric.name)));
    if !complaints.is_empty() {
        bail!("the functions do not tell what they should:\n{}", complaints.join("\n"));
    }
    Ok(told.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The log of a function that tells `metrics` and answers once.
    fn log(metrics: &[&str], trace: &str) -> BTreeMap<String, String> {
        let metrics: Vec<Value> = metrics.iter().map(|name| json!({ "Name": name, "Unit": "Count" })).collect();
        let told = json!({ "_aws": { "CloudWatchMetrics": [{ "Metrics": metrics }] }, "Operation": "readPort" });
        let answered = json!({ "message": "answered", "spans": [{ "xrayTraceId": trace }] });
        BTreeMap::from([("broker".to_owned(), format!("START RequestId: 1\n{told}\n{answered}\n"))])
    }

    #[test]
    fn each_metric_is_told_by_somebody() {
        let all: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(check(&log(&all, "Root=1")).unwrap(), all.len());
        let told = check(&log(&all[1..], "Root=1")).unwrap_err().to_string();
        assert!(told.ends_with(&format!("nobody told `{}`", all[0])), "{told}");
    }

    #[test]
    fn every_answer_has_a_trace() {
        let all: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert!(check(&log(&all, "")).unwrap_err().to_string().contains("`broker`: an answer without a trace"));
    }
}
