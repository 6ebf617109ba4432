//! Ctrl-C (and SIGTERM, SIGHUP) as a condition that every wait looks at, so that commands can tidy up.

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Whether the user asked to stop. Clones share one answer.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// One that is raised by the process's signals.
    pub fn by_signals() -> Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupt.0))?;
        }
        Ok(interrupt)
    }

    /// Raise it from within.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error once it is raised.
    pub fn check(&self) -> Result<()> {
        if self.is_raised() {
            bail!("interrupted");
        }
        Ok(())
    }

    /// Poll `condition` until it yields a value; None after `limit`, an error when interrupted.
    pub fn wait_for<T>(&self, limit: Duration, mut condition: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(10);
        loop {
            self.check()?;
            if let Some(value) = condition()? {
                return Ok(Some(value));
            }
            if start.elapsed() >= limit {
                return Ok(None);
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_the_condition_the_limit_or_the_interrupt() {
        let interrupt = Interrupt::default();
        let mut calls = 0;
        let third = interrupt
            .wait_for(Duration::from_secs(5), || {
                calls += 1;
                Ok((calls == 3).then_some("here"))
            })
            .unwrap();
        assert_eq!(third, Some("here"));
        let never = interrupt.wait_for(Duration::from_millis(1), || Ok(None::<()>)).unwrap();
        assert_eq!(never, None);
        interrupt.raise();
        let stopped = interrupt.wait_for(Duration::from_secs(5), || Ok(Some(())));
        assert_eq!(stopped.unwrap_err().to_string(), "interrupted");
    }
}
