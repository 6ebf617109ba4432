//! Changes of a schema as a whole: its key, its partitions, the rules that its rows keep.

use super::{Example, Place};
use crate::code::Code;

const fn schema(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Schema, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    schema("another key", &[Code::KeyChanged], ("primaryKey: [flight]", "primaryKey: [flight, departure]"), "M"),
    schema("a first key", &[Code::KeyChanged], ("", "primaryKey: [flight]"), "M"),
    schema("no key any longer", &[Code::KeyChanged], ("primaryKey: [flight]", ""), "M"),
    schema(
        "the fields of the key in another order",
        &[Code::Reordered],
        ("primaryKey: [flight, departure]", "primaryKey: [departure, flight]"),
        "p",
    ),
    // Iceberg's readers would not notice, but the platform keeps tables to their partitions.
    schema(
        "other partitions",
        &[Code::PartitionChanged],
        ("partitionBy: [month(departure)]", "partitionBy: [day(departure)]"),
        "M",
    ),
    schema("first partitions", &[Code::PartitionChanged], ("", "partitionBy: [day(departure)]"), "M"),
    schema(
        "partitions in another order",
        &[Code::PartitionChanged],
        ("partitionBy: [flight, day(departure)]", "partitionBy: [day(departure), flight]"),
        "M",
    ),
    schema(
        "partitions, written otherwise",
        &[Code::Reordered],
        ("partitionBy: ['bucket(16,flight)']", "partitionBy: ['bucket(16, flight)']"),
        "p",
    ),
    schema(
        "a rule over rows",
        &[Code::QualityTightened],
        ("", "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]"),
        "m",
    ),
    schema(
        "a stricter rule",
        &[Code::QualityTightened],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 99 } }]",
        ),
        "m",
    ),
    schema(
        "a rule that only warned",
        &[Code::QualityTightened],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 }, severity: warning }]",
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
        ),
        "m",
    ),
    schema(
        "a laxer rule",
        &[Code::QualityLoosened],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 99 } }]",
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
        ),
        "M",
    ),
    schema(
        "a rule that counts something else",
        &[Code::QualityLoosened],
        (
            "quality: [{ name: some, query: SELECT 1, expect: { mustBe: 1 } }]",
            "quality: [{ name: some, query: SELECT 2, expect: { mustBe: 1 } }]",
        ),
        "M",
    ),
    schema(
        "a rule only warns",
        &[Code::QualityLoosened],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 }, severity: warning }]",
        ),
        "M",
    ),
    schema(
        "a rule is gone",
        &[Code::QualityLoosened],
        ("quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]", ""),
        "M",
    ),
    schema(
        "another rule that only warns",
        &[Code::QualityReworded],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 9 }, severity: warning }]",
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 }, severity: warning }]",
        ),
        "m",
    ),
    schema(
        "a rule that only warned is gone",
        &[Code::QualityReworded],
        ("quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 }, severity: warning }]", ""),
        "m",
    ),
    schema(
        "what a rule is for, in words",
        &[Code::TextChanged],
        (
            "quality: [{ name: some, metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
            "quality: [{ name: some, description: Days have flights., metric: rowCount, expect: { mustBeGreaterThan: 0 } }]",
        ),
        "p",
    ),
    schema(
        "that a rule counts rows is told",
        &[Code::TextChanged],
        (
            "quality: [{ name: some, metric: duplicateValues, expect: { mustBe: 0 } }]",
            "quality: [{ name: some, metric: duplicateValues, unit: rows, expect: { mustBe: 0 } }]",
        ),
        "p",
    ),
    schema(
        "rules in another order",
        &[Code::Reordered],
        (
            "quality: [{ name: a, query: SELECT 1, expect: { mustBe: 1 } }, { name: b, query: SELECT 1, expect: { mustBe: 1 } }]",
            "quality: [{ name: b, query: SELECT 1, expect: { mustBe: 1 } }, { name: a, query: SELECT 1, expect: { mustBe: 1 } }]",
        ),
        "p",
    ),
    schema(
        "the text that the fields are read from",
        &[Code::SourceChanged],
        (
            r#"source: { language: avro, text: '{"type":"record","name":"Flight","fields":[{"name":"flight","type":"string"},{"name":"departure","type":{"type":"long","logicalType":"timestamp-micros"}}]}' }"#,
            r#"source: { language: avro, text: '{"type":"record","name":"Departure","fields":[{"name":"flight","type":"string"},{"name":"departure","type":{"type":"long","logicalType":"timestamp-micros"}}]}' }"#,
        ),
        "p",
    ),
];
