//! Typical mistakes, each with the place, code and remedy that its author sees.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mesh_manifest::parse;

const FLIGHTS: &str = "\
apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: 1.0.0
description: Every departure from the New York airports.
owner: { team: Flight Operations, contact: flight-ops@example.org }
classification: internal
retention: 730d
access: { visibility: company, purposes: [operations, analytics] }
inputs:
  - { port: weather.hourly/observations@1, purpose: analytics }
outputPorts:
  - name: daily
    version: 1.0.0
    format: iceberg
    sla: { freshness: 60m, availability: 99.5% }
    schema:
      fields:
        - { name: tail_number, type: string, required: true, description: Registration of the aircraft }
        - { name: dep_delay, type: int, description: Minutes }
";

/// The problems of the example with `old` replaced by `new`, one per line.
fn problems(old: &str, new: &str) -> String {
    assert!(FLIGHTS.contains(old), "{old}");
    problems_of(&FLIGHTS.replacen(old, new, 1))
}

fn problems_of(text: &str) -> String {
    let problems = parse(text).expect_err("the manifest is refused");
    problems.iter().map(|problem| format!("{problem} @{}\n", problem.pointer)).collect()
}

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let expected: String = expected.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(problems(old, new), expected);
}

#[test]
fn the_example_is_valid() {
    let parsed = parse(FLIGHTS).unwrap();
    assert_eq!(parsed.manifest.id().to_string(), "operations.flights");
    assert_eq!(parsed.warnings, []);
    assert_eq!(parsed.spans.locate("/outputPorts/0/schema/fields/1/type"), (21, 36));
    assert_eq!(parsed.spans.locate("/outputPorts/0/schema/fields/1/pii/category"), (21, 11), "the nearest ancestor");
    assert_eq!(parsed.spans.locate("/outputPorts/0/schema"), (18, 5), "a mapping is found at its key");
    assert_eq!(parsed.spans.locate("/outputPorts/0"), (14, 5));
    assert_eq!(parsed.spans.locate("/outputPorts/7/name"), (13, 1));
    assert_eq!(parsed.spans.locate(""), (1, 1));
    assert_eq!(parsed.spans.locate("nonsense"), (1, 1));
}

#[test]
fn unknown_and_missing_fields() {
    check(
        "retention: 730d",
        "retenton: 730d",
        &[
            "1:1: manifest.missing_field: `retention` is missing (add `retention: 730d`: how long data is kept, such as `730d`) @",
            "9:1: manifest.unknown_field: `retenton` is not known here (did you mean `retention`?) @/retenton",
        ],
    );
    check(
        "    format: iceberg\n",
        "    format: iceberg\n    colour: blue\n",
        &[
            "17:5: manifest.unknown_field: `colour` is not known here (remove it; known here: `name`, `version`, `description`, `format`, `sla`, `endpoint`, `sunset`, `adopt`, `contract`, `schema`) @/outputPorts/0/colour",
        ],
    );
    check(
        "sla: { freshness: 60m, availability: 99.5% }",
        "sla: {}",
        &[
            "17:5: manifest.missing_field: `freshness` is missing (add `freshness: 60m`: the oldest that the newest data may be, such as `60m`; with a schedule, how late a run's data may be) @/outputPorts/0/sla",
        ],
    );
}

#[test]
fn all_problems_at_once_in_order() {
    let text = FLIGHTS
        .replace("domain: operations", "domain: Operations")
        .replace("60m,", "soon,")
        .replace("type: int", "type: integer")
        .replace("required: true", "required: yes");
    assert_eq!(
        problems_of(&text).lines().map(|line| line.split(" manifest").next().unwrap()).collect::<Vec<_>>(),
        ["3:9:", "17:23:", "20:56:", "21:36:"]
    );
}

#[test]
fn values_report_their_own_messages() {
    check(
        "name: flights",
        "name: Flights",
        &[
            "4:7: manifest.invalid_value: product `Flights` is not a valid name: use 1 to 40 lower-case ASCII letters, digits and single hyphens, starting with a letter and not ending in a hyphen (did you mean `flights`?) @/name",
        ],
    );
    check(
        "type: int",
        "type: bigint",
        &[
            "21:36: manifest.invalid_value: `bigint` is not a field type: use one of boolean, int, long, float, double, decimal(precision,scale), date, timestamp, timestamptz, string, binary, struct, list, map (did you mean `long`?) @/outputPorts/0/schema/fields/1/type",
        ],
    );
    check(
        "name: dep_delay",
        "name: dep delay",
        &[
            "21:19: manifest.invalid_value: `dep delay` is not a field name: use ASCII letters, digits and underscores, not starting with a digit (did you mean `dep_delay`?) @/outputPorts/0/schema/fields/1/name",
        ],
    );
}

#[test]
fn choices_are_listed_and_suggested() {
    check(
        "classification: internal",
        "classification: Internal",
        &[
            "8:17: manifest.not_a_choice: `Internal` is not a value of this field: write `public`, `internal`, `confidential` or `restricted` (did you mean `internal`?) @/classification",
        ],
    );
    check(
        "kind: DataProduct",
        "kind: Dataset",
        &["2:7: manifest.not_a_choice: `Dataset` is not a value of this field: write `DataProduct` @/kind"],
    );
}

#[test]
fn missing_quotes() {
    check(
        "version: 1.0.0",
        "version: 1.0",
        &["5:10: manifest.unquoted: a text is needed here, not the number `1.0` (write `1.0.0`) @/version"],
    );
    check(
        "team: Flight Operations",
        "team: 42",
        &["7:16: manifest.unquoted: a text is needed here, not the number `42` (quote it: `\"42\"`) @/owner/team"],
    );
    check(
        "retention: 730d",
        "retention: 730",
        &[
            "9:12: manifest.unquoted: a text is needed here, not the number `730` (write a unit, such as `730d`) @/retention",
        ],
    );
    check(
        "required: true",
        "required: yes",
        &[
            "20:56: manifest.wrong_type: `true` or `false` is needed here, not the text `yes` (write `true` without quotes) @/outputPorts/0/schema/fields/0/required",
        ],
    );
}

#[test]
fn wrong_kinds_of_values() {
    check(
        "owner: { team: Flight Operations, contact: flight-ops@example.org }",
        "owner: Flight Operations",
        &[
            "7:8: manifest.wrong_type: a mapping of keys to values is needed here, not the text `Flight Operations` (write a mapping of keys to values) @/owner",
        ],
    );
    check(
        "[operations, analytics]",
        "analytics",
        &[
            "10:42: manifest.wrong_type: a list is needed here, not the text `analytics` (write `[analytics]` for a list of one) @/access/purposes",
        ],
    );
    check(
        "inputs:\n  - { port: weather.hourly/observations@1, purpose: analytics }\n",
        "inputs:\n",
        &["11:1: manifest.wrong_type: a list is needed here, not nothing (give a value or remove the key) @/inputs"],
    );
    assert_eq!(
        problems_of("- a\n"),
        "1:1: manifest.wrong_type: a mapping of keys to values is needed here, not a list (write a mapping of keys to values) @\n"
    );
}

#[test]
fn lengths() {
    check(
        "description: Every departure from the New York airports.",
        "description: ''",
        &["6:14: manifest.length: at least 1 character needed, 0 given @/description"],
    );
    check(
        "description: Every departure from the New York airports.",
        "description: '  '",
        &["6:14: manifest.length: the text is blank (write something that a reader can use) @/description"],
    );
    let long = format!("purpose: {}", "a".repeat(61));
    check(
        "purpose: analytics",
        &long,
        &["12:53: manifest.length: at most 60 characters allowed, 61 given @/inputs/0/purpose"],
    );
}

#[test]
fn duplicate_keys() {
    check(
        "domain: operations\n",
        "domain: operations\ndomain: weather\n",
        &[
            "4:1: manifest.duplicate_key: the key `domain` stands twice; first in line 3 (remove one of the two) @/domain",
        ],
    );
}

#[test]
fn yaml_that_is_no_manifest() {
    for (text, start) in [
        ("", "1:1: manifest.empty:"),
        ("# nothing\n", "2:1: manifest.empty:"),
        ("a: [1\n", "2:1: manifest.syntax:"),
        ("a: b\n\tc: d\n", "1:4: manifest.syntax:"),
        ("a: b\n---\nc: d\n", "2:1: manifest.several_documents:"),
        ("a: &x 1\nb: *x\n", "1:4: manifest.alias:"),
        ("<<: {a: b}\n", "1:1: manifest.alias:"),
        ("a: !env SECRET\n", "1:4: manifest.tag:"),
        ("1: a\n", "1:1: manifest.key_not_text:"),
        ("[a]: b\n", "1:1: manifest.key_not_text:"),
        ("a: \"x\\u202Ey\"\n", "1:4: manifest.control_character:"),
    ] {
        let problems = problems_of(text);
        assert!(problems.starts_with(start), "{text:?} → {problems}");
    }
}

#[test]
fn names_must_be_unique() {
    check(
        "name: dep_delay",
        "name: Tail_Number",
        &[
            "21:19: manifest.duplicate_field_name: the field `Tail_Number` differs from field 1, `tail_number`, by case only, which catalogues do not tell apart (rename or remove one of the two) @/outputPorts/0/schema/fields/1/name",
        ],
    );
    let port = "  - { name: daily, version: 1.2.0, format: csv, sla: { freshness: 1d }, schema: { fields: [{ name: a, type: int, description: A }] } }\n";
    assert_eq!(
        problems_of(&format!("{FLIGHTS}{port}")),
        "22:13: manifest.duplicate_port: port 1 is already `daily` of major 1 (give the port another name, or another major version where it breaks the other) @/outputPorts/1/name\n"
    );
    assert!(parse(&format!("{FLIGHTS}{}", port.replace("1.2.0", "2.0.0"))).is_ok(), "two majors stand side by side");
    check(
        "inputs:\n",
        "inputs:\n  - { port: weather.hourly/observations@1, purpose: operations }\n",
        &[
            "13:13: manifest.duplicate_input: `weather.hourly/observations@1` is already input 1 (list each port once) @/inputs/1/port",
        ],
    );
    check(
        "weather.hourly/observations@1",
        "operations.flights/daily@1",
        &[
            "12:13: manifest.input_on_itself: `operations.flights/daily@1` is a port of this product, which cannot be its own input (remove the input) @/inputs/0/port",
        ],
    );
}

#[test]
fn endpoints_fit_formats() {
    check(
        "format: iceberg",
        "format: http",
        &[
            "14:5: manifest.endpoint_missing: a port of format `http` needs an `endpoint` (add the URL where the data is served) @/outputPorts/0",
        ],
    );
    check(
        "format: iceberg",
        "format: iceberg\n    endpoint: https://api.example.org",
        &[
            "17:15: manifest.endpoint_unexpected: a port of format `iceberg` has no `endpoint`: the platform serves it (remove `endpoint`) @/outputPorts/0/endpoint",
        ],
    );
    check(
        "format: iceberg",
        "format: http\n    endpoint: https://169.254.169.254/latest",
        &[
            "17:15: manifest.endpoint_invalid: `169.254.169.254` is an address: write the host's name (write the URL of a named host that readers reach, without user or password) @/outputPorts/0/endpoint",
        ],
    );
}

#[test]
fn contacts_can_be_reached() {
    check(
        "contact: flight-ops@example.org",
        "contact: the duty desk",
        &[
            "7:44: manifest.contact_invalid: `the duty desk` is neither an e-mail address nor an https URL (write an e-mail address or an https URL where the team is reached) @/owner/contact",
        ],
    );
}

#[test]
fn undescribed_fields_are_a_warning() {
    let parsed = parse(&FLIGHTS.replace(", description: Minutes", "")).unwrap();
    let warnings: Vec<_> = parsed.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "19:7: manifest.fields_undescribed: 1 of 2 fields of `daily` have no description: `dep_delay` (describe each field, so that the marketplace finds it by what it means)"
        ]
    );
}

#[test]
fn json_is_read_like_yaml() {
    let json = parse(FLIGHTS).unwrap().manifest.canonical();
    assert_eq!(parse(&json).unwrap().manifest, parse(FLIGHTS).unwrap().manifest);
    let tabs = json.replace("{\"", "{\n\t\"").replace(",\"", ",\r\n\t\t\"");
    assert_eq!(parse(&tabs).unwrap().manifest, parse(FLIGHTS).unwrap().manifest);
    let escaped = json.replace("Every", r"\ud83d\uDE00 \\ud83d \u00e9 \/ Every");
    assert_eq!(
        parse(&escaped).unwrap().manifest.description,
        r"😀 \ud83d é / Every departure from the New York airports."
    );
}

#[test]
fn byte_order_marks_and_foreign_line_ends_are_read_over() {
    let expected = parse(FLIGHTS).unwrap().manifest;
    assert_eq!(parse(&format!("\u{FEFF}{FLIGHTS}")).unwrap().manifest, expected);
    assert_eq!(parse(&FLIGHTS.replace('\n', "\r\n")).unwrap().manifest, expected);
    assert_eq!(parse(&format!("%YAML 1.2\n---\n{FLIGHTS}...\n")).unwrap().manifest, expected);
    assert_eq!(parse(&FLIGHTS.replace("name: flights", "!!str name: !!str flights")).unwrap().manifest, expected);
}
