//! Failures on demand: what a fake does when it is told that its service is down.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::error::StoreError;

/// How many of the next calls fail.
#[derive(Debug, Clone, Default)]
pub struct Failures(Arc<AtomicUsize>);

impl Failures {
    /// Makes the next `calls` calls fail; the calls after them succeed.
    pub fn fail_next(&self, calls: usize) {
        self.0.store(calls, Ordering::SeqCst);
    }

    /// [`StoreError::Unavailable`] from `service` while failures are due.
    pub fn check(&self, service: &'static str) -> Result<(), StoreError> {
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |due| due.checked_sub(1)) {
            Ok(_) => Err(StoreError::unavailable(service, "told to fail")),
            Err(_) => Ok(()),
        }
    }
}
