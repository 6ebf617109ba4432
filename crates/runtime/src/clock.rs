//! The wall clock, the only place where functions read the time.

use std::{env, sync::LazyLock};

use jiff::{SignedDuration, Timestamp};
use mesh_core::clock::Clock;

/// By how many days the clock of a function is ahead, so that a demonstration need not wait for a port's last day. Heeded on a local cloud
/// only: on AWS, a function's time is the time.
pub const AHEAD: &str = "MESH_CLOCK_AHEAD_DAYS";
/// Where the SDK finds a cloud that is not AWS.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

static OFFSET: LazyLock<SignedDuration> = LazyLock::new(|| offset(env::var(AHEAD).ok(), env::var(ENDPOINT).ok()));

/// Tells the machine's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(*OFFSET).unwrap_or(Timestamp::MAX)
    }
}

fn offset(ahead: Option<String>, endpoint: Option<String>) -> SignedDuration {
    let is_local = endpoint.is_some_and(|endpoint| {
        let host = endpoint.split_once("://").map_or("", |(_, rest)| rest);
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|local| host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
    });
    let days = ahead.filter(|_| is_local).and_then(|days| days.parse::<i64>().ok());
    SignedDuration::from_hours(days.filter(|days| (0..=36_500).contains(days)).unwrap_or_default() * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_time_but_on_a_local_cloud() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(offset(text("2"), text("http://127.0.0.1:4566")), SignedDuration::from_hours(48));
        assert_eq!(offset(text("2"), text("http://localhost")), SignedDuration::from_hours(48));
        for endpoint in [None, text("https://dynamodb.eu-west-1.amazonaws.com"), text("http://127.0.0.1.example.org")] {
            assert_eq!(offset(text("2"), endpoint), SignedDuration::ZERO);
        }
        for ahead in [None, text("-1"), text("soon"), text("99999999999")] {
            assert_eq!(offset(ahead, text("http://localhost:1")), SignedDuration::ZERO);
        }
    }
}
