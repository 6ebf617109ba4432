//! Errors as RFC 9457 problem details that say where and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An RFC 9457 problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:mesh:problem:` and the code. `docs/reference/problems.md#CODE` explains it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The request: its path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// Stable code, such as `registration.refused`.
    pub code: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Of a port that is gone, the one that stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Every single thing that is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemError>,
    /// Names this request in the platform's logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemError {
    /// Stable code, such as `evolution.field_removed`.
    pub code: String,
    /// JSON pointer into the request's document; empty for the whole.
    pub pointer: String,
    pub detail: String,
    /// Line in the text that was sent, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in the line, in characters from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// A problem as Iceberg clients read it: the same, with what their specification asks for beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergProblem {
    #[serde(flatten)]
    pub problem: Problem,
    pub error: IcebergError,
}

/// The error of the Iceberg REST catalogue's specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergError {
    pub message: String,
    /// Such as `NoSuchTableException`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub code: u16,
}

/// What the gateway itself answers, before any function runs: no such route, too many requests, no function in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayMessage {
    pub message: String,
}

impl Problem {
    /// A problem of `code` with HTTP `status`.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{}{code}", crate::codes::TYPE_PREFIX),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            instance: String::new(),
            code: code.to_owned(),
            remedy: None,
            successor: None,
            errors: Vec::new(),
            request_id: None,
        }
    }
}
