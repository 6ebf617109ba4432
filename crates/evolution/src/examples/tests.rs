//! Every row of the reference is as readers would have it, and nothing is without a row.

use std::collections::BTreeSet;

use super::{Class, Example, FORMATS, all, change_table};
use crate::{change::Change, code::Code};

/// The letter of a class in [`Example::expected`].
fn letter(changes: Option<&Vec<Change>>) -> char {
    match changes.map(|changes| changes.iter().map(Class::of).max()) {
        None => '-',
        Some(None) => '=',
        Some(Some(Class::Patch)) => 'p',
        Some(Some(Class::Minor)) => 'm',
        Some(Some(Class::Contracts)) => 'c',
        Some(Some(Class::Major)) => 'M',
    }
}

fn computed(example: &Example) -> String {
    FORMATS.iter().map(|format| letter(example.changes(*format).as_ref())).collect()
}

#[test]
fn classes_are_those_that_readers_would_give() {
    let told: Vec<String> = all()
        .filter_map(|example| {
            let expected = if example.expected.len() == 1 {
                example.expected.repeat(FORMATS.len())
            } else {
                example.expected.to_owned()
            };
            let computed = computed(example);
            (computed != expected).then(|| format!("{}: {computed}, and not {expected}", example.title))
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn codes_are_those_that_are_told() {
    for example in all() {
        let found: BTreeSet<String> =
            FORMATS.iter().filter_map(|format| example.changes(*format)).flatten().map(|change| change.code).collect();
        let told: BTreeSet<String> = example.codes.iter().map(|code| code.as_str().to_owned()).collect();
        assert_eq!(found, told, "{}", example.title);
    }
}

#[test]
fn every_code_of_a_change_has_an_example() {
    let of_versions = [Code::VersionWentDown, Code::VersionUnchanged, Code::VersionTooSmall, Code::BreakingWithinMajor];
    let shown: Vec<Code> = all().flat_map(|example| example.codes).copied().collect();
    let missing: Vec<&Code> =
        Code::ALL.iter().filter(|code| !shown.contains(code) && !of_versions.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn titles_are_unique() {
    let titles: BTreeSet<&str> = all().map(|example| example.title).collect();
    assert_eq!(titles.len(), all().count());
}

#[test]
fn what_a_code_means_names_each_class_that_it_has() {
    for example in all() {
        for change in FORMATS.iter().filter_map(|format| example.changes(*format)).flatten() {
            let code = Code::ALL.iter().find(|code| code.as_str() == change.code).unwrap();
            assert!(
                code.meaning().contains(change.kind.as_str()),
                "{}: {} is {}",
                example.title,
                change.code,
                change.kind.as_str()
            );
        }
    }
}

#[test]
fn the_reference_is_as_the_rules_have_it() {
    let path = "../../docs/reference/changes.md";
    let known = std::fs::read_to_string(path).unwrap_or_default();
    assert!(known == change_table(), "docs/reference/changes.md is stale: run `cargo xtask codegen`");
}
