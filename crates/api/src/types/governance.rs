//! Policy questions (OpenID AuthZEN 1.0) and policies on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesh_manifest::PortAddress;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question, as AuthZEN asks it. The subject is the caller: one may ask only about oneself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<EvaluationSubject>,
    pub action: EvaluationAction,
    pub resource: EvaluationResource,
    /// `purpose`: what the data is wanted for.
    #[serde(default)]
    pub context: BTreeMap<String, serde_json::Value>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSubject {
    /// Always `principal`.
    #[schemars(extend("const" = "principal"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// `issuer|subject`.
    pub id: String,
    #[serde(default)]
    pub properties: BTreeMap<String, serde_json::Value>,
}

/// What one wants to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationAction {
    /// `read` or `write`.
    #[schemars(extend("enum" = ["read", "write"]))]
    pub name: String,
    #[serde(default)]
    pub properties: BTreeMap<String, serde_json::Value>,
}

/// With what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationResource {
    /// Always `output_port`.
    #[schemars(extend("const" = "output_port"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// Such as `operations.flights/daily@1`.
    #[schemars(with = "PortAddress")]
    pub id: String,
    #[serde(default)]
    pub properties: BTreeMap<String, serde_json::Value>,
}

/// The answer: `decision`, and in `context` every rule that spoke, what is missing and the smallest change that would allow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    pub decision: bool,
    pub context: serde_json::Value,
}

/// Policies to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyInput {
    /// File path → Rego text.
    pub modules: BTreeMap<String, String>,
}

/// Published policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyBundle {
    pub scope: String,
    pub revision: String,
    pub published_by: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub published_at: Timestamp,
    pub modules: BTreeMap<String, String>,
}
