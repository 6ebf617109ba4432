//! A promise against an observation at one moment.

use jiff::Timestamp;
use mesh_manifest::Minutes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SECONDS_PER_MINUTE: i64 = 60;

/// What a probe saw of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Observation {
    /// The port could be read; its newest data was committed at this time, or it holds none.
    Seen {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        newest: Option<Timestamp>,
    },
    /// The port could not be read.
    Unreadable,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerdictKind {
    Kept,
    Broken,
    /// The port could not be read: neither kept nor broken.
    Unknown,
}

impl VerdictKind {
    /// The verdict as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// The outcome of one probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    pub kind: VerdictKind,
    /// The age of the newest data, or where there is none the time since activation: minutes, begun ones counted whole. None if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness_minutes: Option<u64>,
    /// Minutes until the promise breaks unless data comes, begun ones not counted; negative once it is broken. None if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_in_minutes: Option<i64>,
}

/// Judges `observation` against `promise` at `now`.
///
/// A port without data is measured from its activation, so that a new one has the promised time to receive data. Ages are compared to the second: data
/// exactly as old as promised keeps the promise. A time in the future (a clock ahead of ours) counts as now. What cannot be read is never kept.
pub fn verdict(promise: Minutes, observation: Observation, now: Timestamp, active_since: Timestamp) -> Verdict {
    let Observation::Seen { newest } = observation else {
        return Verdict { kind: VerdictKind::Unknown, freshness_minutes: None, due_in_minutes: None };
    };
    // Whole seconds, begun ones counted: a promise is not kept by a fraction of a second too many.
    let age = now.duration_since(newest.unwrap_or(active_since));
    let seconds = (age.as_secs() + i64::from(age.subsec_nanos() > 0)).max(0);
    let promised = i64::try_from(promise.0).unwrap_or(i64::MAX).saturating_mul(SECONDS_PER_MINUTE);
    Verdict {
        kind: if seconds <= promised { VerdictKind::Kept } else { VerdictKind::Broken },
        freshness_minutes: Some(seconds.unsigned_abs().div_ceil(SECONDS_PER_MINUTE.unsigned_abs())),
        due_in_minutes: Some((promised - seconds).div_euclid(SECONDS_PER_MINUTE)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn data(newest: &str) -> Observation {
        Observation::Seen { newest: Some(at(newest)) }
    }

    #[test]
    fn data_as_old_as_promised_keeps_the_promise() {
        let (active, now) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T12:00:00Z"));
        let kept = verdict(Minutes(60), data("2026-02-01T11:00:00Z"), now, active);
        assert_eq!((kept.kind, kept.freshness_minutes, kept.due_in_minutes), (VerdictKind::Kept, Some(60), Some(0)));
        let broken = verdict(Minutes(60), data("2026-02-01T10:59:59Z"), now, active);
        assert_eq!(
            (broken.kind, broken.freshness_minutes, broken.due_in_minutes),
            (VerdictKind::Broken, Some(61), Some(-1))
        );
        let hair = verdict(Minutes(60), data("2026-02-01T10:59:59.999Z"), now, active);
        assert_eq!((hair.kind, hair.freshness_minutes), (VerdictKind::Broken, Some(61)));
    }

    #[test]
    fn no_data_counts_from_activation() {
        let active = at("2026-02-01T12:00:00Z");
        let early = verdict(Minutes(5), Observation::Seen { newest: None }, at("2026-02-01T12:03:30Z"), active);
        assert_eq!((early.kind, early.freshness_minutes, early.due_in_minutes), (VerdictKind::Kept, Some(4), Some(1)));
        let late = verdict(Minutes(5), Observation::Seen { newest: None }, at("2026-02-01T12:06:00Z"), active);
        assert_eq!(late.kind, VerdictKind::Broken);
    }

    #[test]
    fn data_from_before_activation_has_its_own_age() {
        let late =
            verdict(Minutes(5), data("2026-02-01T11:00:00Z"), at("2026-02-01T12:01:00Z"), at("2026-02-01T12:00:00Z"));
        assert_eq!((late.kind, late.freshness_minutes), (VerdictKind::Broken, Some(61)));
    }

    #[test]
    fn unreadable_is_unknown() {
        let verdict =
            verdict(Minutes(5), Observation::Unreadable, at("2026-02-01T12:00:00Z"), at("2026-02-01T12:00:00Z"));
        assert_eq!((verdict.kind, verdict.freshness_minutes), (VerdictKind::Unknown, None));
    }

    #[test]
    fn a_verdict_survives_storage() {
        let verdict =
            verdict(Minutes(60), data("2026-02-01T11:00:00Z"), at("2026-02-01T12:00:00Z"), at("2026-01-01T00:00:00Z"));
        let stored = serde_json::to_string(&verdict).unwrap();
        assert!(stored.contains(r#""freshness_minutes":60"#), "{stored}");
        assert_eq!(serde_json::from_str::<Verdict>(&stored).unwrap(), verdict);
    }

    proptest! {
        #[test]
        fn time_alone_never_repairs_a_promise(promise in 1u64..100_000, age in 0i64..10_000_000, later in 0i64..10_000_000) {
            let newest = at("2026-01-01T00:00:00Z");
            let judge = |seconds: i64| verdict(Minutes(promise), Observation::Seen { newest: Some(newest) }, newest + SignedDuration::from_secs(seconds), newest);
            let (before, after) = (judge(age), judge(age + later));
            prop_assert!(before.freshness_minutes <= after.freshness_minutes);
            if before.kind == VerdictKind::Broken {
                prop_assert_eq!(after.kind, VerdictKind::Broken);
            }
        }

        #[test]
        fn a_looser_promise_is_kept_where_a_tighter_one_is(promise in 1u64..100_000, more in 0u64..100_000, age in -1000i64..10_000_000) {
            let newest = at("2026-01-01T00:00:00Z");
            let judge = |promise| verdict(Minutes(promise), Observation::Seen { newest: Some(newest) }, newest + SignedDuration::from_secs(age), newest);
            if judge(promise).kind == VerdictKind::Kept {
                prop_assert_eq!(judge(promise + more).kind, VerdictKind::Kept);
            }
        }

        #[test]
        fn state_minutes_and_due_agree(promise in 1u64..u64::MAX, age in 0i64..10_000_000) {
            let newest = at("2026-01-01T00:00:00Z");
            let verdict = verdict(Minutes(promise), Observation::Seen { newest: Some(newest) }, newest + SignedDuration::from_secs(age), newest);
            let kept = verdict.kind == VerdictKind::Kept;
            prop_assert_eq!(kept, verdict.freshness_minutes.unwrap() <= promise);
            prop_assert_eq!(kept, verdict.due_in_minutes.unwrap() >= 0);
        }
    }
}
