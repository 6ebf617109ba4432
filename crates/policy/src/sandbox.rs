//! Runs policy code so that it cannot take the process with it.
//!
//! Evaluation happens on a thread of its own: a panic ends there, deep recursion has a stack of
//! known size, and a builtin that the engine's own timer cannot interrupt is left behind when time
//! is up, which denies.

use std::num::NonZeroU32;
use std::sync::mpsc;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;

/// Time for all rules of one decision.
const DECISION_LIMIT: Duration = Duration::from_secs(2);
/// Time for one rule, checked by the engine between steps. Wall-clock time: generous, because a
/// function with little memory has a small share of a processor.
const RULE_LIMIT: Duration = Duration::from_millis(500);
/// Time for checking and compiling what is to be published.
const COMPILE_LIMIT: Duration = Duration::from_secs(10);
/// Enough for the nesting that publication allows; reserved, not touched, until used.
const STACK_BYTES: usize = 32 << 20;

/// The engine's own limit for one rule.
pub(crate) fn rule_timer() -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit: RULE_LIMIT, check_interval: NonZeroU32::MIN.saturating_add(15) }
}

/// Runs `work`; an error says why there is no result.
pub(crate) fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    run_within(DECISION_LIMIT, work)
}

/// Runs a compilation, which may take longer than a decision.
pub(crate) fn compile<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    run_within(COMPILE_LIMIT, work)
}

fn run_within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("policy".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // The receiver is gone once time is up; then nobody wants the result.
            let _ = sender.send(work());
        })
        .map_err(|error| format!("no thread for the evaluation: {error}"))?;
    // A panic drops the sender without a word, which is the disconnected case.
    receiver.recv_timeout(limit).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => {
            format!("evaluation took longer than {} ms", limit.as_millis())
        }
        mpsc::RecvTimeoutError::Disconnected => "evaluation panicked".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_back() {
        assert_eq!(run(|| 6 * 7), Ok(42));
    }

    #[test]
    fn a_panic_is_an_error() {
        let outcome: Result<(), String> = run(|| panic!("as a hostile builtin would"));
        assert_eq!(outcome, Err("evaluation panicked".to_owned()));
    }

    #[test]
    fn what_never_ends_is_left_behind() {
        let (_held, never) = mpsc::channel::<()>();
        let outcome = run_within(Duration::from_millis(20), move || never.recv().is_ok());
        assert_eq!(outcome, Err("evaluation took longer than 20 ms".to_owned()));
    }
}
