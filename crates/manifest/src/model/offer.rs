//! What the owner offers: to whom, under which terms, and who answers for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who answers for a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// The team's name.
    #[schemars(length(min = 1, max = 200))]
    pub team: String,
    /// Where the team is reached: an e-mail address or an https URL.
    #[schemars(length(min = 1, max = 320))]
    pub contact: String,
}

/// How sensitive data is, from open to closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// Whether published data may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mutability {
    /// Rows are only ever added.
    #[default]
    AppendOnly,
    /// Rows may change; every state is a versioned snapshot.
    Mutable,
}

/// What the owner offers to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// Who may know of the product.
    pub visibility: Visibility,
    /// What the data may be used for; empty means any purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 60)))]
    pub purposes: Vec<String>,
}

/// Who may know of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Only those who hold a contract.
    Hidden,
    /// The owning domain.
    Domain,
    /// Everyone on the mesh.
    Company,
}

/// How far a product is in its life, as its owner says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// Not to be relied on yet.
    Draft,
    /// In use.
    #[default]
    Active,
    /// To be left: new contracts are refused.
    Deprecated,
}

impl Lifecycle {
    /// Whether the product is in use, which goes without saying.
    // The signature is what serde asks for.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

/// Where readers get help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Support {
    /// What the place is called, such as `#flight-ops`.
    #[schemars(length(min = 1, max = 200))]
    pub channel: String,
    /// Where it is: an https URL or an e-mail address.
    #[schemars(length(min = 1, max = 320))]
    pub url: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
}

/// Under which terms data may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// What the data is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4000))]
    pub usage: Option<String>,
    /// What it is not good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4000))]
    pub limitations: Option<String>,
    /// The licence, by its SPDX expression or its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub license: Option<String>,
    /// Where the terms are written: an https URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    pub url: Option<String>,
}

text_of!(Classification { Public => "public", Internal => "internal", Confidential => "confidential", Restricted => "restricted" });
text_of!(Visibility { Hidden => "hidden", Domain => "domain", Company => "company" });
text_of!(Mutability { AppendOnly => "append-only", Mutable => "mutable" });
text_of!(Lifecycle { Draft => "draft", Active => "active", Deprecated => "deprecated" });
