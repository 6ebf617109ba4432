//! Promise and observation: whether a freshness promise is kept, when a change of that is an event, and what share of time it was kept.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock: the time is passed in.

pub mod budget;
pub mod schedule;
pub mod transition;
pub mod verdict;

pub use budget::{Budget, Measurement, budget};
pub use schedule::verdict_on;
pub use transition::{Transition, transition};
pub use verdict::{Observation, Verdict, VerdictKind, verdict};
