//! The wall clock, the only place where functions read the time.

use jiff::Timestamp;
use mesh_core::clock::Clock;

/// Tells the machine's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
