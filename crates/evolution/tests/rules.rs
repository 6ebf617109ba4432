//! Each rule on one example: what the author of a change is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mesh_evolution::{ChangeKind, Loosened, check_versions, classify};
use mesh_manifest::{Manifest, Mutability, parse};

const FLIGHTS: &str = "\
apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: 1.4.2
description: Departures.
owner: { team: Flight Operations, contact: flight-ops@example.org }
classification: internal
retention: 730d
mutability: append-only
access: { visibility: company, purposes: [operations, analytics] }
inputs:
  - { port: weather.hourly/observations@1, purpose: analytics }
outputPorts:
  - name: daily
    version: 1.1.0
    format: iceberg
    sla: { freshness: 60m, availability: 99.5% }
    schema:
      fields:
        - { name: tail_number, type: string, required: true, description: Registration }
        - { name: dep_delay, type: int, description: Minutes }
        - { name: fare, type: 'decimal(8,2)', description: Fare }
        - { name: mail, type: string, description: Address, pii: { category: email, protection: masked } }
  - name: files
    version: 2.0.0
    format: csv
    sla: { freshness: 1d }
    schema:
      fields:
        - { name: a, type: int, description: A }
        - { name: b, type: float, description: B }
";

fn manifest(text: &str) -> Manifest {
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

fn edited(edits: &[(&str, &str)]) -> (Manifest, Manifest) {
    let mut text = FLIGHTS.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    (manifest(FLIGHTS), manifest(&text))
}

/// `kind code pointer [field]: before → after` of each change.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (before, after) = edited(&[(old, new)]);
    classify(&before, &after)
        .iter()
        .map(|change| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let code = change.code.strip_prefix("evolution.").unwrap();
            let port = change.port.as_ref().map(|port| format!(" {}@{}", port.port, port.major)).unwrap_or_default();
            let field = change.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            format!(
                "{} {code}{port}{field} {} {} → {}",
                change.kind.as_str(),
                change.pointer,
                value(&change.before),
                value(&change.after)
            )
        })
        .collect()
}

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(changes(old, new), expected);
}

#[test]
fn the_product() {
    check("Departures.", "All.", &["patch text_changed /description Departures. → All."]);
    check("team: Flight Operations", "team: Ops", &["patch text_changed /owner/team Flight Operations → Ops"]);
    check(
        "classification: internal",
        "classification: restricted",
        &["major classification_raised /classification internal → restricted"],
    );
    check(
        "classification: internal",
        "classification: public",
        &["minor classification_lowered /classification internal → public"],
    );
    check(
        "retention: 730d",
        "retention: 365d",
        &[
            "minor retention_shortened /retention 730d → 365d",
            "major retention_shortened daily@1 /retention 730d → 365d",
            "major retention_shortened files@2 /retention 730d → 365d",
        ],
    );
    check("retention: 730d", "retention: 2y", &[]);
    let (before, after) = edited(&[("format: csv", "format: iceberg")]);
    let mutable = Manifest { mutability: Mutability::Mutable, ..after.clone() };
    assert_eq!(classify(&after, &mutable)[0].code, "evolution.mutability_loosened");
    assert_eq!(classify(&after, &mutable)[0].kind, ChangeKind::Major);
    assert_eq!(classify(&mutable, &after)[0].code, "evolution.mutability_tightened");
    assert_eq!(classify(&mutable, &after)[0].kind, ChangeKind::Minor);
    assert_ne!(before, after);
    check("mutability: append-only", "tags: [delays]", &["patch text_changed /tags - → delays"]);
    check(
        "visibility: company",
        "visibility: hidden",
        &["major visibility_narrowed /access/visibility company → hidden"],
    );
    check(
        "[operations, analytics]",
        "[operations, billing]",
        &["major purpose_removed /access/purposes analytics → -", "minor purpose_added /access/purposes/1 - → billing"],
    );
    check("[operations, analytics]", "[analytics, operations]", &["patch reordered /access/purposes - → -"]);
    check("[operations, analytics]", "[]", &["minor purpose_added /access operations, analytics → any"]);
    check(
        "observations@1",
        "observations@2",
        &[
            "minor input_removed /inputs weather.hourly/observations@1 → -",
            "minor input_added /inputs/0 - → weather.hourly/observations@2",
        ],
    );
    check("version: 1.4.2", "version: 3.0.0", &[]);
}

#[test]
fn ports() {
    check(
        "name: files",
        "name: dumps",
        &[
            "major port_removed files@2 /outputPorts operations.flights/files@2 → -",
            "minor port_added dumps@2 /outputPorts/1 - → operations.flights/dumps@2",
        ],
    );
    check("format: csv", "format: parquet", &["major format_changed files@2 /outputPorts/1/format csv → parquet"]);
    check(
        "freshness: 1d",
        "freshness: 12h",
        &["minor freshness_tightened files@2 /outputPorts/1/sla/freshness 1d → 12h"],
    );
    check("freshness: 1d", "freshness: 2d", &["major freshness_loosened files@2 /outputPorts/1/sla/freshness 1d → 2d"]);
    check(", availability: 99.5%", "", &["major availability_loosened daily@1 /outputPorts/0/sla 99.5% → -"]);
    check(
        "version: 2.0.0",
        "version: 2.0.1",
        &["patch port_version_moved files@2 /outputPorts/1/version 2.0.0 → 2.0.1"],
    );
    let (before, after) = edited(&[("freshness: 1d", "freshness: 2d")]);
    let change = &classify(&before, &after)[0];
    assert_eq!(change.loosened, Some(Loosened::Freshness("2d".parse().unwrap())));
    assert!(!change.breaks_port());
}

#[test]
fn fields() {
    const FIELDS: &str = "/outputPorts/0/schema/fields";
    check(
        "name: dep_delay, type: int",
        "name: dep_delay, type: long",
        &[&format!("minor field_widened daily@1.dep_delay {FIELDS}/1/type int → long")],
    );
    check(
        "decimal(8,2)",
        "decimal(10,2)",
        &[&format!("minor field_widened daily@1.fare {FIELDS}/2/type decimal(8,2) → decimal(10,2)")],
    );
    check(
        "decimal(8,2)",
        "decimal(10,3)",
        &[&format!("major field_type_changed daily@1.fare {FIELDS}/2/type decimal(8,2) → decimal(10,3)")],
    );
    check(
        "decimal(8,2)",
        "decimal(6,2)",
        &[&format!("major field_narrowed daily@1.fare {FIELDS}/2/type decimal(8,2) → decimal(6,2)")],
    );
    check(
        "name: b, type: float",
        "name: b, type: double",
        &["major field_widened files@2.b /outputPorts/1/schema/fields/1/type float → double"],
    );
    check(
        "name: dep_delay, type: int",
        "name: dep_delay, type: int, required: true",
        &[&format!("major field_made_required daily@1.dep_delay {FIELDS}/1/required false → true")],
    );
    check(", required: true", "", &[&format!("major field_made_optional daily@1.tail_number {FIELDS}/0 true → false")]);
    check(
        "name: dep_delay",
        "name: delay",
        &[
            &format!("major field_removed daily@1.dep_delay {FIELDS} optional int → -"),
            &format!("minor field_added daily@1.delay {FIELDS}/1 - → optional int"),
        ],
    );
    check(
        "  - name: files",
        "        - { name: gate, type: string, required: true }\n  - name: files",
        &[&format!("major required_field_added daily@1.gate {FIELDS}/4 - → required string")],
    );
    check(
        "protection: masked",
        "protection: none",
        &[&format!(
            "major pii_protection_lowered daily@1.mail {FIELDS}/3/pii email, protection masked → email, protection none"
        )],
    );
    check(
        "protection: masked",
        "protection: encrypted",
        &[&format!(
            "minor pii_protection_raised daily@1.mail {FIELDS}/3/pii email, protection masked → email, protection encrypted"
        )],
    );
    check(
        ", pii: { category: email, protection: masked }",
        "",
        &[&format!("major pii_protection_lowered daily@1.mail {FIELDS}/3 email, protection masked → -")],
    );
    check(
        "description: Fare }",
        "description: Fare, properties: { unit: USD } }",
        &[&format!("patch text_changed daily@1.fare {FIELDS}/2/properties - → -")],
    );
}

#[test]
fn a_new_name_is_hinted_at() {
    let (before, after) = edited(&[("name: dep_delay", "name: delay")]);
    let changes = classify(&before, &after);
    let remedy = changes[0].remedy.as_deref().unwrap();
    assert!(remedy.starts_with("if `delay` is its new name: readers know the field by its old one"), "{remedy}");
    assert_eq!(changes[0].removed_pointer.as_deref(), Some("/outputPorts/0/schema/fields/1"));
    let (before, after) = edited(&[("version: 2.0.0", "version: 3.0.0")]);
    let changes = classify(&before, &after);
    let remedy = changes[0].remedy.as_deref().unwrap();
    assert_eq!(
        remedy,
        "keep `operations.flights/files@2` listed beside `operations.flights/files@3` until its readers have moved"
    );
}

#[test]
fn the_order_of_fields_matters_in_csv_only() {
    const A: &str = "        - { name: a, type: int, description: A }\n";
    const B: &str = "        - { name: b, type: float, description: B }\n";
    check(&format!("{A}{B}"), &format!("{B}{A}"), &["major fields_moved files@2 /outputPorts/1/schema/fields - → -"]);
    const C: &str = "        - { name: c, type: int }\n";
    check(
        A,
        &format!("{A}{C}"),
        &[
            "minor field_added files@2.c /outputPorts/1/schema/fields/1 - → optional int",
            "major fields_moved files@2 /outputPorts/1/schema/fields - → -",
        ],
    );
    check(B, &format!("{B}{C}"), &["minor field_added files@2.c /outputPorts/1/schema/fields/2 - → optional int"]);
    const DELAY: &str = "        - { name: dep_delay, type: int, description: Minutes }\n";
    const FARE: &str = "        - { name: fare, type: 'decimal(8,2)', description: Fare }\n";
    check(
        &format!("{DELAY}{FARE}"),
        &format!("{FARE}{DELAY}"),
        &["patch reordered daily@1 /outputPorts/0/schema/fields - → -"],
    );
}

/// `code pointer: message (remedy)` of each violation.
fn violations(edits: &[(&str, &str)]) -> Vec<String> {
    let (before, after) = edited(edits);
    check_versions(&before, &after, &classify(&before, &after))
        .into_iter()
        .map(|violation| {
            let code = violation.code.strip_prefix("evolution.").unwrap();
            format!("{code} {}: {} ({})", violation.pointer, violation.message, violation.remedy)
        })
        .collect()
}

#[test]
fn versions_move_by_the_change() {
    const WIDER: (&str, &str) = ("name: dep_delay, type: int", "name: dep_delay, type: long");
    assert_eq!(
        violations(&[WIDER]),
        [
            "version_unchanged /version: the product changed (minor) and its version 1.4.2 did not: content of a version never changes (write 1.5.0)",
            "version_unchanged /outputPorts/0/version: `operations.flights/daily@1` changed (minor) and its version 1.1.0 did not: content of a version never changes (write 1.2.0)",
        ]
    );
    assert_eq!(
        violations(&[WIDER, ("1.4.2", "1.4.3"), ("1.1.0", "1.2.0")]),
        [
            "version_too_small /version: the version of the product moved from 1.4.2 to 1.4.3, which is too little for a minor change (write 1.5.0)"
        ]
    );
    assert_eq!(violations(&[WIDER, ("1.4.2", "1.5.0"), ("1.1.0", "1.2.0")]), [] as [&str; 0]);
    assert_eq!(violations(&[WIDER, ("1.4.2", "2.0.0"), ("1.1.0", "1.9.0")]), [] as [&str; 0]);
    assert_eq!(
        violations(&[("1.4.2", "1.4.1")]),
        ["version_went_down /version: the version of the product went down from 1.4.2 to 1.4.1 (write 1.4.2 or more)"]
    );
    assert_eq!(violations(&[("1.4.2", "1.4.3")]), [] as [&str; 0], "a version may move without a change");
    assert_eq!(violations(&[("Departures.", "All."), ("1.4.2", "1.4.3")]), [] as [&str; 0]);
    assert_eq!(
        violations(&[("classification: internal", "classification: restricted"), ("1.4.2", "1.5.0")]),
        [
            "version_too_small /version: the version of the product moved from 1.4.2 to 1.5.0, which is too little for a major change (write 2.0.0)"
        ]
    );
}

#[test]
fn a_breaking_change_needs_a_new_major_beside_the_old_one() {
    let narrow = ("name: tail_number, type: string", "name: tail_number, type: int");
    let expected = "breaking_within_major /outputPorts/0/schema/fields/0/type: the field `tail_number` of `operations.flights/daily@1`: field type changed from string to int breaks readers within a major version: readers of the old type cannot read the new one (keep the type and add a field of the new type beside it; or publish it as version 2.0.0 of the port beside the old one, which stays as it is)";
    assert_eq!(violations(&[narrow, ("1.4.2", "2.0.0"), ("1.1.0", "1.2.0")]), [expected]);
    let beside = "  - name: daily\n    version: 2.0.0\n    format: iceberg\n    sla: { freshness: 60m }\n    schema: { fields: [{ name: tail_number, type: int }] }\n  - name: files";
    assert_eq!(violations(&[("  - name: files", beside), ("1.4.2", "1.5.0")]), [] as [&str; 0]);
    let replaced = violations(&[narrow, ("1.1.0", "2.0.0"), ("1.4.2", "2.0.0")]);
    assert_eq!(replaced, [] as [&str; 0], "the old major is removed, which the product's major tells of");
}

#[test]
fn changes_travel_as_json() {
    let (before, after) = edited(&[("name: dep_delay, type: int", "name: dep_delay, type: long")]);
    let changes = classify(&before, &after);
    assert_eq!(changes[0].kind, ChangeKind::Minor);
    let json = serde_json::to_value(&changes).unwrap();
    assert_eq!(json[0]["kind"], "minor");
    assert_eq!(json[0]["port"], "operations.flights/daily@1");
    assert_eq!(serde_json::from_value::<Vec<mesh_evolution::Change>>(json).unwrap(), changes);
}
