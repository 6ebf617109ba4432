//! Time as the use cases see it.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time. The wall clock is an adapter like any other, so that tests decide what time it is.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}
