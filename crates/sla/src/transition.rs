//! When a verdict is an event: once for each change between kept and broken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::VerdictKind;

/// A change of state that the owner is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// The promise was kept, or never measured, and is broken now.
    Breach,
    /// The promise was broken and is kept now.
    Recovery,
}

/// The event that `next` is after `settled`, and the state to keep as settled from now on.
///
/// `settled` is the last state that was kept or broken, `None` before the first; an unknown one in between changes nothing, so a breach is not raised
/// again after the port could not be read for a while.
pub fn transition(settled: Option<VerdictKind>, next: VerdictKind) -> (Option<Transition>, Option<VerdictKind>) {
    let settled = settled.filter(|state| *state != VerdictKind::Unknown);
    match (settled, next) {
        (_, VerdictKind::Unknown) => (None, settled),
        (Some(VerdictKind::Broken), VerdictKind::Kept) => (Some(Transition::Recovery), Some(next)),
        (Some(VerdictKind::Kept) | None, VerdictKind::Broken) => (Some(Transition::Breach), Some(next)),
        _ => (None, Some(next)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(states: &[VerdictKind]) -> Vec<Transition> {
        let mut settled = None;
        let mut events = Vec::new();
        for state in states {
            let (event, after) = transition(settled, *state);
            events.extend(event);
            settled = after;
        }
        events
    }

    #[test]
    fn one_event_per_change() {
        use Transition::{Breach, Recovery};
        use VerdictKind::{Broken, Kept, Unknown};
        assert_eq!(events(&[Kept, Kept]), []);
        assert_eq!(events(&[Broken, Broken]), [Breach]);
        assert_eq!(events(&[Kept, Broken, Broken, Kept, Kept]), [Breach, Recovery]);
        assert_eq!(events(&[Kept, Broken, Unknown, Unknown, Broken]), [Breach]);
        assert_eq!(events(&[Broken, Unknown, Kept]), [Breach, Recovery]);
        assert_eq!(events(&[Unknown, Unknown]), []);
        assert_eq!(events(&[Unknown, Broken]), [Breach]);
    }

    proptest! {
        #[test]
        fn events_alternate_from_a_breach_and_unknown_changes_nothing(
            states in proptest::collection::vec(prop_oneof![Just(VerdictKind::Kept), Just(VerdictKind::Broken), Just(VerdictKind::Unknown)], 0..40)
        ) {
            let all = events(&states);
            for (index, event) in all.iter().enumerate() {
                prop_assert_eq!(*event == Transition::Breach, index % 2 == 0);
            }
            let known: Vec<VerdictKind> = states.into_iter().filter(|state| *state != VerdictKind::Unknown).collect();
            prop_assert_eq!(events(&known), all);
        }
    }
}
