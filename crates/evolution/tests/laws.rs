//! Laws of classification that hold for any two or three manifests.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../manifest/tests/arbitrary/mod.rs"]
mod arbitrary;

use mesh_evolution::{Change, ChangeKind, check_versions, classify, required_versions};
use mesh_manifest::Manifest;
use proptest::prelude::*;

/// The manifest with the versions that its changes from `before` ask for.
fn versioned(before: &Manifest, after: &Manifest) -> Manifest {
    let required = required_versions(before, &classify(before, after));
    let mut after = after.clone();
    after.version = required.product;
    for index in 0..after.output_ports.len() {
        let address = after.address(&after.output_ports[index]);
        let port = &mut after.output_ports[index];
        if let Some(old) = before.port(&address) {
            // Of a port that breaks, the new major would be another port.
            let needed = required.ports.get(&address).filter(|version| version.major == old.version.major);
            port.version = needed.unwrap_or(&old.version).clone();
        }
    }
    after
}

fn breaks(changes: &[Change]) -> bool {
    changes.iter().any(|change| change.kind == ChangeKind::Major)
}

proptest! {
    #[test]
    fn a_manifest_does_not_differ_from_itself(manifest in arbitrary::manifest()) {
        prop_assert_eq!(classify(&manifest, &manifest), []);
        prop_assert_eq!(check_versions(&manifest, &manifest, &[]), []);
    }

    #[test]
    fn there_are_changes_exactly_where_there_are_differences(before in arbitrary::manifest(), after in arbitrary::manifest()) {
        let mut same_version = after.clone();
        same_version.version = before.version.clone();
        prop_assert_eq!(classify(&before, &after).is_empty(), before == same_version);
    }

    #[test]
    fn pointers_lead_somewhere(before in arbitrary::manifest(), after in arbitrary::manifest()) {
        let (old, new) = (serde_json::to_value(&before).unwrap(), serde_json::to_value(&after).unwrap());
        for change in classify(&before, &after) {
            // A list that is empty now may be left out, and so may `false` and nothing: then the place is where they would stand.
            let stands = |pointer: &str| new.pointer(pointer).is_some();
            let parent = change.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(stands(&change.pointer) || stands(parent) && !change.pointer.ends_with(char::is_numeric), "{:?}", change);
            if let Some(pointer) = &change.removed_pointer {
                prop_assert!(old.pointer(pointer).is_some(), "{:?}", change);
            }
            prop_assert!(!change.reason.is_empty());
        }
    }

    #[test]
    fn required_versions_suffice_and_lesser_ones_do_not(before in arbitrary::manifest(), after in arbitrary::manifest()) {
        let after = versioned(&before, &after);
        let changes = classify(&before, &after);
        let violations = check_versions(&before, &after, &changes);
        prop_assert_eq!(violations.len(), changes.iter().filter(|change| change.breaks_port()).count(), "{:?}", violations);
        let mut stale = after.clone();
        stale.version = before.version.clone();
        let changes = classify(&before, &stale);
        let stale_violations = check_versions(&before, &stale, &changes);
        prop_assert_eq!(!stale_violations.is_empty(), stale != before);
        // While a port breaks, which version the product needs is still open.
        let is_told = stale != before && !changes.iter().any(Change::breaks_port);
        prop_assert_eq!(stale_violations.iter().any(|violation| violation.pointer == "/version"), is_told);
    }

    #[test]
    fn two_steps_that_break_nothing_break_nothing_together(first in arbitrary::manifest(), second in arbitrary::manifest(), third in arbitrary::manifest()) {
        // Only what may follow without breaking is taken from the next manifest.
        let second = follow(&first, &second);
        let third = follow(&second, &third);
        prop_assert!(!breaks(&classify(&first, &second)) && !breaks(&classify(&second, &third)));
        prop_assert!(!breaks(&classify(&first, &third)), "{:?}", classify(&first, &third));
    }
}

/// Takes from `wish` one part after the other, leaving out each that would break readers of `before`.
fn follow(before: &Manifest, wish: &Manifest) -> Manifest {
    let mut now = before.clone();
    let mut attempt = |change: &dyn Fn(&mut Manifest)| {
        let mut next = now.clone();
        change(&mut next);
        if !breaks(&classify(before, &next)) {
            now = next;
        }
    };
    attempt(&|m| m.description.clone_from(&wish.description));
    attempt(&|m| m.classification = wish.classification);
    attempt(&|m| m.retention = wish.retention);
    attempt(&|m| m.mutability = wish.mutability);
    attempt(&|m| m.access.visibility = wish.access.visibility);
    attempt(&|m| m.access.purposes.clone_from(&wish.access.purposes));
    attempt(&|m| m.inputs.clone_from(&wish.inputs));
    for port in &wish.output_ports {
        let same =
            |other: &mesh_manifest::OutputPort| other.name == port.name && other.version.major == port.version.major;
        attempt(&|m| {
            if !m.output_ports.iter().any(same) {
                m.output_ports.push(port.clone());
            }
        });
        for field in &port.schema.fields {
            attempt(&|m| {
                if let Some(mine) = m.output_ports.iter_mut().find(|other| same(other)) {
                    match mine.schema.fields.iter_mut().find(|other| other.name == field.name) {
                        Some(other) => *other = field.clone(),
                        None => mine.schema.fields.push(field.clone()),
                    }
                }
            });
        }
        attempt(&|m| {
            if let Some(mine) = m.output_ports.iter_mut().find(|other| same(other)) {
                mine.sla = port.sla.clone();
            }
        });
    }
    now
}
