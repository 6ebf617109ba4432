//! From text to manifest: every problem at once, each with line and column.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    languages,
    model::{Format, Manifest, Schema},
    shape::Shape,
    spans::Spans,
    structure, tree,
    validate::validate,
};

/// The most problems that are listed.
const MAX_PROBLEMS: usize = 100;

/// A manifest that was read from a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub manifest: Manifest,
    /// What does not refuse the manifest but is better changed.
    pub warnings: Vec<Diagnostic>,
    /// Where things stand in the text.
    pub spans: Spans,
}

/// Reads a manifest from YAML 1.2 or JSON.
///
/// On failure, all problems that could be found, in the order of the text; at least one of them is an error.
pub fn parse(text: &str) -> Result<Parsed, Vec<Diagnostic>> {
    let (root, mut problems) = tree::read(text).map_err(|problem| vec![problem])?;
    problems.extend(structure::check(&root, shape(), MAX_PROBLEMS + 1));
    if !problems.is_empty() {
        return Err(cut(in_order(problems)));
    }
    let json = root.to_json();
    let spans = Spans::new(root);
    let mut manifest = Manifest::deserialize(json).map_err(|error| {
        let (line, column) = spans.locate("");
        vec![
            Diagnostic::error(Code::Unreadable, "", format!("the manifest cannot be read: {error}")).at((line, column)),
        ]
    })?;
    let mut found = languages::fill(&mut manifest);
    if manifest.output_ports.iter().any(|port| port.schema.source.is_some()) {
        found.extend(unwritable(&manifest));
    }
    let unread: Vec<String> = found.iter().filter_map(|problem| port_of(&problem.pointer)).collect();
    // What is said of fields that could not be read helps nobody.
    found.extend(validate(&manifest).into_iter().filter(|problem| {
        port_of(&problem.pointer).is_none_or(|port| !unread.contains(&port) || !is_of_fields(&problem.pointer, &port))
    }));
    spans.place(&mut found);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        in_order(found).into_iter().partition(|problem| problem.severity == Severity::Error);
    if errors.is_empty() {
        Ok(Parsed { manifest, warnings, spans })
    } else {
        Err(cut(errors.into_iter().chain(warnings).collect()))
    }
}

/// A port's schema by itself, as a manifest with a port of `format` reads it: its fields filled in where it is given in another language.
/// Or every error that was found, with pointers into the schema.
pub fn parse_schema(schema: &Schema, format: Format) -> Result<Schema, Vec<Diagnostic>> {
    const PLACE: &str = "/outputPorts/0/schema";
    // What the owner serves at an endpoint has fields like files.
    let format = if format.is_endpoint() { Format::Json } else { format };
    let manifest = json!({
        "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "a", "name": "a", "version": "1.0.0", "description": "A.",
        "owner": { "team": "A", "contact": "a@example.org" }, "classification": "restricted", "retention": "1d",
        "access": { "visibility": "hidden" },
        "outputPorts": [{
            "name": "a", "version": "1.0.0", "format": format, "sla": { "freshness": "1d" }, "schema": schema,
        }],
    });
    match parse(&manifest.to_string()) {
        Ok(parsed) => Ok(parsed.manifest.output_ports.into_iter().next().map(|port| port.schema).unwrap_or_default()),
        Err(problems) => Err(problems
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| {
                let pointer =
                    problem.pointer.strip_prefix(PLACE).map_or_else(String::new, |rest| format!("/schema{rest}"));
                // Lines are those of a text that nobody sent.
                Diagnostic { pointer, line: 0, column: 0, ..problem }
            })
            .collect()),
    }
}

/// The JSON Schema (draft 2020-12) of a manifest, for editors and other tools. It accepts whatever [`parse`] accepts.
pub fn json_schema() -> Value {
    schemars::schema_for!(Manifest).to_value()
}

pub(crate) fn shape() -> &'static Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
        Shape::compile(&json_schema()).expect("the schema of the manifest's types compiles, which a test holds")
    });
    &SHAPE
}

/// What would keep the manifest with the fields that were read from being written: the rules for texts hold for those too.
fn unwritable(manifest: &Manifest) -> Vec<Diagnostic> {
    match tree::read(&manifest.canonical()) {
        Ok((root, _)) => {
            let problems = structure::check(&root, shape(), MAX_PROBLEMS + 1);
            // Their places are those in the canonical form, which nobody has seen.
            problems.into_iter().map(|it| it.at((0, 0))).collect()
        }
        Err(problem) => {
            let message = format!("the manifest grows too large by the schemas of its ports: {}", problem.message);
            vec![
                Diagnostic::error(Code::SourceTooLarge, "/outputPorts", message)
                    .remedy("split the product into several"),
            ]
        }
    }
}

/// The pointer to the port that `pointer` leads into.
fn port_of(pointer: &str) -> Option<String> {
    let index = pointer.strip_prefix("/outputPorts/")?.split('/').next()?;
    Some(format!("/outputPorts/{index}"))
}

fn is_of_fields(pointer: &str, port: &str) -> bool {
    pointer.strip_prefix(port).is_some_and(|rest| rest.starts_with("/schema") || rest.ends_with("/watermark"))
}

fn in_order(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems
}

/// At most [`MAX_PROBLEMS`], and one that says that there are more.
fn cut(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if problems.len() > MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS);
        let message = format!("more than {MAX_PROBLEMS} problems were found");
        let more =
            Diagnostic::error(Code::TooManyProblems, "", message).remedy("correct the problems listed here first");
        problems.push(more.at((1, 1)));
    }
    problems
}
