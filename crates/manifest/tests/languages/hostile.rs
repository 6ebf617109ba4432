//! Texts that were made to exhaust or break the reader end early, and are answered.

use std::time::{Duration, Instant};

use mesh_manifest::{Code, SchemaLanguage, SchemaSource, languages};
use proptest::prelude::*;

use crate::{filled, same};

const LANGUAGES: [SchemaLanguage; 3] = [SchemaLanguage::Avro, SchemaLanguage::JsonSchema, SchemaLanguage::Protobuf];
/// The most that a manifest lets through.
const SIZE: usize = 100_000;
/// Unoptimised builds on busy machines get a hundred times the time that a release build needs.
const PATIENCE: Duration = Duration::from_secs(10);

#[track_caller]
fn ends(name: &str, language: SchemaLanguage, text: &str) -> Vec<&'static str> {
    let start = Instant::now();
    let answer = languages::read(&super::source(language, text));
    let taken = start.elapsed();
    assert!(taken < PATIENCE, "{name} took {taken:?}");
    let problems = answer.err().unwrap_or_default();
    for problem in &problems {
        assert!(problem.to_string().chars().count() < 900, "{name}: {problem}");
    }
    assert!(problems.len() <= 101, "{name}: {}", problems.len());
    let mut codes: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
    codes.dedup();
    codes
}

fn field(name: &str, schema: &str) -> String {
    format!(r#"{{"name":"{name}","type":{schema}}}"#)
}

fn record(name: &str, fields: &[String]) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{}]}}"#, fields.join(","))
}

#[test]
fn types_that_grow_exponentially_are_refused_early() {
    let large = Code::SourceTooLarge.as_str();
    let avro = (0..8).fold(record("T0", &[field("x", "\"int\"")]), |inner, level| {
        let mut fields = vec![field("a", &inner)];
        fields.extend((0..9).map(|index| field(&format!("b{index}"), &format!("\"T{level}\""))));
        record(&format!("T{}", level + 1), &fields)
    });
    assert_eq!(ends("Avro", SchemaLanguage::Avro, &avro), [large]);
    let definitions: Vec<String> = (0..10)
        .map(|level| {
            let properties: Vec<String> =
                (0..9).map(|index| format!(r##""p{index}":{{"$ref":"#/$defs/d{}"}}"##, level + 1)).collect();
            format!(r#""d{level}":{{"properties":{{{}}}}}"#, properties.join(","))
        })
        .collect();
    let schema =
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d10":{{"type":"string"}}}}}}"##, definitions.join(","));
    assert_eq!(ends("JSON Schema", SchemaLanguage::JsonSchema, &schema), [large]);
    let messages: Vec<String> = (0..10)
        .map(|level| {
            let fields: Vec<String> =
                (1..10).map(|index| format!("repeated M{} f{index} = {index};", level + 1)).collect();
            format!("message M{level} {{ {} }}", fields.join(" "))
        })
        .collect();
    let text = format!("syntax = \"proto3\"; {} message M10 {{ int32 x = 1; }}", messages.join(" "));
    let source = SchemaSource { message: Some("M0".into()), ..super::source(SchemaLanguage::Protobuf, &text) };
    let problems = languages::read(&source).unwrap_err();
    assert!(problems.iter().all(|problem| problem.code == Code::SourceTooLarge), "{problems:#?}");
}

#[test]
fn what_one_text_may_describe_is_bounded() {
    let large = Code::SourceTooLarge.as_str();
    let many: Vec<String> = (0..2001).map(|index| field(&format!("f{index}"), "\"int\"")).collect();
    assert_eq!(ends("fields", SchemaLanguage::Avro, &record("R", &many)), [large]);
    assert_eq!(ends("fields", SchemaLanguage::Avro, &record("R", &many[1..])), [""; 0]);
    // One enumeration, and one description, used again and again.
    let symbols: Vec<String> = (0..900).map(|index| format!("\"S{index}\"")).collect();
    let symbols = format!(r#"{{"type":"enum","name":"E","symbols":[{}]}}"#, symbols.join(","));
    let mut fields = vec![field("f", &symbols)];
    fields.extend((0..1000).map(|index| field(&format!("f{index}"), "\"E\"")));
    assert_eq!(ends("symbols", SchemaLanguage::Avro, &record("R", &fields)), [large]);
    let told = format!(r#"{{"type":"enum","name":"E","doc":"{}","symbols":["A"]}}"#, "d".repeat(3900));
    fields[0] = field("f", &told);
    assert_eq!(ends("descriptions", SchemaLanguage::Avro, &record("R", &fields)), [large]);
    for levels in [13, 40] {
        let deep = (0..levels).fold("\"int\"".to_owned(), |inner, _| format!(r#"{{"type":"array","items":{inner}}}"#));
        assert_eq!(ends("depth", SchemaLanguage::Avro, &record("R", &[field("x", &deep)])), [large]);
    }
    let chain: Vec<String> = (0..2000).map(|n| format!(r##""d{n}":{{"$ref":"#/$defs/d{}"}}"##, n + 1)).collect();
    let chain = format!(r##"{{"properties":{{"x":{{"$ref":"#/$defs/d0"}}}},"$defs":{{{}}}}}"##, chain.join(","));
    assert_eq!(ends("chain", SchemaLanguage::JsonSchema, &chain), [large]);
    let nested = (0..13).fold("int32 x = 1;".to_owned(), |inner, level| {
        format!("message M{level} {{ {inner} }} optional M{level} m{level} = 2;")
    });
    assert_eq!(
        ends("messages", SchemaLanguage::Protobuf, &format!("syntax = \"proto3\"; message R {{ {nested} }}")),
        [large]
    );
}

#[test]
fn the_deepest_fields_can_be_written_into_a_manifest() {
    let deep = (0..6).fold("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}".to_owned(), |inner, level| {
        format!(r#"{{"type":"array","items":{}}}"#, record(&format!("R{level}"), &[field("x", &inner)]))
    });
    let text = record("R", &[field("x", &deep)]);
    let manifest = serde_json::json!({
        "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "a", "name": "b", "version": "1.0.0",
        "description": "D", "owner": { "team": "T", "contact": "a@example.org" }, "classification": "internal",
        "retention": "1d", "access": { "visibility": "company", "purposes": ["x"] },
        "outputPorts": [{ "name": "p", "version": "1.0.0", "format": "iceberg", "sla": { "freshness": "1m" },
            "schema": { "source": { "language": "avro", "text": text } } }],
    });
    let filled = mesh_manifest::parse(&manifest.to_string()).unwrap().manifest;
    assert_eq!(mesh_manifest::parse(&filled.canonical()).unwrap().manifest, filled);
}

#[test]
fn hostile_texts_end_early() {
    let names: String = (0..3000).map(|n| format!("message M{n} {{ M{} x = 1; }}\n", n + 1)).collect();
    let texts = [
        ("brackets", "[".repeat(SIZE)),
        ("braces", "{".repeat(SIZE)),
        ("objects", "{\"a\":".repeat(SIZE / 5)),
        ("unions", format!("{}{}", "[".repeat(SIZE / 2), "]".repeat(SIZE / 2))),
        ("one string", format!("\"{}\"", "a".repeat(SIZE - 2))),
        ("one long name", record("R", &[field(&"n".repeat(SIZE - 100), "\"int\"")])),
        ("one long namespace", format!(r#"{{"type":"record","name":"{}","fields":[]}}"#, "a.".repeat(SIZE / 2 - 100))),
        ("messages", "message A {".repeat(SIZE / 11)),
        ("nested options", format!("option (a) = {}", "{a:".repeat(SIZE / 4))),
        ("nested lists in options", format!("option (a) = {{ a: {}", "[".repeat(SIZE / 2))),
        ("signs", format!("option a = {}1;", "-".repeat(SIZE / 2))),
        ("comments", "/*".repeat(SIZE / 2)),
        ("lines of comments", "//\n".repeat(SIZE / 3)),
        (
            "a package",
            format!("syntax = \"proto3\"; package {}a; message R {{ a.b x = 1; }}", "a.".repeat(SIZE / 2 - 50)),
        ),
        ("a type name", format!("syntax = \"proto3\"; message R {{ {}a x = 1; }}", "a.".repeat(SIZE / 2 - 50))),
        ("a chain of messages", format!("syntax = \"proto3\"; {names}")),
        ("semicolons", ";".repeat(SIZE)),
        ("oneofs", format!("message A {{ {}", "oneof a {".repeat(SIZE / 10))),
        ("zeros", "\0".repeat(SIZE)),
        ("quotes", "\"".repeat(SIZE)),
    ];
    for (name, text) in texts {
        for language in LANGUAGES {
            assert!(!ends(name, language, &text).is_empty(), "{name} is refused");
        }
    }
}

const AVRO: &str = r#"{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":["null",{"type":"record","name":"P","fields":[{"name":"y","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"","doc":"D"}]}]},{"name":"z","type":{"type":"map","values":"P"}},{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}]}"#;
const JSON_SCHEMA: &str = r##"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["x"],"properties":{"x":{"$ref":"#/definitions/p"},"y":{"type":["integer","null"],"minimum":0,"maximum":9},"z":{"enum":["A"]},"m":{"type":"object","additionalProperties":{"anyOf":[{"type":"null"},{"type":"array","items":{"type":"number"}}]}}},"definitions":{"p":{"type":"object","properties":{"q":{"const":1}}}}}"##;
const PROTOBUF: &str = "syntax = \"proto2\";\npackage a.b;\nimport \"google/protobuf/timestamp.proto\";\n// C\nmessage R { required int32 x = 1 [default = 3, (o) = { a: [1] }]; optional E e = 2 [default = A]; map<string, P> m = 3; repeated P p = 4; oneof o { P q = 5; google.protobuf.Timestamp t = 6; }\n message P { optional string s = 1 [default = \"\\x41\"]; reserved 2 to max; } enum E { A = 0; B = -1; } extensions 100 to 199; optional group G = 9 { optional float f = 1; } }";

fn answered(text: &str) {
    for language in LANGUAGES {
        ends(text, language, text);
    }
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let new = prop_oneof![
        "[-a-zA-Z0-9:,.;=\\[\\]{}()\"'#$/ \\n\\\\]{0,6}".boxed(),
        prop::sample::select(vec![
            "null",
            "\"R\"",
            "\"type\":",
            "true",
            "1e999",
            "-1",
            "\"a.P\"",
            "\"#\"",
            "message R",
            "required",
            "repeated ",
            "default = ",
            "group",
            "map<int32, R>",
            "R",
            "\"\\u202e\"",
            "inf",
            "0x",
            "\"\\777\"",
            "\u{feff}",
            "é",
            "\\t",
            " ",
        ])
        .prop_map(str::to_owned)
        .boxed(),
    ];
    proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12, new), 1..5)
}

fn edited(text: &str, edits: Vec<(prop::sample::Index, usize, String)>) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, new) in edits {
        let at = at.index(chars.len() + 1);
        let end = (at + length).min(chars.len());
        chars.splice(at..end, new.chars());
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        answered(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        answered(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_mutation_is_answered(
        text in prop::sample::select(vec![AVRO, JSON_SCHEMA, PROTOBUF, same::AVRO, same::JSON_SCHEMA, same::PROTOBUF]),
        edits in edits(),
    ) {
        answered(&edited(text, edits));
    }

    #[test]
    fn what_is_read_can_be_written_into_a_manifest(
        (language, text) in prop::sample::select(vec![
            ("avro", same::AVRO), ("json-schema", same::JSON_SCHEMA), ("protobuf", same::PROTOBUF),
            ("avro", AVRO), ("json-schema", JSON_SCHEMA),
        ]),
        edits in edits(),
    ) {
        let text = edited(text, edits.into_iter().take(2).map(|(at, length, new)| (at, length.min(2), new)).collect());
        let schema = serde_json::json!({ "source": { "language": language, "text": text } });
        if let Ok(parsed) = mesh_manifest::parse(&filled::manifest("iceberg", &[schema]).to_string()) {
            let canonical = parsed.manifest.canonical();
            let again = mesh_manifest::parse(&canonical).map_err(|it| TestCaseError::fail(format!("{canonical}\n{it:?}")))?;
            prop_assert_eq!(again.manifest, parsed.manifest);
        }
    }
}
