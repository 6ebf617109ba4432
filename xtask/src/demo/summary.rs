//! What became of the demo's steps: as a table and as JSON.

use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// All steps that were run or left out, in order.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    pub steps: Vec<Done>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct Done {
    pub name: &'static str,
    pub ok: bool,
    pub seconds: f64,
    /// What was seen, or why the step is not ok.
    pub detail: String,
}

impl Done {
    pub fn new(name: &'static str, time: Duration, result: Result<String>) -> Self {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(error) => (false, format!("{error:#}")),
        };
        Self { name, ok, seconds: (time.as_secs_f64() * 10.0).round() / 10.0, detail }
    }
}

impl Summary {
    /// The first of `needs` that is not ok.
    pub fn missing<'a>(&self, needs: &[&'a str]) -> Option<&'a str> {
        let ok = |name: &str| self.steps.iter().any(|done| done.name == name && done.ok);
        needs.iter().copied().find(|need| !ok(need))
    }

    pub fn all_ok(&self) -> bool {
        self.steps.iter().all(|done| done.ok)
    }

    pub fn table(&self) -> String {
        let mut table = String::from("\n");
        for Done { name, ok, seconds, detail } in &self.steps {
            let word = if *ok { "ok" } else { "FAILED" };
            let first = detail.lines().next().unwrap_or_default();
            let _ = writeln!(table, "{name:<10} {word:<7} {seconds:>7.1} s  {first}");
        }
        let ok = self.steps.iter().filter(|done| done.ok).count();
        let _ = write!(table, "\n{ok} of {} steps ok", self.steps.len());
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    fn summary() -> Summary {
        let second = Duration::from_millis(1040);
        Summary {
            steps: vec![
                Done::new("stack", second, Ok("running".into())),
                Done::new("infra", second, Err(anyhow!("no network").context("terraform apply"))),
            ],
        }
    }

    #[test]
    fn a_step_waits_for_what_it_builds_on() {
        assert_eq!(summary().missing(&["stack"]), None);
        assert_eq!(summary().missing(&["stack", "infra"]), Some("infra"));
        assert_eq!(summary().missing(&["never-run"]), Some("never-run"));
    }

    #[test]
    fn one_failure_fails_the_whole_and_the_reason_is_in_table_and_json() {
        let summary = summary();
        assert!(!summary.all_ok());
        assert!(
            summary.table().contains("infra      FAILED      1.0 s  terraform apply: no network"),
            "{}",
            summary.table()
        );
        let json = serde_json::to_value(&summary).unwrap();
        let expected = serde_json::json!({"name": "stack", "ok": true, "seconds": 1.0, "detail": "running"});
        assert_eq!(json.pointer("/steps/0"), Some(&expected));
    }
}
