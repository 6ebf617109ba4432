//! Where things stand in a manifest's text, so that whatever is later said of a pointer can name line and column.

use crate::{
    diagnostic::Diagnostic,
    pointer,
    tree::{Content, Node, Place},
};

/// The places of all values of one parsed manifest.
#[derive(Debug, Clone)]
pub struct Spans {
    root: Node,
}

impl Spans {
    pub(crate) fn new(root: Node) -> Self {
        Self { root }
    }

    /// Line and column, from 1, of what `pointer` points to, or of its nearest ancestor that exists.
    ///
    /// A list or mapping under a key is found at its key, anything else at its value.
    pub fn locate(&self, pointer: &str) -> (usize, usize) {
        let mut node = &self.root;
        let mut place = node.place;
        for token in pointer::tokens(pointer) {
            match step(node, &token) {
                Some((at, child)) => (place, node) = (at, child),
                None => break,
            }
        }
        place
    }

    /// Gives each diagnostic that has no place yet that of its pointer.
    pub fn place(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.line == 0) {
            (diagnostic.line, diagnostic.column) = self.locate(&diagnostic.pointer);
        }
    }
}

fn step<'tree>(node: &'tree Node, token: &str) -> Option<(Place, &'tree Node)> {
    match &node.content {
        Content::List(items) => items.get(token.parse::<usize>().ok()?).map(|item| (item.place, item)),
        Content::Mapping(entries) => {
            let entry = entries.iter().find(|entry| entry.key == token)?;
            let place = match entry.value.content {
                Content::List(_) | Content::Mapping(_) | Content::Null => entry.place,
                _ => entry.value.place,
            };
            Some((place, &entry.value))
        }
        _ => None,
    }
}
