//! One document of a standard as it was given: its text's tree, its value, and where in it things stand.

use serde_json::Value;

use crate::{diagnostic::Diagnostic, spans::Spans, tree};

use super::version::Standard;

/// A document that is valid by its standard's JSON Schema.
pub struct Document {
    pub value: Value,
    spans: Spans,
    /// The pointer of the document among all that were given: `/product` or `/contracts/0`.
    prefix: String,
}

impl Document {
    /// Reads `text` and checks it against the JSON Schema of the version that it declares.
    pub fn read(text: &str, standard: Standard, prefix: String) -> Result<Self, Vec<Diagnostic>> {
        let (root, mut problems) = tree::read(text).map_err(|problem| vec![under(&prefix, problem)])?;
        let value = root.to_json();
        let spans = Spans::new(root);
        problems.extend(standard.check(&value));
        let document = Self { value, spans, prefix };
        if problems.is_empty() {
            return Ok(document);
        }
        Err(problems.into_iter().map(|problem| document.place(problem)).collect())
    }

    /// The problem, which tells of a pointer within the document, with its place and its pointer among all documents.
    pub fn place(&self, mut problem: Diagnostic) -> Diagnostic {
        if problem.line == 0 {
            (problem.line, problem.column) = self.spans.locate(&problem.pointer);
        }
        under(&self.prefix, problem)
    }
}

fn under(prefix: &str, problem: Diagnostic) -> Diagnostic {
    Diagnostic { pointer: format!("{prefix}{}", problem.pointer), ..problem }
}
