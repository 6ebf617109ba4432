//! Registered products and their ports, and the store that keeps them.

use std::{collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::{DomainName, Format, Manifest, Minutes, PortAddress, ProductId};
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    audit::AuditEntry,
    error::StoreError,
    idempotency::Remembered,
    page::Page,
    schema_registry::RegisteredSchema,
    sunset::{Deprecation, GonePort, Notice},
};

/// A registered product: its living manifest at one revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub version: Version,
    pub status: Status,
    /// Why the status is what it is, such as what provisioning waits for.
    pub status_detail: Option<String>,
    /// The manifest as it was sent.
    pub manifest_text: String,
    /// The same, parsed.
    #[serde(deserialize_with = "mesh_manifest::stored::manifest")]
    pub manifest: Manifest,
    /// SHA-256 of the manifest's canonical form.
    pub digest: String,
    /// Counts registrations, from 1.
    pub revision: u64,
    pub registered_at: Timestamp,
    pub registered_by: String,
    /// The revision that the envelope was last converged to; 0 before the first.
    pub provisioned_revision: u64,
    /// The revision that was last indexed for search; 0 before the first.
    pub indexed_revision: u64,
    /// Counts changes of what others build on the product, contracts and inputs: a registration that raced one is refused by it.
    pub contracts_revision: u64,
    /// Ports that are no longer listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GonePort>,
    /// What consumers are told of with this revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// Where a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Registered; the envelope is being converged.
    Provisioning,
    /// Readable.
    Active,
    /// The envelope could not be converged; the detail says why. The sweep tries again.
    Failed,
    /// Withdrawn; the name stays with the domain.
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

/// One major of an output port of a registered product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    pub address: PortAddress,
    pub version: Version,
    /// The product's revision that wrote this.
    pub revision: u64,
    pub schema_id: String,
    pub format: Format,
    pub freshness: Minutes,
    /// `s3://…` for what the platform stores, else the owner's endpoint.
    pub endpoint: String,
    /// When the port first appeared: a port without data is measured from then.
    pub since: Timestamp,
    /// Set where the port is being left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<Deprecation>,
}

/// Everything that one registration writes, in one transaction.
#[derive(Debug, Clone)]
pub struct Registration {
    pub product: Product,
    /// What was read before and must still be so; none for a product's first registration.
    pub before: Option<Product>,
    pub ports: Vec<Port>,
    /// Ports of the revision before that are no longer listed.
    pub removed_ports: Vec<PortAddress>,
    /// Schemas that are not yet in the registry.
    pub schemas: Vec<RegisteredSchema>,
    /// Upstream ports that the product uses now.
    pub inputs: Vec<PortAddress>,
    /// Upstream ports that it no longer uses.
    pub removed_inputs: Vec<PortAddress>,
    /// The products of inputs that were not there before, as the registration was judged by them.
    pub upstream: Vec<Product>,
    pub audit: AuditEntry,
    pub remember: Option<Remembered>,
}

/// Keeps products, their ports and history.
#[async_trait]
pub trait ProductStore: Debug + Send + Sync {
    /// The product at its current revision, read consistently.
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, StoreError>;

    /// The current revisions in order of their ids, `limit` at most, of one domain or all.
    async fn products(
        &self,
        domain: Option<&DomainName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Product>, StoreError>;

    /// The product's revisions, newest first.
    async fn history(&self, id: &ProductId, cursor: Option<&str>, limit: usize) -> Result<Page<Product>, StoreError>;

    /// The ports of a product, read consistently.
    async fn ports(&self, id: &ProductId) -> Result<Vec<Port>, StoreError>;

    /// Those of the ports at `addresses` that exist, read consistently, in batches.
    async fn ports_at(&self, addresses: &[PortAddress]) -> Result<BTreeMap<PortAddress, Port>, StoreError>;

    /// Writes a registration in one transaction, and moves `contracts_revision` of every product that it is newly made from;
    /// [`StoreError::Conflict`] if the product or its contracts, or the revision of one of those, moved since they were read.
    async fn register(&self, registration: &Registration) -> Result<(), StoreError>;

    /// Sets the status that provisioning reached for `revision`; false if a newer revision is registered by now.
    async fn set_provisioned(
        &self,
        id: &ProductId,
        revision: u64,
        status: Status,
        detail: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Notes that `revision` is indexed; false if a newer one already is.
    async fn set_indexed(&self, id: &ProductId, revision: u64) -> Result<bool, StoreError>;

    /// The products that have `port` among their inputs, read consistently.
    async fn downstream(&self, port: &PortAddress) -> Result<Vec<ProductId>, StoreError>;
}
