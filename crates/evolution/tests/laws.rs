//! Laws of classification that hold for any two or three manifests.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../manifest/tests/arbitrary/mod.rs"]
mod arbitrary;
mod edits;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use mesh_evolution::{
    Change, ChangeKind, Code, check_versions, classify,
    examples::{self, Class},
    required_versions,
};
use mesh_manifest::{Format, Manifest, PortAddress};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};

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
        pointers_lead(&before, &after)?;
    }

    #[test]
    fn edits_are_told_where_they_are(before in arbitrary::manifest(), edits in vec(edits::edit(), 1..6)) {
        let after = edited(&before, &edits);
        pointers_lead(&before, &after)?;
        pointers_lead(&after, &before)?;
        prop_assert_eq!(classify(&before, &after).is_empty(), same_but_for_version(&before, &after));
    }

    #[test]
    fn classes_of_edits_are_among_those_of_examples(before in arbitrary::manifest(), edits in vec(edits::edit(), 1..12)) {
        let known = known();
        let mut manifest = before;
        for edit in edits {
            let next = edit.apply(&manifest);
            for change in classify(&manifest, &next) {
                prop_assert!(known.contains(&(change.code.clone(), Class::of(&change))), "no example of {:?}", change);
            }
            manifest = next;
        }
    }

    #[test]
    fn two_steps_come_to_no_less_than_one(first in arbitrary::manifest(), second in arbitrary::manifest(), third in arbitrary::manifest()) {
        comes_to_no_less(&first, &second, &third)?;
    }

    #[test]
    fn two_small_steps_come_to_no_less_than_one(
        first in arbitrary::manifest(),
        one in vec(edits::edit(), 1..5),
        other in vec(edits::edit(), 1..5),
    ) {
        let second = edited(&first, &one);
        let third = edited(&second, &other);
        comes_to_no_less(&first, &second, &third)?;
        comes_to_no_less(&second, &first, &third)?;
    }

    /// Steps of one and the same value, beside which nothing hides what they come to.
    #[test]
    fn a_value_that_changes_twice_comes_to_no_less_than_once(
        manifest in arbitrary::manifest(),
        places in vec((edits::edit(), any::<[u16; 3]>()), 6),
    ) {
        for (edit, values) in places {
            let first = edit.to(values[0]).apply(&manifest);
            let second = edit.to(values[1]).apply(&first);
            let third = edit.to(values[2]).apply(&second);
            comes_to_no_less(&first, &second, &third)?;
        }
    }

    #[test]
    fn a_new_name_under_an_old_id_is_a_rename(before in arbitrary::manifest(), which in any::<prop::sample::Index>()) {
        let mut after = before.clone();
        let fields: Vec<_> = after.output_ports.iter_mut().flat_map(|port| &mut port.schema.fields).filter(|field| field.id.is_some()).collect();
        prop_assume!(!fields.is_empty());
        let index = which.index(fields.len());
        let field = fields.into_iter().nth(index).unwrap();
        let old = std::mem::replace(&mut field.name, "renamed".to_owned());
        let changes = classify(&before, &after);
        prop_assert_eq!(changes.len(), 1, "{:?}", changes);
        prop_assert_eq!(&changes[0].code, Code::FieldRenamed.as_str());
        prop_assert_eq!(changes[0].kind, ChangeKind::Major);
        prop_assert_eq!((changes[0].before.as_ref(), changes[0].after.as_deref()), (Some(&old), Some("renamed")));
        prop_assert_eq!(changes[0].field.as_ref(), Some(&old), "contracts know it by its old name");
    }

    #[test]
    fn required_versions_suffice_and_lesser_ones_do_not(before in arbitrary::manifest(), after in arbitrary::manifest()) {
        versions_are_judged(&before, &after)?;
    }

    #[test]
    fn required_versions_of_edits_suffice_and_lesser_ones_do_not(before in arbitrary::manifest(), edits in vec(edits::edit(), 1..5)) {
        versions_are_judged(&before, &edited(&before, &edits))?;
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

fn edited(manifest: &Manifest, edits: &[edits::Edit]) -> Manifest {
    edits.iter().fold(manifest.clone(), |manifest, edit| edit.apply(&manifest))
}

fn same_but_for_version(before: &Manifest, after: &Manifest) -> bool {
    Manifest { version: before.version.clone(), ..after.clone() } == *before
}

/// Every code and class that an example has.
fn known() -> &'static BTreeSet<(String, Class)> {
    static KNOWN: LazyLock<BTreeSet<(String, Class)>> = LazyLock::new(|| {
        let changes = examples::all().flat_map(|example| examples::FORMATS.map(|format| example.changes(format)));
        changes.flatten().flatten().map(|change| (change.code.clone(), Class::of(&change))).collect()
    });
    &KNOWN
}

/// Every pointer leads to something, and each place to one that is of the change's port.
fn pointers_lead(before: &Manifest, after: &Manifest) -> Result<(), TestCaseError> {
    let (old, new) = (serde_json::to_value(before).unwrap(), serde_json::to_value(after).unwrap());
    for change in classify(before, after) {
        prop_assert!(new.pointer(&change.pointer).is_some(), "{:?}", change);
        if let Some(pointer) = &change.removed_pointer {
            prop_assert!(old.pointer(pointer).is_some(), "{:?}", change);
        }
        prop_assert!(!change.reason.is_empty());
        if let (Some(field), Some(port)) = (&change.field, &change.port) {
            let has = |manifest: &Manifest| manifest.port(port).is_some_and(|port| port.schema.has(field));
            // What is new within a renamed field is told by that field's old name.
            let is_within = |outer: &Change| {
                let outer = outer.field.as_deref().filter(|_| outer.code == Code::FieldRenamed.as_str());
                outer.and_then(|outer| field.strip_prefix(outer)).is_some_and(|rest| rest.starts_with('.'))
            };
            let renamed = classify(before, after).iter().any(is_within);
            prop_assert!(has(before) || has(after) || renamed, "{:?}", change);
        }
    }
    Ok(())
}

/// What changes come to for the product, and for each port.
fn kinds(changes: &[Change]) -> BTreeMap<Option<PortAddress>, ChangeKind> {
    let mut kinds = BTreeMap::new();
    for change in changes {
        let kind = if change.loosened.is_some() { ChangeKind::Minor } else { change.kind };
        for scope in [None, change.port.clone()] {
            let known = kinds.entry(scope).or_insert(kind);
            *known = kind.max(*known);
        }
    }
    kinds
}

/// The class of one step is at most the greater of two that lead to the same manifest, and what it loosens, one of them loosens.
///
/// Excepted is the end of a port that is withdrawn and announced anew: who read in between was told of no end, and without the exception
/// a port could be left only on the day that was named first.
fn comes_to_no_less(first: &Manifest, second: &Manifest, third: &Manifest) -> Result<(), TestCaseError> {
    let (one, other) = (classify(first, second), classify(second, third));
    let steps = kinds(&one.iter().chain(&other).cloned().collect::<Vec<_>>());
    let mut whole = classify(first, third);
    whole.retain(|change| {
        let between = change.port.as_ref().and_then(|port| second.port(port));
        let withdrawn = between.is_some_and(|port| port.sunset.is_none());
        !(change.code == Code::SunsetBroughtForward.as_str() && withdrawn)
    });
    for (scope, kind) in kinds(&whole) {
        prop_assert!(
            steps.get(&scope) >= Some(&kind),
            "{scope:?} is {kind:?} at once: {whole:?}, and not by {one:?} and {other:?}"
        );
    }
    for change in whole.iter().filter(|change| change.loosened.is_some()) {
        let loosened = one
            .iter()
            .chain(&other)
            .any(|step| step.code == change.code && step.port == change.port && step.loosened.is_some());
        let removed = one.iter().any(|step| step.code == Code::PortRemoved.as_str() && step.port == change.port);
        prop_assert!(loosened || removed, "{change:?} at once, and not by {one:?} and {other:?}");
    }
    Ok(())
}

fn versions_are_judged(before: &Manifest, after: &Manifest) -> Result<(), TestCaseError> {
    let after = versioned(before, after);
    let changes = classify(before, &after);
    let violations = check_versions(before, &after, &changes);
    prop_assert_eq!(violations.len(), changes.iter().filter(|change| change.breaks_port()).count(), "{:?}", violations);
    let mut stale = after.clone();
    stale.version = before.version.clone();
    let changes = classify(before, &stale);
    let stale_violations = check_versions(before, &stale, &changes);
    prop_assert_eq!(!stale_violations.is_empty(), stale != *before);
    // While a port breaks, which version the product needs is still open.
    let is_told = stale != *before && !changes.iter().any(Change::breaks_port);
    prop_assert_eq!(stale_violations.iter().any(|violation| violation.pointer == "/version"), is_told);
    Ok(())
}

#[test]
fn the_laws_are_tried_on_nearly_every_class() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..800 {
        let mut manifest = arbitrary::manifest().new_tree(&mut runner).unwrap().current();
        for edit in vec(edits::edit(), 12).new_tree(&mut runner).unwrap().current() {
            let next = edit.apply(&manifest);
            seen.extend(classify(&manifest, &next).iter().map(|change| (change.code.clone(), Class::of(change))));
            manifest = next;
        }
    }
    let unseen: BTreeSet<_> = known().difference(&seen).map(|(code, _)| code.as_str()).collect();
    assert!(unseen.len() <= 8, "{unseen:?}");
}

#[test]
fn an_end_that_is_withdrawn_and_announced_anew_is_the_one_exception() {
    let (first, third) = examples::all()
        .find(|example| example.codes == [Code::SunsetBroughtForward])
        .and_then(|example| example.manifests(Format::Iceberg))
        .unwrap();
    let mut second = first.clone();
    second.output_ports[0].sunset = None;
    let kind = |before: &Manifest, after: &Manifest| classify(before, after).iter().map(|change| change.kind).max();
    assert_eq!(kind(&first, &third), Some(ChangeKind::Major));
    assert_eq!((kind(&first, &second), kind(&second, &third)), (Some(ChangeKind::Minor), Some(ChangeKind::Minor)));
}
