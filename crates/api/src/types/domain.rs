//! Domains on the wire.

use jiff::Timestamp;
use mesh_manifest::DomainName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may be set of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainInput {
    pub id: DomainName,
    #[schemars(length(min = 1, max = 2000))]
    pub description: String,
    #[schemars(length(min = 1, max = 40))]
    pub members: Vec<Member>,
}

/// A principal and its roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// `issuer|subject`.
    #[schemars(length(max = 512), extend("pattern" = r"^https://[!-{}~]*\|[!-~]+$"))]
    pub principal: String,
    /// `owner`, `steward`, `producer`, `consumer`, or the name of an approver role.
    #[schemars(length(min = 1), inner(length(max = 40), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$")))]
    pub roles: Vec<String>,
}

/// A domain. Members, external id and envelope are shown to its members, and to owners and stewards of the platform domain, only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Domain {
    pub id: DomainName,
    pub description: String,
    #[serde(default)]
    pub members: Vec<Member>,
    /// What the domain's roles ask of whoever assumes them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub external_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
    pub revision: u64,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: Timestamp,
}

/// A page of domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainPage {
    pub items: Vec<Domain>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A domain's storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    #[schemars(extend("pattern" = "^[a-z0-9-]{3,63}$"))]
    pub bucket: String,
    #[schemars(length(max = 300), extend("pattern" = "^arn:aws[A-Za-z0-9/_+=,.@-]*:kms:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9:/_+=,.@-]*$"))]
    pub key_arn: String,
    #[schemars(extend("pattern" = "^[a-z0-9_]{1,255}$"))]
    pub glue_database: String,
    #[schemars(length(max = 300), extend("pattern" = "^arn:aws[A-Za-z0-9/_+=,.@-]*:iam:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9:/_+=,.@-]*$"))]
    pub reader_role_arn: String,
    #[schemars(length(max = 300), extend("pattern" = "^arn:aws[A-Za-z0-9/_+=,.@-]*:iam:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9:/_+=,.@-]*$"))]
    pub producer_role_arn: String,
    #[schemars(length(max = 300), extend("pattern" = "^arn:aws[A-Za-z0-9/_+=,.@-]*:iam:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9:/_+=,.@-]*$"))]
    pub observer_role_arn: String,
    #[schemars(length(max = 300), extend("pattern" = "^arn:aws[A-Za-z0-9/_+=,.@-]*:sns:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9/_+=,.@-]*:[A-Za-z0-9:/_+=,.@-]*$"))]
    pub alert_topic_arn: String,
}
