//! Manifests whose fields come from a schema in another language.

use mesh_manifest::{Diagnostic, Manifest, Parsed, Severity, parse};
use serde_json::{Value, json};

const AVRO: &str = r#"{"type":"record","name":"Flight","fields":[{"name":"id","type":"long","doc":"Which."},{"name":"at","type":{"type":"record","name":"At","fields":[{"name":"gate","type":["null","string"]}]},"doc":"Where."}]}"#;

pub fn manifest(format: &str, schemas: &[Value]) -> Value {
    let ports: Vec<Value> = schemas
        .iter()
        .enumerate()
        .map(|(index, schema)| {
            json!({
                "name": format!("port-{index}"), "version": "1.0.0", "format": format,
                "sla": { "freshness": "60m" }, "schema": schema,
            })
        })
        .collect();
    json!({
        "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "operations", "name": "flights", "version": "1.0.0",
        "description": "Departures.", "owner": { "team": "Ops", "contact": "ops@example.org" },
        "classification": "internal", "retention": "730d",
        "access": { "visibility": "company", "purposes": ["analytics"] }, "outputPorts": ports,
    })
}

fn read(schema: Value) -> Parsed {
    let text = manifest("iceberg", &[schema]).to_string();
    parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"))
}

fn told(problems: &[Diagnostic]) -> Vec<String> {
    problems.iter().map(|problem| format!("{problem} @{}", problem.pointer)).collect()
}

fn avro() -> Value {
    json!({ "language": "avro", "text": AVRO })
}

#[test]
fn fields_come_from_the_source_and_the_text_stays() {
    let parsed = read(json!({ "source": avro(), "primaryKey": ["id"], "partitionBy": ["bucket(16, id)"] }));
    let schema = &parsed.manifest.output_ports[0].schema;
    assert_eq!(super::shown(&schema.fields), "id: long // Which.\nat: struct // Where.\nat.gate: string?\n");
    assert_eq!(schema.source.as_ref().unwrap().text, AVRO);
    assert_eq!(parsed.warnings, []);
}

#[test]
fn a_filled_manifest_is_read_back_with_the_same_digest() {
    let first = read(json!({ "source": avro() })).manifest;
    let canonical = first.canonical();
    let again: Manifest = parse(&canonical).unwrap().manifest;
    assert_eq!(again, first);
    assert_eq!(again.digest(), first.digest());
    // Written out by hand in another order it is the same data.
    let mut text: Value = serde_json::from_str(&canonical).unwrap();
    text.pointer_mut("/outputPorts/0/schema/fields").unwrap().as_array_mut().unwrap().reverse();
    assert!(parse(&text.to_string()).is_ok());
}

#[test]
fn written_fields_may_tell_more_and_stay() {
    let fields = json!([
        { "name": "id", "type": "long", "required": true, "description": "Number.", "unit": "flights",
          "pii": { "category": "id", "protection": "masked" } },
        { "name": "at", "type": "struct", "required": true, "fields": [{ "name": "gate", "type": "string" }] },
    ]);
    let parsed = read(json!({ "source": avro(), "fields": fields }));
    let first = &parsed.manifest.output_ports[0].schema.fields[0];
    assert_eq!(first.description.as_deref(), Some("Number."));
    assert!(first.pii.is_some());
}

#[test]
fn written_fields_that_differ_are_told() {
    let fields = json!([
        { "name": "id", "type": "int", "required": true },
        { "name": "at", "type": "list", "items": { "type": "string" } },
        { "name": "more", "type": "string" },
        { "name": "most", "type": "string" },
    ]);
    let text =
        serde_json::to_string_pretty(&manifest("iceberg", &[json!({ "source": avro(), "fields": fields })])).unwrap();
    let problems = parse(&text).unwrap_err();
    let errors: Vec<Diagnostic> = problems.into_iter().filter(|it| it.severity == Severity::Error).collect();
    assert_eq!(
        told(&errors),
        [
            "31:19: manifest.source_differs: the fields and the schema they stand beside differ: `at` is list in `fields` and required struct in `source`, `id` is required int in `fields` and required long in `source`, `more` is string in `fields` and missing in `source`, and 1 more (correct one of the two, or remove `fields`) @/outputPorts/0/schema/source/text"
        ]
    );
}

#[test]
fn problems_stand_at_the_text_and_nothing_is_said_of_fields_that_were_not_read() {
    let union = r#"{"type":"record","name":"R","fields":[{"name":"x","type":["int","string"]}]}"#;
    let schemas = [
        json!({ "source": { "language": "avro", "text": union }, "primaryKey": ["x"] }),
        json!({ "fields": [], "primaryKey": ["x"] }),
        json!({ "source": { "language": "protobuf", "text": "message A { required int32 x = 1; } message B { required int32 x = 1; }", "message": "C" } }),
        json!({ "source": { "language": "protobuf", "text": "message A { required int32 x = 1; } message B { required int32 x = 1; }" } }),
    ];
    let problems = parse(&manifest("iceberg", &schemas).to_string()).unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| (problem.code.as_str(), problem.pointer.as_str(), problem.line))
        .collect();
    assert_eq!(
        told,
        [
            ("manifest.source_unsupported", "/outputPorts/0/schema/source/text", 1),
            ("manifest.schema_empty", "/outputPorts/1/schema", 1),
            ("manifest.key_invalid", "/outputPorts/1/schema/primaryKey/0", 1),
            ("manifest.source_message", "/outputPorts/2/schema/source/message", 1),
            ("manifest.source_message", "/outputPorts/3/schema/source/text", 1),
        ]
    );
}

#[test]
fn what_validation_says_of_read_fields_stands_at_the_nearest_thing_that_is_written() {
    let text = serde_json::to_string_pretty(&manifest("csv", &[json!({ "source": avro() })])).unwrap();
    let problems = parse(&text).unwrap_err();
    let line = text.lines().position(|line| line.contains("\"schema\"")).unwrap() + 1;
    let nested = problems.iter().find(|problem| problem.code == "manifest.nested_shape").unwrap();
    assert_eq!((nested.pointer.as_str(), nested.line), ("/outputPorts/0/schema/fields/1/type", line));
}

/// What the fuzz target starts from is read, so that its mutations lead beyond the first check.
#[test]
fn texts_in_blocks_are_read() {
    let folder = std::path::PathBuf::from("../../fuzz/corpus/manifest");
    for (name, fields) in [("avro", 6), ("json-schema", 6), ("protobuf", 7)] {
        let text = std::fs::read_to_string(folder.join(format!("source-{name}.yaml"))).unwrap();
        let manifest = parse(&text).unwrap_or_else(|problems| panic!("{name}: {problems:#?}")).manifest;
        assert_eq!(manifest.output_ports[0].schema.fields.len(), fields, "{name}");
        assert_eq!(parse(&manifest.canonical()).unwrap().manifest, manifest, "{name}");
    }
}

#[test]
fn ports_that_grow_too_large_together_are_refused() {
    let fields: Vec<String> = (0..1200).map(|index| format!(r#"{{"name":"f{index}","type":"int"}}"#)).collect();
    let text = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
    let port = json!({ "source": { "language": "avro", "text": text } });
    assert!(parse(&manifest("iceberg", &vec![port.clone(); 2]).to_string()).is_ok());
    let problems = parse(&manifest("iceberg", &vec![port; 12]).to_string()).unwrap_err();
    assert_eq!(problems[0].code, "manifest.source_too_large", "{problems:#?}");
}
