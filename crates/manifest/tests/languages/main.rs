//! Schemas in other languages: what each construct becomes, what is refused and where, and laws over all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../arbitrary/mod.rs"]
mod arbitrary;
mod avro;
mod filled;
mod hostile;
mod json_schema;
mod protobuf;
mod same;
mod written;

use mesh_manifest::{Element, Field, SchemaLanguage, SchemaSource, ValueRef, languages};

fn source(language: SchemaLanguage, text: &str) -> SchemaSource {
    SchemaSource { language, text: text.to_owned(), message: None }
}

/// Each value at any depth on a line of its own, with all that is known of it.
fn shown(fields: &[Field]) -> String {
    let mut lines = String::new();
    for field in fields {
        let id = field.id.map(|id| format!(" #{id}")).unwrap_or_default();
        show(&format!("{}{id}", field.name), &field.name, field.into(), &mut lines);
    }
    lines
}

fn show(label: &str, path: &str, value: ValueRef<'_>, lines: &mut String) {
    let mut line = format!("{label}: {}", value.field_type);
    if !value.required {
        line.push('?');
    }
    if let Some(enumeration) = value.enumeration {
        line.push_str(&format!(" {}{}", enumeration.values.join("|"), if enumeration.open { "|…" } else { "" }));
    }
    for (key, value) in value.properties {
        line.push_str(&format!(" {key}={value}"));
    }
    if let Some(description) = value.description {
        line.push_str(&format!(" // {}", description.replace('\n', "⏎")));
    }
    lines.push_str(&format!("{line}\n"));
    for field in value.fields {
        let path = format!("{path}.{}", field.name);
        show(&path, &path, field.into(), lines);
    }
    let part = |token: &str, element: Option<&Element>, lines: &mut String| {
        if let Some(element) = element {
            let path = format!("{path}.{token}");
            show(&path, &path, element.into(), lines);
        }
    };
    part("[]", value.items, lines);
    part("{key}", value.keys, lines);
    part("{value}", value.values, lines);
}

#[track_caller]
fn fields(language: SchemaLanguage, text: &str, expected: &[&str]) {
    match languages::read(&source(language, text)) {
        Ok(fields) => assert_eq!(shown(&fields).lines().collect::<Vec<_>>(), expected),
        Err(problems) => panic!("{text}\n{problems:#?}"),
    }
}

#[track_caller]
fn problems_of(source: &SchemaSource) -> Vec<languages::Problem> {
    languages::read(source).expect_err(&source.text)
}

#[track_caller]
fn problems(source: &SchemaSource, expected: &[&str]) {
    let told: Vec<_> =
        problems_of(source).iter().map(|problem| format!("{}: {problem}", problem.code.as_str())).collect();
    assert_eq!(told, expected, "{}", source.text);
}
