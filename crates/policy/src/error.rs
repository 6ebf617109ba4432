//! Why a policy may not be published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One reason against publishing, with its place and what to do. Errors are collected, so that an
/// author sees all of them at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}; {remedy}")]
pub struct PolicyError {
    /// Path of the module, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong, for people.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}
