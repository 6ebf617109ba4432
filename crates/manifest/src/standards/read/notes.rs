//! What reading notes beside the manifest: where each of its members came from, and what its author should know.

use std::collections::HashMap;

use crate::{code::Code, diagnostic::Diagnostic, pointer};

/// A document: the product's, or the contract with this id.
pub type Source = Option<String>;

/// Where the reader is: in the manifest to be, and in a document.
#[derive(Debug, Clone, Default)]
pub struct At {
    pub manifest: String,
    pub source: Source,
    pub pointer: String,
}

impl At {
    /// One step on in both.
    pub fn step(&self, manifest: &str, document: &str) -> Self {
        Self {
            manifest: join(&self.manifest, manifest),
            source: self.source.clone(),
            pointer: join(&self.pointer, document),
        }
    }

    /// One step on in the document only.
    pub fn within(&self, document: &str) -> Self {
        Self { pointer: join(&self.pointer, document), ..self.clone() }
    }
}

/// `steps`, such as `customProperties/0`, behind `pointer`.
fn join(pointer: &str, steps: &str) -> String {
    let tokens = steps.split('/').filter(|step| !step.is_empty()).map(pointer::token);
    std::iter::once(pointer.to_owned()).chain(tokens).collect()
}

/// Notes of one reading.
#[derive(Debug, Default)]
pub struct Notes {
    places: HashMap<String, (Source, String)>,
    /// Problems with pointers into their documents.
    pub problems: Vec<(Source, Diagnostic)>,
}

impl Notes {
    /// Notes that what stands at `at` in the manifest came from there in its document; what is noted last counts.
    pub fn came_from(&mut self, at: &At) {
        self.places.insert(at.manifest.clone(), (at.source.clone(), at.pointer.clone()));
    }

    /// Notes a problem that does not refuse the documents.
    pub fn warn(&mut self, code: Code, at: &At, message: String, remedy: &str) {
        self.problems.push((at.source.clone(), Diagnostic::warning(code, at.pointer.as_str(), message).remedy(remedy)));
    }

    /// Notes a problem that refuses the documents.
    pub fn refuse(&mut self, code: Code, at: &At, message: String, remedy: String) {
        self.problems.push((at.source.clone(), Diagnostic::error(code, at.pointer.as_str(), message).remedy(remedy)));
    }

    /// The problem of the manifest as one of the document that the member, or what holds it, came from.
    pub fn trace(&self, problem: Diagnostic) -> (Source, Diagnostic) {
        let mut pointer = problem.pointer.as_str();
        loop {
            if let Some((source, place)) = self.places.get(pointer) {
                return (source.clone(), Diagnostic { pointer: place.clone(), line: 0, column: 0, ..problem });
            }
            match pointer.rsplit_once('/') {
                Some((shorter, _)) => pointer = shorter,
                None => return (None, Diagnostic { pointer: String::new(), line: 0, column: 0, ..problem }),
            }
        }
    }
}
