//! What a change that is not major means to who reads, asked of PyIceberg's and PyArrow's own readers: rows are written under one version
//! of a schema and read under another, from tables whose metadata the mesh wrote and evolved. What the readers give is what the model of
//! `mesh-evolution`'s laws says that they give, and no program that knows either version fails on it.
//!
//! Needs `MESH_TEST_PYTHON`, which `cargo xtask test` sets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../../manifest/tests/arbitrary/mod.rs"]
mod arbitrary;
#[path = "../../../evolution/tests/edits/mod.rs"]
mod edits;
#[path = "../../../evolution/tests/reading/mod.rs"]
mod reading;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use jiff::Timestamp;
use mesh_core::table_catalog::TableFormat;
use mesh_manifest::{Format, Manifest};
use mesh_storage_iceberg::IcebergFormat;
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use reading::{Dice, fields, is_major, one_table, program, row, table};

/// Versions of one port, none of which breaks who reads the one before; with the metadata of the table under each, and rows.
#[derive(Serialize)]
struct Chain {
    format: Format,
    tables: Vec<Value>,
    rows: Vec<Vec<Value>>,
    #[serde(skip)]
    versions: Vec<Manifest>,
}

/// What a reader gave of the rows of one version under another.
#[derive(Deserialize)]
struct Read {
    written: usize,
    read: usize,
    rows: Vec<Value>,
    error: Option<String>,
}

fn chains(format: Format, runner: &mut TestRunner, folder: &std::path::Path) -> Vec<Chain> {
    let strategy = (arbitrary::manifest(), vec(edits::edit(), 40), any::<u64>());
    let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let chain = |number: usize, runner: &mut TestRunner| {
        let (first, edits, seed) = strategy.new_tree(runner).unwrap().current();
        let mut first = one_table(first);
        first.output_ports[0].format = format;
        first.output_ports[0].schema.partition_by.clear();
        let location = format!("file://{}/{format:?}-{number}", folder.display());
        let schema = |manifest: &Manifest| manifest.output_ports[0].schema.clone();
        let mut metadata = IcebergFormat.create(&location, &schema(&first), now).unwrap();
        let mut tables = vec![metadata.clone()];
        let mut versions = vec![first];
        for edit in edits {
            let newest = versions.last().unwrap();
            let next = edit.of_fields(newest);
            if next == *newest || is_major(newest, &next) {
                continue;
            }
            metadata = match format {
                // What breaks nobody, the table can do in place.
                Format::Iceberg => IcebergFormat.evolve(&metadata, &schema(&next), now).unwrap().unwrap_or(metadata),
                // Files have no table: each is of one schema.
                _ => IcebergFormat.create(&location, &schema(&next), now).unwrap(),
            };
            tables.push(metadata.clone());
            versions.push(next);
        }
        let mut dice = Dice(seed);
        let rows = versions.iter().map(|version| (0..5).map(|_| row(fields(version), &mut dice)).collect()).collect();
        let tables = tables.iter().map(|metadata| serde_json::from_slice(metadata).unwrap()).collect();
        Chain { format, tables, rows, versions }
    };
    (0..60).map(|number| chain(number, runner)).collect()
}

/// What the readers give: for each chain, the rows of each version under it and every later one; those of files under every version.
fn read(chains: &[Chain]) -> Vec<Vec<Read>> {
    let python = std::env::var("MESH_TEST_PYTHON")
        .expect("set MESH_TEST_PYTHON to a Python that has PyIceberg and PyArrow, or run `cargo xtask test`");
    let mut child = Command::new(python)
        .arg("tests/readers/read.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child.stdin.take().unwrap().write_all(serde_json::to_string(chains).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the readers ended with {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether the reader gave what the model says. Where the entries of a list got another field, PyIceberg 0.12 reads a list that is not there
/// as one without entries: nobody fails on that who counts on neither.
fn is_same(given: &Value, expected: &Value) -> bool {
    match (given, expected) {
        (Value::Array(given), Value::Null) => given.is_empty(),
        (Value::Array(given), Value::Array(expected)) => {
            given.len() == expected.len()
                && given.iter().zip(expected).all(|(given, expected)| is_same(given, expected))
        }
        (Value::Object(given), Value::Object(expected)) => {
            given.len() == expected.len()
                && expected.iter().all(|(name, value)| given.get(name).is_some_and(|given| is_same(given, value)))
        }
        _ => given == expected,
    }
}

fn nobody_fails(format: Format) {
    let folder = std::env::temp_dir().join(format!("mesh-readers-{format:?}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let chains = chains(format, &mut TestRunner::deterministic(), &folder);
    let given = read(&chains);
    std::fs::remove_dir_all(&folder).unwrap();
    let mut across = 0;
    for (chain, reads) in chains.iter().zip(given) {
        let count = chain.versions.len();
        let pairs = if format == Format::Iceberg { count * (count + 1) / 2 } else { count * count };
        assert_eq!(reads.len(), pairs);
        for Read { written, read, rows, error } in reads {
            let (then, now) = (fields(&chain.versions[written]), fields(&chain.versions[read]));
            assert_eq!(error, None, "{then:#?}\n{now:#?}");
            let expected: Vec<Value> = chain.rows[written].iter().map(|row| table(then, now, row).unwrap()).collect();
            let same =
                rows.len() == expected.len() && rows.iter().zip(&expected).all(|(given, row)| is_same(given, row));
            assert!(same, "read: {rows:?}\nexpected: {expected:?}\n{then:#?}\n{now:#?}");
            for row in &rows {
                program(now, now, row).unwrap_or_else(|why| panic!("{why}\n{then:#?}\n{now:#?}"));
            }
            if written == read {
                // Programs of every version before.
                for older in &chain.versions[..read] {
                    for row in &rows {
                        program(fields(older), now, row).unwrap_or_else(|why| panic!("{why}\n{older:#?}\n{now:#?}"));
                    }
                }
            } else {
                across += usize::from(then != now);
            }
        }
    }
    assert!(across > 100, "versions that differ were read under each other {across} times");
}

#[test]
fn nobody_fails_on_a_table_where_nothing_is_major() {
    nobody_fails(Format::Iceberg);
}

#[test]
fn nobody_fails_on_files_where_nothing_is_major() {
    nobody_fails(Format::Parquet);
}
