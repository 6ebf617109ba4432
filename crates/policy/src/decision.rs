//! The answer to a policy question: allow or deny, with every rule that spoke.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Level;

/// Allow or deny, and why. A denial always carries at least one finding of severity `deny`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Whether the action may go ahead.
    pub allow: bool,
    /// What rules (or the platform itself, with codes `policy.…`) objected to or warned of.
    pub findings: Vec<Finding>,
    /// What would have allowed it: the product's offers and a live contract.
    pub offers: Vec<Offer>,
    /// Approvals that rules ask for, given or not.
    pub required_approvals: Vec<RequiredApproval>,
    /// What the platform must do if it goes ahead.
    pub obligations: Vec<Obligation>,
    /// JSON pointers into the question of what was not known and would be needed.
    pub missing: Vec<String>,
    /// The smallest change that would allow it, step by step; empty when allowed.
    pub remedy: Vec<String>,
    /// Digest of the policies that decided: 16 hexadecimal digits.
    pub revision: String,
}

/// One objection or warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Level of the rule that spoke.
    pub level: Level,
    /// Name of the rule: the last part of its package.
    pub rule: String,
    /// Stable code, such as `pii.unencrypted`.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// JSON pointer into the manifest, or empty.
    pub path: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether it denies.
    pub severity: Severity,
}

/// Weight of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stops the action.
    Deny,
    /// Is said and does not stop it.
    Warn,
}

/// A ground on which the action may go ahead if nothing denies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// Where it comes from.
    pub source: OfferSource,
    /// Why, for people.
    pub reason: String,
}

/// Where an offer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OfferSource {
    /// The product's policy.
    Product,
    /// A live consumption contract.
    Contract,
    /// An owner or producer acts on a product of its own domain.
    Ownership,
}

/// An approval that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequiredApproval {
    /// The role whose approval is asked for.
    pub role: String,
    /// Why, for people.
    pub reason: String,
    /// Level of the rule that asks.
    pub level: Level,
    /// The rule that asks.
    pub rule: String,
    /// The principal who gave it; null while it is missing.
    pub satisfied_by: Option<String>,
}

/// Something the platform must do when the action goes ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Obligation {
    /// What kind, such as `short-session`.
    pub kind: String,
    /// The particulars.
    pub detail: String,
    /// Level of the rule that asks.
    pub level: Level,
    /// The rule that asks.
    pub rule: String,
}

impl Decision {
    /// Findings that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Deny)
    }

    /// Whether nothing but approvals is missing: a contract so requested is pending, not refused.
    pub fn awaits_approval(&self) -> bool {
        !self.allow && self.denials().all(|finding| finding.code == "policy.approval_missing")
    }

    /// Approvals asked for and not given.
    pub fn missing_approvals(&self) -> impl Iterator<Item = &RequiredApproval> {
        self.required_approvals.iter().filter(|approval| approval.satisfied_by.is_none())
    }
}
