//! What a field is told from others by: its path, its name, and the number that stays with it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mesh_evolution::{check_versions, classify};
use mesh_manifest::{Manifest, parse};

fn manifest(fields: &str) -> Manifest {
    let text = format!(
        "{{ apiVersion: mesh/v1, kind: DataProduct, domain: operations, name: flights, version: 1.0.0, description: All.,
        owner: {{ team: Ops, contact: ops@example.org }}, classification: internal, retention: 730d, access: {{ visibility: company }},
        outputPorts: [{{ name: daily, version: 1.0.0, format: iceberg, sla: {{ freshness: 60m }}, schema: {{ fields: [{fields}] }} }}] }}"
    );
    parse(&text).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

/// `kind code field pointer` of each change, without the pointer to the port's fields.
#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    let changes = classify(&manifest(before), &manifest(after));
    let told: Vec<String> = changes
        .iter()
        .map(|change| {
            let pointer = change.pointer.strip_prefix("/outputPorts/0/schema/fields").unwrap();
            let (kind, code) = (change.kind.as_str(), change.code.strip_prefix("evolution.").unwrap());
            format!("{kind} {code} {} {pointer}", change.field.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn paths_lead_through_all_that_a_field_is_made_of() {
    let legs = |fields: &str| format!("{{ name: legs, type: list, items: {{ type: struct, fields: [{fields}] }} }}");
    check(
        &legs("{ name: airport, type: string }"),
        &legs("{ name: airport, type: string, unit: IATA }"),
        &["minor unit_told legs.[].airport /0/items/fields/0/unit"],
    );
    check(
        &legs("{ name: airport, type: string }, { name: gate, type: string }"),
        &legs("{ name: gate, type: int }"),
        &[
            "major field_removed legs.[].airport /0/items/fields",
            "major field_type_changed legs.[].gate /0/items/fields/0/type",
        ],
    );
    check(
        &legs("{ name: airport, id: 4, type: string }"),
        &legs("{ name: station, id: 4, type: string }"),
        &["major field_renamed legs.[].airport /0/items/fields/0/name"],
    );
    let seats = |value: &str| {
        format!(
            "{{ name: seats, type: map, keys: {{ type: string }}, values: {{ type: list, items: {{ type: {value} }} }} }}"
        )
    };
    check(&seats("int"), &seats("long"), &["minor field_widened seats.{value}.[] /0/values/items/type"]);
    check(
        "{ name: by, type: map, keys: { type: int }, values: { type: int } }",
        "{ name: by, type: map, keys: { type: long }, values: { type: int, required: true } }",
        &["major field_type_changed by.{key} /0/keys/type", "major field_made_required by.{value} /0/values/required"],
    );
}

#[test]
fn a_field_that_moves_into_a_struct_is_gone_from_where_it_was() {
    check(
        "{ name: a, id: 1, type: int }, { name: s, type: struct, fields: [{ name: b, type: int }] }",
        "{ name: s, type: struct, fields: [{ name: b, type: int }, { name: a, id: 1, type: int }] }",
        &["major field_removed a ", "minor field_added s.a /0/fields/1"],
    );
}

#[test]
fn ids_are_neither_reused_nor_swapped_nor_forgotten() {
    check(
        "{ name: a, id: 1, type: int }",
        "{ name: a, type: int }, { name: b, id: 1, type: int }",
        &["major field_id_changed a /0", "major field_id_reused b /1/id", "minor field_added b /1"],
    );
    check(
        "{ name: a, id: 1, type: int }, { name: b, id: 2, type: int }",
        "{ name: a, id: 2, type: int }, { name: b, id: 1, type: int }",
        &["major field_id_changed a /0/id", "major field_id_changed b /1/id"],
    );
    let (before, after) = (manifest("{ name: a, id: 1, type: int }"), manifest("{ name: b, id: 1, type: int }"));
    let told = check_versions(&before, &after, &classify(&before, &after));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].code, "evolution.breaking_within_major");
    assert_eq!(
        told[0].message,
        "the field `a` of `operations.flights/daily@1`: field renamed from a to b breaks readers within a major version: those who read the field by its name no longer find it"
    );
    assert_eq!(
        told[0].remedy,
        "keep `a` and add `b` beside it, with an id of its own; or publish it as version 2.0.0 of the port beside the old one, which stays as it is"
    );
}

#[test]
fn a_rename_tells_of_what_else_changed() {
    check(
        "{ name: a, id: 1, type: int }",
        "{ name: c, type: int }, { name: b, id: 1, type: string, required: true }",
        &[
            "major field_renamed a /1/name",
            "major field_type_changed a /1/type",
            "major field_made_required a /1/required",
            "minor field_added c /0",
        ],
    );
}
