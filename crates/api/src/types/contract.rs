//! Consumption contracts on the wire.

use jiff::{Timestamp, civil::Date};
use mesh_manifest::{Days, Milliseconds, Minutes, Percent, PortAddress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a consumer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractInput {
    /// Such as `operations.flights/daily@1`.
    pub port: PortAddress,
    #[schemars(extend("pattern" = "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,60}$"))]
    pub purpose: String,
    /// The fields that are used; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Such as `60m`; what the port promises where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_freshness: Option<Minutes>,
    /// Where the consumer is reached.
    #[schemars(length(min = 1, max = 320))]
    pub contact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// Where a contract moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractMove {
    /// Another major of the contract's port; the newest where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortAddress>,
    /// The fields that are used there; those of before where none are given, and all where an empty list is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// What is agreed on there; what was agreed on before where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_freshness: Option<Minutes>,
}

/// The snapshot of its table that a contract is pinned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractPin {
    /// The snapshot's id, as Iceberg clients tell it.
    pub snapshot: i64,
}

/// Why a contract is approved, rejected or revoked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractDecision {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub reason: Option<String>,
}

/// Where a contract is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContractStatus {
    Pending,
    Active,
    Rejected,
    Expired,
    Revoked,
}

impl ContractStatus {
    /// The status as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A consumption contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contract {
    pub id: String,
    pub port: PortAddress,
    pub consumer_domain: String,
    pub purpose: String,
    pub fields: Vec<String>,
    pub agreed_freshness: Minutes,
    /// What else the port promised when the contract was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_availability: Option<Percent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_completeness: Option<Percent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_latency: Option<Milliseconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_retention: Option<Days>,
    pub contact: String,
    /// The last day on which the port can be read, where it is being left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub sunset: Option<Date>,
    /// The port to move to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// When the consumer said that it knows of the end of its port that was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub acknowledged_at: Option<Timestamp>,
    /// The snapshot of the table that is read, whatever is written since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_snapshot: Option<i64>,
    pub status: ContractStatus,
    pub requested_by: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    pub required_approvals: Vec<RequiredApproval>,
    pub approvals: Vec<Approval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A role whose approval is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequiredApproval {
    pub role: String,
    pub reason: String,
}

/// An approval that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    pub role: String,
    pub by: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// A page of contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContractPage {
    pub items: Vec<Contract>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
