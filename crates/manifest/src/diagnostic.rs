//! A problem found in a manifest: what, where and what to do about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
