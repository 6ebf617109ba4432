//! The error budget: for what share of a window a promise was kept, and how much breaking is left.

use jiff::Timestamp;
use mesh_manifest::Percent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::VerdictKind;

/// A state from a time on, until the next measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    pub at: Timestamp,
    pub state: VerdictKind,
}

/// How a promise did in a window of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// The share of the known time in which the promise was kept, 0 to 1. None if nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<f64>,
    /// Seconds in which it was kept.
    pub kept_seconds: u64,
    /// Seconds in which it was broken.
    pub broken_seconds: u64,
    /// Seconds of the window without a measurement, or in which the port could not be read.
    pub unknown_seconds: u64,
    /// Seconds for which it may still be broken before the share of the whole window falls below the promise; negative when it has.
    /// None without a promised share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seconds: Option<i64>,
}

/// Weighs `measurements`, in any order, by the time that each lasted from `start` to `end`.
///
/// A measurement from before the window counts for its beginning. `promised` is the share that was promised, if one was.
pub fn budget(measurements: &[Measurement], start: Timestamp, end: Timestamp, promised: Option<Percent>) -> Budget {
    let mut ordered = measurements.to_vec();
    ordered.sort_by_key(|measurement| measurement.at);
    let seconds =
        |from: Timestamp, to: Timestamp| to.as_second().saturating_sub(from.as_second()).max(0).unsigned_abs();
    let (mut kept, mut broken, mut unknown) = (0, 0, 0);
    let mut state = VerdictKind::Unknown;
    let mut since = start;
    for measurement in &ordered {
        let at = measurement.at.clamp(start, end.max(start));
        *match state {
            VerdictKind::Kept => &mut kept,
            VerdictKind::Broken => &mut broken,
            VerdictKind::Unknown => &mut unknown,
        } += seconds(since, at);
        // What was measured at or after the end says nothing of the window.
        if measurement.at >= end {
            since = at;
            break;
        }
        (state, since) = (measurement.state, at);
    }
    *match state {
        VerdictKind::Kept => &mut kept,
        VerdictKind::Broken => &mut broken,
        VerdictKind::Unknown => &mut unknown,
    } += seconds(since, end);
    let known = kept + broken;
    // Windows are far shorter than 2^52 seconds.
    #[allow(clippy::cast_precision_loss)]
    let compliance = (known > 0).then(|| kept as f64 / known as f64);
    let left_seconds = promised.map(|Percent(thousandths)| {
        let allowed = u128::from(seconds(start, end)) * u128::from(100_000u32.saturating_sub(thousandths)) / 100_000;
        i64::try_from(allowed).unwrap_or(i64::MAX).saturating_sub_unsigned(broken)
    });
    Budget { compliance, kept_seconds: kept, broken_seconds: broken, unknown_seconds: unknown, left_seconds }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn start() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        start() + SignedDuration::from_secs(seconds)
    }

    fn measured(seconds: i64, state: VerdictKind) -> Measurement {
        Measurement { at: after(seconds), state }
    }

    #[test]
    fn weighs_states_by_time() {
        let day = 86_400;
        let measurements = [
            measured(-600, VerdictKind::Kept),
            measured(day / 2, VerdictKind::Broken),
            measured(day / 2 + 864, VerdictKind::Kept),
        ];
        let budget = budget(&measurements, start(), after(day), Some("98%".parse().unwrap()));
        assert_eq!((budget.kept_seconds, budget.broken_seconds, budget.unknown_seconds), (85_536, 864, 0));
        assert_eq!(budget.compliance, Some(0.99));
        assert_eq!(budget.left_seconds, Some(864));
    }

    #[test]
    fn unknown_time_counts_neither_way() {
        let measurements = [measured(100, VerdictKind::Kept), measured(200, VerdictKind::Unknown)];
        let known = budget(&measurements, start(), after(1000), None);
        assert_eq!((known.compliance, known.unknown_seconds, known.left_seconds), (Some(1.0), 900, None));
        assert_eq!(budget(&[], start(), after(1000), None).compliance, None);
    }

    proptest! {
        #[test]
        fn every_second_is_counted_once(
            measurements in proptest::collection::vec((-2000i64..4000, prop_oneof![Just(VerdictKind::Kept), Just(VerdictKind::Broken), Just(VerdictKind::Unknown)]), 0..30),
            length in 0i64..3000,
        ) {
            let measurements: Vec<_> = measurements.into_iter().map(|(at, state)| measured(at, state)).collect();
            let budget = budget(&measurements, start(), after(length), None);
            let counted = budget.kept_seconds + budget.broken_seconds + budget.unknown_seconds;
            prop_assert_eq!(counted, length.unsigned_abs());
        }
    }
}
