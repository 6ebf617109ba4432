//! Published policies at the three levels, and the store that keeps them.

use std::{collections::BTreeMap, fmt, fmt::Debug};

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::DomainName;
use serde::{Deserialize, Serialize};

use crate::{audit::AuditEntry, error::StoreError};

/// Whose policies: the mesh's, one domain's, or those that stand for every product's own offer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyScope {
    Global,
    Domain(DomainName),
    Products,
}

impl fmt::Display for PolicyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Products => f.write_str("products"),
            Self::Domain(domain) => write!(f, "domain#{domain}"),
        }
    }
}

/// The policies of one scope at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyBundle {
    pub scope: PolicyScope,
    /// File path below the scope's folder → Rego text.
    pub modules: BTreeMap<String, String>,
    /// The first 16 hexadecimal digits of SHA-256 over the modules.
    pub revision: String,
    pub published_by: String,
    pub published_at: Timestamp,
}

/// Keeps published policies.
#[async_trait]
pub trait PolicyStore: Debug + Send + Sync {
    /// The current bundles of `scopes` in the same order, read consistently in one call; none where nothing was published.
    async fn bundles(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<PolicyBundle>>, StoreError>;

    /// The revisions of the current bundles of `scopes` in the same order, read consistently in one call, without the bundles.
    async fn revisions(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<String>>, StoreError>;

    /// Publishes a bundle and keeps the one before in the history; [`StoreError::Conflict`] if the current revision is not `before`.
    async fn put_bundle(
        &self,
        before: Option<&str>,
        bundle: &PolicyBundle,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
}
