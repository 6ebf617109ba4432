//! Search answers on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchAnswer {
    pub total: u64,
    pub items: Vec<SearchHit>,
    /// Facet (`domain`, `classification`, `format`, `compliance`) → value → count.
    pub facets: BTreeMap<String, BTreeMap<String, u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One product found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchHit {
    pub product: String,
    pub domain: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub owner_team: String,
    pub owner_contact: String,
    pub classification: String,
    pub tags: Vec<String>,
    pub status: String,
    pub sla_minutes: u64,
    /// Measured compliance in percent; none before the first measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<f64>,
    pub ports: Vec<SearchPort>,
    pub score: f64,
    /// Field → fragments with the found words between `<em>` and `</em>`.
    pub highlights: BTreeMap<String, Vec<String>>,
}

/// A port of a product found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchPort {
    pub id: String,
    pub format: String,
    pub sla_minutes: u64,
}
