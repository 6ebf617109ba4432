//! A problem found in a manifest: what, where and what to do about it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;

/// Whether a problem refuses the manifest or only warns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One problem in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Stable code, such as `manifest.unknown_field`.
    pub code: String,
    pub severity: Severity,
    /// JSON pointer into the manifest, such as `/outputPorts/0/name`; empty for the whole document.
    pub pointer: String,
    /// Line in the text, from 1; 0 where there is no text.
    pub line: usize,
    /// Column in the line, in characters from 1; 0 where there is no text.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Diagnostic {
    /// A problem that refuses the manifest, at `pointer` and not yet at a line.
    pub fn error(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            severity: Severity::Error,
            pointer: pointer.into(),
            line: 0,
            column: 0,
            message: message.into(),
            remedy: None,
        }
    }

    /// A problem that does not refuse the manifest.
    pub fn warning(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, pointer, message) }
    }

    /// The problem with what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The problem at a place in the text: line and column from 1.
    #[must_use]
    pub fn at(mut self, (line, column): (usize, usize)) -> Self {
        (self.line, self.column) = (line, column);
        self
    }
}

/// `line:column: code: message (remedy)`, the place left out where there is no text.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, " ({remedy})"),
            None => Ok(()),
        }
    }
}

/// A text from outside as it may stand in a message: at most 80 characters, control characters escaped.
pub(crate) fn shown(text: &str) -> String {
    shown_up_to(text, 80)
}

/// As [`shown`], with at most `most` characters.
pub(crate) fn shown_up_to(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        if is_control(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Whether `c` could hide or rearrange what stands around it: controls but tab and line feed, and Unicode's bidirectional formatting.
pub(crate) fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
