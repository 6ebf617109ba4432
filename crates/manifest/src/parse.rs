//! From text to manifest: every problem at once, each with line and column.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    languages,
    model::Manifest,
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
