//! Products, plans, schemas and promises on the wire.

use jiff::{Timestamp, civil::Date};
use mesh_manifest::{Manifest, Schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::ProblemError;

/// Where a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Provisioning,
    Active,
    Failed,
    Retired,
}

impl Status {
    /// The status as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Failed => "failed",
            Self::Retired => "retired",
        }
    }
}

/// A registered product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// Such as `operations.flights`.
    pub id: String,
    pub domain: String,
    pub name: String,
    pub version: String,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<String>,
    pub revision: u64,
    pub provisioned_revision: u64,
    pub indexed_revision: u64,
    /// SHA-256 of the manifest's canonical form.
    pub digest: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub registered_at: Timestamp,
    pub manifest: Manifest,
    /// The manifest as it was sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manifest_text: String,
    pub ports: Vec<Port>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemError>,
}

/// One major of an output port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Port {
    /// Such as `operations.flights/daily@1`.
    pub id: String,
    pub name: String,
    pub version: String,
    pub format: String,
    pub schema_id: String,
    pub sla_freshness_minutes: u64,
    pub access_endpoint: String,
    /// The last day on which the port can be read, where it is being left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub sunset: Option<Date>,
    /// The newest major beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// A page of products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductPage {
    pub items: Vec<Product>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Where a revision of a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionStatus {
    Provisioning,
    Active,
    Failed,
    /// By it, the product was withdrawn.
    Retired,
    /// A later revision stands in its place.
    Superseded,
}

/// One revision of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    pub revision: u64,
    pub version: String,
    pub status: RevisionStatus,
    pub digest: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub registered_at: Timestamp,
    /// The manifest as it was sent; empty for others than the product's domain.
    pub manifest_text: String,
}

/// A page of revisions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionPage {
    pub items: Vec<Revision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What registering a manifest would do, and why it would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    pub product: String,
    pub version: String,
    /// Whether equal content is registered already.
    pub unchanged: bool,
    /// Whether it would be accepted.
    pub accepted: bool,
    pub changes: Vec<Change>,
    pub violations: Vec<ProblemError>,
    pub warnings: Vec<ProblemError>,
    /// Live contracts that the change would break.
    pub affected: Vec<AffectedContract>,
    /// Products that are made from what changes, directly or through others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downstream: Vec<Downstream>,
    /// Ports that are being left, and who would have to leave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deprecated: Vec<DeprecatedPort>,
    /// Send it back as `Mesh-Findings-Digest` to have the registration refused if anything of this changed.
    pub findings_digest: String,
    pub policy_revision: String,
}

/// What answers a registration after which everything is as it was: the plan that was asked for, or what is registered already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Unchanged {
    Plan(Box<Plan>),
    Product(Box<Product>),
}

/// One difference from what is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    pub code: String,
    /// `patch`, `minor` or `major`.
    pub kind: String,
    pub pointer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    pub reason: String,
}

/// A live contract that a change would break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AffectedContract {
    pub contract: String,
    pub consumer_domain: String,
    pub contact: String,
    pub port: String,
    /// The fields in question that the consumer says it uses; empty where the whole port is in question.
    pub fields: Vec<String>,
    pub codes: Vec<String>,
}

/// A product that is made from a port that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Downstream {
    pub product: String,
    /// The port that changes.
    pub port: String,
    /// The product through which it is reached; none where it uses the port itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// A port that is being left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeprecatedPort {
    pub port: String,
    /// The last day on which it can be read.
    #[schemars(with = "String", extend("format" = "date"))]
    pub sunset: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Those who hold a live contract on it.
    pub readers: Vec<DeprecatedPortReader>,
    /// Products that are made from it.
    pub downstream: Vec<String>,
}

/// Who holds a live contract on a port that is being left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeprecatedPortReader {
    pub contract: String,
    pub consumer_domain: String,
    pub contact: String,
    /// Whether it said that it knows of the end that is announced.
    pub acknowledged: bool,
    /// Its newest read since the end was announced, as far as the newest 200 entries of the port's audit log tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_read: Option<Timestamp>,
}

/// A manifest to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestDraft {
    /// Such as `mesh_operations.flights`.
    pub table: String,
    /// The manifest, as YAML with comments on what is to be filled in.
    pub manifest_text: String,
    /// What to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemError>,
}

/// Every registered version of a port's schema, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaVersions {
    /// Such as `operations.flights/daily`.
    pub subject: String,
    pub items: Vec<RegisteredSchema>,
}

/// A schema to be checked against what is registered of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaCheckInput {
    pub schema: Schema,
    /// The major whose readers are to go on; the newest where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major: Option<u64>,
}

/// Whether a schema could be the next version of a port's major.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaCheck {
    pub subject: String,
    pub major: u64,
    /// Whether readers of every registered version of the major go on.
    pub compatible: bool,
    /// The least version that the schema needs.
    pub needed: String,
    /// Each registered version, oldest first, and how the schema differs from it.
    pub against: Vec<SchemaComparison>,
}

/// How a schema differs from a registered version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaComparison {
    pub version: String,
    pub schema_id: String,
    /// `patch`, `minor` or `major`; none where nothing differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub changes: Vec<Change>,
}

/// A registered schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisteredSchema {
    pub id: String,
    /// Such as `operations.flights/daily`.
    pub subject: String,
    pub version: String,
    pub digest: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub registered_at: Timestamp,
    pub schema: Schema,
}

/// A measured freshness against the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Kept,
    Broken,
    Unknown,
}

/// A port's promise and how it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlaStatus {
    pub port: String,
    pub sla_freshness_minutes: u64,
    /// None before the first measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Since when the promise is kept or broken: the last change, whatever was measured since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
    /// When rows or files were last added. None while there are none: freshness counts from the port's registration until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub newest_data: Option<Timestamp>,
    /// Share of the time that was measured in which the promise was kept, in percent, counted by every probe; none in the first minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<f64>,
    /// Newest first. Probes look every few minutes; what they see is kept where the verdict changes, and once an hour.
    pub measurements: Vec<Measurement>,
}

/// A measurement that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub measured_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_freshness_minutes: Option<u64>,
    pub sla_freshness_minutes: u64,
    pub verdict: Verdict,
}
