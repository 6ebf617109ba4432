//! Laws of the parser: what is written is read back, whatever the text it neither panics nor stalls.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod arbitrary;

use std::time::{Duration, Instant};

use mesh_manifest::{Code, Severity, json_schema, parse};
use proptest::prelude::*;
use serde_json::Value;

/// Block-style YAML of a JSON value, plain scalars where a text has nothing special.
fn to_yaml(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                out.push_str(&format!("\n{pad}{}:", scalar(key)));
                to_yaml(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{pad}-"));
                to_yaml(item, indent + 2, out);
            }
        }
        Value::String(text) => out.push_str(&format!(" {}", scalar(text))),
        other => out.push_str(&format!(" {other}")),
    }
}

fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".@/-%".contains(c))
        && !["true", "false", "null"].contains(&text);
    if plain { text.to_owned() } else { serde_json::to_string(text).unwrap() }
}

fn refusal_is_complete(text: &str) {
    if let Err(problems) = parse(text) {
        assert!(problems.iter().any(|problem| problem.severity == Severity::Error), "{text:?}");
        let lines = text.matches(['\n', '\r']).count() + 2;
        for problem in &problems {
            assert!((1..=lines).contains(&problem.line) && problem.column >= 1, "{text:?} → {problem:?}");
            assert_ne!(problem.code, Code::Unreadable.as_str(), "{text:?} → {problem:?}");
            assert!(Code::ALL.iter().any(|code| code.as_str() == problem.code));
            assert!(problem.message.chars().count() < 800, "{problem:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn json_is_read_back(manifest in arbitrary::manifest()) {
        let read = parse(&manifest.canonical()).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        prop_assert_eq!(read.manifest.digest(), manifest.digest());
        prop_assert_eq!(read.manifest, manifest);
    }

    #[test]
    fn yaml_is_read_back(manifest in arbitrary::manifest()) {
        let mut yaml = String::new();
        to_yaml(&serde_json::to_value(&manifest).unwrap(), 0, &mut yaml);
        let read = parse(&yaml).map_err(|problems| TestCaseError::fail(format!("{yaml}\n{problems:?}")))?;
        prop_assert_eq!(read.manifest, manifest);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        refusal_is_complete(&text);
    }

    #[test]
    fn any_yaml_like_text_is_answered(text in "[-a-c:,\\[\\]{}&*!|>'\"%@`#?~ \\n\\t\\r0-9]{0,80}") {
        refusal_is_complete(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        refusal_is_complete(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_mutation_is_answered(manifest in arbitrary::manifest(), at in any::<prop::sample::Index>(), length in 0usize..20, new in "[-a-z:,\\[\\]{}&*\" \\n\\t0-9]{0,6}") {
        let mut yaml = String::new();
        to_yaml(&serde_json::to_value(&manifest).unwrap(), 0, &mut yaml);
        let chars: Vec<char> = yaml.chars().collect();
        let at = at.index(chars.len());
        let mutated: String = chars[..at].iter().copied().chain(new.chars()).chain(chars.iter().skip(at + length).copied()).collect();
        refusal_is_complete(&mutated);
    }

    #[test]
    fn any_change_of_a_value_is_answered(manifest in arbitrary::manifest(), which in any::<prop::sample::Index>(), new in value()) {
        let mut json = serde_json::to_value(&manifest).unwrap();
        let mut pointers = Vec::new();
        pointers_of(&json, String::new(), &mut pointers);
        let pointer = &pointers[which.index(pointers.len())];
        *json.pointer_mut(pointer).unwrap() = new;
        refusal_is_complete(&json.to_string());
    }

    #[test]
    fn every_pointer_is_located(manifest in arbitrary::manifest()) {
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let json = serde_json::to_value(&manifest).unwrap();
        let spans = parse(&text).unwrap().spans;
        let mut pointers = Vec::new();
        pointers_of(&json, String::new(), &mut pointers);
        for pointer in pointers {
            let (line, column) = spans.locate(&pointer);
            let rest: String = lines[line - 1].chars().skip(column - 1).collect();
            match json.pointer(&pointer).unwrap() {
                Value::String(text) => prop_assert!(rest.starts_with(&serde_json::to_string(text).unwrap()), "{} {}", pointer, rest),
                Value::Number(number) => prop_assert!(rest.starts_with(&number.to_string()), "{} {}", pointer, rest),
                Value::Bool(value) => prop_assert!(rest.starts_with(&value.to_string()), "{} {}", pointer, rest),
                _ => prop_assert!(rest.starts_with(['{', '[', '"']), "{} {}", pointer, rest),
            }
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        Just(serde_json::json!({ "name": "x" })),
        Just(serde_json::json!(["x", 1])),
    ]
}

fn pointers_of(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                pointers_of(value, format!("{pointer}{}", mesh_manifest::pointer::token(key)), into);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers_of(value, format!("{pointer}/{index}"), into);
            }
        }
        _ => {}
    }
    into.push(pointer);
}

/// Unoptimised builds on busy machines get a hundred times the time that a release build needs.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn hostile_texts_end_early() {
    const SIZE: usize = 1 << 20;
    let head = "apiVersion: mesh/v1\nkind: DataProduct\noutputPorts:\n- name: a\n  schema:\n    fields:\n";
    let bomb: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let many_keys: String = (0..80_000).map(|n| format!("k{n}: 1\n")).collect();
    let texts = [
        ("brackets", "[".repeat(SIZE)),
        ("braces", "{".repeat(SIZE)),
        ("bracket pairs", "[]".repeat(SIZE / 2)),
        ("keys in brackets", "[a:".repeat(SIZE / 3)),
        ("dashes", "- ".repeat(SIZE / 2)),
        ("question marks", "? ".repeat(SIZE / 2)),
        ("colons", ": ".repeat(SIZE / 2)),
        ("commas", format!("[{}]", "1,".repeat(SIZE / 2 - 2))),
        ("anchors", "&a ".repeat(SIZE / 3)),
        ("alias bomb", format!("a0: &a0 x\n{bomb}")),
        ("quotes", "\"".repeat(SIZE)),
        ("one long key", format!("{}: 1", "k".repeat(SIZE - 10))),
        ("many unknown keys", many_keys),
        ("the same key again and again", "k: 1\n".repeat(SIZE / 5)),
        ("blanks", " ".repeat(SIZE)),
        ("lines", "\n".repeat(SIZE)),
        ("comments", "#\n".repeat(SIZE / 2)),
        ("documents", "---\n".repeat(SIZE / 4)),
        ("nested indentation", (0..1400).map(|n| format!("{}a:\n", " ".repeat(n))).collect()),
        ("fields", format!("{head}{}", "    - {}\n".repeat(100_000))),
        ("fields with a type each", format!("{head}{}", "    - {name: a, type: int}\n".repeat(16_000))),
        ("too large", "a".repeat(SIZE + 1)),
    ];
    for (name, text) in texts {
        let start = Instant::now();
        let problems = parse(&text).expect_err(name);
        let taken = start.elapsed();
        assert!(taken < PATIENCE, "{name} took {taken:?}");
        assert!(problems.len() <= 101, "{name}: {}", problems.len());
    }
}

#[test]
fn the_schema_accepts_what_is_written() {
    let schema = json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"][0], "apiVersion");
    assert!(schema["properties"]["outputPorts"]["description"].is_string());
}
