//! Consumption contracts and the store that keeps them.

use std::{fmt, fmt::Debug, str::FromStr};

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_evolution::Loosened;
use mesh_manifest::{Days, DomainName, Milliseconds, Minutes, Percent, PortAddress, ProductId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    audit::AuditEntry, error::StoreError, page::Page, principal::Principal, product::Product, sunset::Acknowledgement,
};

/// A contract's identity: the product it is on and a ULID, `operations.flights.01jd…`; the product in it makes every look-up consistent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContractId {
    pub product: ProductId,
    unique: String,
}

impl ContractId {
    /// A new id for a contract on `product`.
    pub fn generate(product: ProductId) -> Self {
        Self { product, unique: crate::audit::new_id() }
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.product, self.unique)
    }
}

impl FromStr for ContractId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{}` is not a contract id", text.chars().take(120).collect::<String>());
        let (product, unique) = text.rsplit_once('.').ok_or_else(error)?;
        let product = product.parse().map_err(|_| error())?;
        let canonical = unique.len() == 26 && unique.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        canonical.then(|| Self { product, unique: unique.to_owned() }).ok_or_else(error)
    }
}

impl TryFrom<String> for ContractId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ContractId> for String {
    fn from(id: ContractId) -> Self {
        id.to_string()
    }
}

/// A consumer domain's agreed use of one port major.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    pub id: ContractId,
    pub port: PortAddress,
    pub consumer_domain: DomainName,
    /// What the data is used for.
    pub purpose: String,
    /// The fields that the consumer says it uses; none declared means all.
    pub fields: Vec<String>,
    /// The freshness that was agreed on.
    pub agreed_freshness: Minutes,
    /// What else was agreed on: what the port promised when the contract was asked for.
    #[serde(default, skip_serializing_if = "Agreed::is_empty")]
    pub agreed: Agreed,
    /// Where the consumer is reached.
    pub contact: String,
    pub status: ContractStatus,
    pub requested_by: Principal,
    pub created_at: Timestamp,
    /// When the contract ends by itself.
    pub expires_at: Option<Timestamp>,
    /// What has to be approved, worked out by policy when it was requested.
    pub required_approvals: Vec<RequiredApproval>,
    pub approvals: Vec<Approval>,
    /// Why it was rejected or revoked.
    pub reason: Option<String>,
    /// The consumer's word that it knows of its port's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// The snapshot of the table that the consumer reads, whatever is written since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_snapshot: Option<i64>,
    /// Counts changes; moves every cached grant's key.
    pub revision: u64,
}

/// What a port promised, beside freshness, when a contract was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agreed {
    /// The share of time in which the port can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Percent>,
    /// The share of what happened that is in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Percent>,
    /// How long a read takes at most until its first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Milliseconds>,
    /// How long data is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Days>,
}

impl Agreed {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Contract {
    /// The status at `now`: an active contract past its expiry is expired.
    pub fn status_at(&self, now: Timestamp) -> ContractStatus {
        match (self.status, self.expires_at) {
            (ContractStatus::Active | ContractStatus::Pending, Some(end)) if end <= now => ContractStatus::Expired,
            (status, _) => status,
        }
    }

    /// Whether the contract gives a right to read at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status_at(now) == ContractStatus::Active
    }

    /// Whether it is what `consumer` has, or asked for, on `port` for `purpose`: of these there is one at a time.
    pub fn stands_for(&self, consumer: &DomainName, port: &PortAddress, purpose: &str, now: Timestamp) -> bool {
        self.consumer_domain == *consumer
            && self.port == *port
            && self.purpose == purpose
            && matches!(self.status_at(now), ContractStatus::Active | ContractStatus::Pending)
    }

    /// The approvals that are still missing.
    pub fn missing_approvals(&self) -> impl Iterator<Item = &RequiredApproval> {
        self.required_approvals
            .iter()
            .filter(|required| !self.approvals.iter().any(|given| given.role == required.role))
    }

    /// Whether the consumer said it uses `field`, something within it, or what it lies within.
    pub fn uses(&self, field: &str) -> bool {
        let within = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        self.fields.is_empty()
            || self.fields.iter().any(|used| used == field || within(used, field) || within(field, used))
    }

    /// Whether less is promised now than was agreed on. Of what nothing was agreed on, nothing is missed.
    pub fn agreed_on_more_than(&self, promised: Loosened) -> bool {
        let Agreed { availability, completeness, latency, retention } = &self.agreed;
        match promised {
            Loosened::Freshness(promised) => promised > self.agreed_freshness,
            Loosened::Availability(promised) => availability.is_some_and(|agreed| promised < Some(agreed)),
            Loosened::Completeness(promised) => completeness.is_some_and(|agreed| promised < Some(agreed)),
            Loosened::Latency(promised) => {
                latency.is_some_and(|agreed| promised.is_none_or(|promised| promised > agreed))
            }
            Loosened::Retention(promised) => retention.is_some_and(|agreed| promised < agreed),
            Loosened::Schedule => true,
        }
    }
}

/// Where a contract is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

    /// Whether it opens nothing any more, and never will.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::Revoked)
    }
}

/// A role in the product's domain whose approval a contract needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequiredApproval {
    pub role: String,
    pub reason: String,
}

/// An approval that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub role: String,
    pub by: Principal,
    pub at: Timestamp,
}

/// Keeps consumption contracts.
#[async_trait]
pub trait ContractStore: Debug + Send + Sync {
    /// The contract, read consistently.
    async fn contract(&self, id: &ContractId) -> Result<Option<Contract>, StoreError>;

    /// All contracts on a product, read consistently.
    async fn of_product(&self, product: &ProductId) -> Result<Vec<Contract>, StoreError>;

    /// The contracts of a consumer domain, newest first; may lag a little.
    async fn of_consumer(
        &self,
        domain: &DomainName,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Contract>, StoreError>;

    /// Writes a contract and moves its product's `contracts_revision`, in one transaction. `before` is what was read and must still be
    /// stored (none to create); the product must exist, and not be retired unless the contract ends, and it must be what `judged` says
    /// where the contract was judged by it: the same revision, and no other change of its contracts. Else [`StoreError::Conflict`].
    async fn put_contract(
        &self,
        before: Option<&Contract>,
        after: &Contract,
        judged: Option<&Product>,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
}
