//! What the classes of fields mean to who reads: a change that is not major breaks nobody, in a small model of an Iceberg table
//! (`reading`). `crates/storage-iceberg/tests/readers` asks the same of the format's own reader, and holds the model against it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../manifest/tests/arbitrary/mod.rs"]
mod arbitrary;
mod edits;
mod reading;

use std::collections::BTreeSet;

use mesh_evolution::{ChangeKind, Code, classify, examples};
use mesh_manifest::{Field, Format};
use proptest::{collection::vec, prelude::*};

use reading::{Dice, fields, is_major, one_table, program, row, table};

/// Where somebody fails on the way from one schema to another: an old program on rows written since, or a new one on rows from before.
fn failure(old: &[Field], new: &[Field], dice: &mut Dice) -> Option<String> {
    (0..12).find_map(|_| {
        let (before, since) = (row(old, dice), row(new, dice));
        let of_new = table(new, new, &since).and_then(|given| program(old, new, &given));
        let of_old = table(old, new, &before).and_then(|given| program(new, new, &given));
        of_new.and(of_old).err()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A program of any version reads rows of any other, where no step between them is major.
    #[test]
    fn nobody_fails_where_nothing_is_major(first in arbitrary::manifest(), edits in vec(edits::edit(), 24), seed in any::<u64>()) {
        let mut versions = vec![one_table(first)];
        for edit in edits {
            let newest = versions.last().unwrap();
            let next = edit.of_fields(newest);
            if next != *newest && !is_major(newest, &next) {
                versions.push(next);
            }
        }
        let mut dice = Dice(seed);
        for (index, new) in versions.iter().enumerate() {
            for old in &versions[..index] {
                let failure = failure(fields(old), fields(new), &mut dice);
                prop_assert_eq!(failure, None, "{:#?}", classify(old, new));
            }
        }
    }

    /// Whole schemas at once.
    #[test]
    fn nobody_fails_between_schemas_that_do_not_break(one in arbitrary::manifest(), edits in vec(edits::edit(), 1..4), seed in any::<u64>()) {
        let before = one_table(one);
        let after = edits.iter().fold(before.clone(), |manifest, edit| edit.of_fields(&manifest));
        if !is_major(&before, &after) {
            prop_assert_eq!(failure(fields(&before), fields(&after), &mut Dice(seed)), None);
        }
    }
}

/// The model is not one that reads everything: what is major by what it knows of does break somebody.
#[test]
fn somebody_fails_where_it_is_major() {
    let known: BTreeSet<&str> = [
        Code::FieldRemoved,
        Code::FieldRenamed,
        Code::RequiredFieldAdded,
        Code::FieldNarrowed,
        Code::FieldTypeChanged,
        Code::FieldMadeRequired,
        Code::FieldMadeOptional,
        Code::EnumValueAdded,
        Code::EnumValueRemoved,
        Code::EnumOpened,
        Code::EnumClosed,
    ]
    .map(Code::as_str)
    .into();
    let mut tried = BTreeSet::new();
    for example in examples::all() {
        let Some((before, after)) = example.manifests(Format::Iceberg) else { continue };
        let changes = classify(&before, &after);
        let failed = (0..40).find_map(|seed| failure(fields(&before), fields(&after), &mut Dice(seed)));
        let breaks =
            changes.iter().find(|change| change.kind == ChangeKind::Major && known.contains(change.code.as_str()));
        assert!(breaks.is_none() || failed.is_some(), "{}: nobody fails", example.title);
        let major = changes.iter().any(|change| change.kind == ChangeKind::Major);
        assert!(major || failed.is_none(), "{}: {failed:?}", example.title);
        tried.extend(breaks.map(|change| change.code.clone()));
    }
    assert_eq!(tried.len(), known.len(), "{tried:?}");
}
