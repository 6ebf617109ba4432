//! What classification costs grows with the manifests, and not with their square.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use mesh_evolution::{check_versions, classify, required_versions};
use mesh_manifest::{Field, FieldType, Manifest, parse};

/// What anything that looks through all fields for each field takes longer than, many times over, and what a busy machine does not.
const PATIENCE: Duration = Duration::from_secs(10);
const FIELDS: usize = 20_000;

fn manifest() -> Manifest {
    let text = "{ apiVersion: mesh/v1, kind: DataProduct, domain: operations, name: flights, version: 1.0.0, description: All.,
        owner: { team: Ops, contact: ops@example.org }, classification: internal, retention: 730d, access: { visibility: company },
        outputPorts: [{ name: daily, version: 1.0.0, format: iceberg, sla: { freshness: 60m }, schema: { fields: [
            { name: legs, type: list, items: { type: struct, fields: [{ name: from, type: string }] } } ] } }] }";
    let mut manifest = parse(text).unwrap().manifest;
    let port = &mut manifest.output_ports[0];
    let one = port.schema.fields[0].clone();
    port.schema.fields = (0..FIELDS)
        .map(|index| {
            let mut field = Field { name: format!("field_{index}"), id: u32::try_from(index + 1).ok(), ..one.clone() };
            if index % 4 != 0 {
                (field.field_type, field.items) = (FieldType::Int, None);
            }
            field
        })
        .collect();
    manifest
}

/// Edits every field, and asserts how many changes there are.
#[track_caller]
fn check(expected: usize, change: impl Fn(usize, &mut Field)) {
    check_list(expected, |fields| fields.iter_mut().enumerate().for_each(|(index, field)| change(index, field)));
}

#[track_caller]
fn check_list(expected: usize, change: impl FnOnce(&mut [Field])) {
    let (before, mut after) = (manifest(), manifest());
    change(&mut after.output_ports[0].schema.fields);
    for (before, after) in [(&before, &after), (&after, &before)] {
        let start = Instant::now();
        let changes = classify(before, after);
        let required = required_versions(before, &changes);
        let violations = check_versions(before, after, &changes);
        let taken = start.elapsed();
        assert!(taken < PATIENCE, "{taken:?}");
        assert_eq!(changes.len(), expected);
        assert_eq!(required.ports.is_empty() && violations.is_empty(), expected == 0);
    }
}

#[test]
fn nothing_changed() {
    check(0, |_, _| {});
}

#[test]
fn every_field_has_another_name_and_id() {
    check(2 * FIELDS, |index, field| {
        field.name = format!("other_{index}");
        field.id = field.id.map(|id| id + 1_000_000);
    });
}

#[test]
fn every_field_has_another_name_under_its_id() {
    check(FIELDS, |index, field| field.name = format!("other_{index}"));
}

#[test]
fn every_field_has_the_id_of_another_one() {
    check(FIELDS, |index, field| field.id = u32::try_from((index + 1) % FIELDS + 1).ok());
}

#[test]
fn every_field_breaks() {
    check(FIELDS, |_, field| {
        let nested = field.items.as_mut().map(|items| &mut items.fields[0].field_type);
        *nested.unwrap_or(&mut field.field_type) = FieldType::Boolean;
    });
}

#[test]
fn every_field_stands_elsewhere() {
    check_list(1, <[Field]>::reverse);
}
