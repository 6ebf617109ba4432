//! Runs named steps one after the other, whatever becomes of each, and sums up.

use anyhow::Result;
use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::interrupt::Interrupt;
use crate::progress;

/// Something to be done or checked, under the name that the summary shows.
pub struct Step<'a> {
    pub name: String,
    pub run: Box<dyn Fn() -> Result<Outcome> + 'a>,
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Step").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a step that could be run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many checks held; most steps are one.
    Passed(usize),
    /// Some checks did not hold, and why.
    Failed { passed: usize, failed: usize, why: String },
    /// It does not apply here, and why.
    Skipped(String),
}

impl<'a> Step<'a> {
    pub fn new(name: impl Into<String>, run: impl Fn() -> Result<Outcome> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Run all steps, print each failure's reason, a table and the closing line `N passed, N failed`. True if nothing failed.
pub fn run_all(steps: &[Step<'_>], interrupt: &Interrupt) -> Result<bool> {
    let mut done = Vec::new();
    for step in steps {
        interrupt.check()?;
        let start = Instant::now();
        let shown = progress::Step::begin(&step.name);
        let outcome =
            (step.run)().unwrap_or_else(|error| Outcome::Failed { passed: 0, failed: 1, why: format!("{error:#}") });
        shown.end(word(&outcome));
        if let Outcome::Failed { why, .. } = &outcome {
            progress::line(format_args!("{why}\n"));
        }
        done.push((step.name.as_str(), start.elapsed(), outcome));
    }
    let (table, all_passed) = summary(&done);
    progress::line(table);
    Ok(all_passed)
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed(_) => "ok",
        Outcome::Failed { .. } => "FAILED",
        Outcome::Skipped(_) => "skipped",
    }
}

fn summary(done: &[(&str, Duration, Outcome)]) -> (String, bool) {
    let mut table = String::from("\n");
    let (mut passed, mut failed) = (0, 0);
    for (name, time, outcome) in done {
        let detail = match outcome {
            Outcome::Passed(count) => {
                passed += count;
                if *count > 1 { format!("{count} passed") } else { String::new() }
            }
            Outcome::Failed { passed: some, failed: others, .. } => {
                passed += some;
                failed += others;
                format!("{some} passed, {others} failed")
            }
            Outcome::Skipped(why) => why.clone(),
        };
        let row = format!("{name:<32} {:<8} {:>7.1} s  {detail}", word(outcome), time.as_secs_f64());
        let _ = writeln!(table, "{}", row.trim_end());
    }
    let _ = write!(table, "\n{passed} passed, {failed} failed");
    (table, failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use std::cell::Cell;

    #[test]
    fn every_step_runs_and_one_failure_fails_all() {
        let ran = Cell::new(0);
        let count = |outcome: Result<Outcome>| {
            ran.set(ran.get() + 1);
            outcome
        };
        let steps = [
            Step::new("breaks", || count(Err(anyhow::anyhow!("no such file")))),
            Step::new("holds", || count(Ok(Outcome::Passed(3)))),
        ];
        assert!(!run_all(&steps, &Interrupt::default()).unwrap());
        assert_eq!(ran.get(), 2);
        assert!(run_all(&steps[1..], &Interrupt::default()).unwrap());
    }

    #[test]
    fn an_interrupt_ends_the_run() {
        let interrupt = Interrupt::default();
        interrupt.raise();
        let steps = [Step::new("never", || bail!("it ran"))];
        assert_eq!(run_all(&steps, &interrupt).unwrap_err().to_string(), "interrupted");
    }

    #[test]
    fn the_summary_counts_checks_and_not_what_was_skipped() {
        let second = Duration::from_secs(1);
        let failed = Outcome::Failed { passed: 4, failed: 2, why: "because".into() };
        let done = [
            ("format", second, Outcome::Passed(1)),
            ("tests", second, failed),
            ("opa", second, Outcome::Skipped("no Go".into())),
        ];
        let (table, all_passed) = summary(&done);
        assert!(!all_passed);
        assert!(table.ends_with("\n5 passed, 2 failed"), "{table}");
        assert!(table.contains("tests                            FAILED       1.0 s  4 passed, 2 failed"), "{table}");
        assert!(table.contains("no Go"), "{table}");
    }
}
