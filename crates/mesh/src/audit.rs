//! The audit log: what was decided and changed, by whom, before the answer leaves.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{error::StoreError, principal::Caller};

/// One line of the audit log. It never holds tokens, credentials or signed URLs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What it is about: a domain, product or port address, such as `operations.flights`.
    pub resource: String,
    pub at: Timestamp,
    /// Unique, sorts by time.
    pub id: String,
    /// What was done, such as `product.registered` or `access.read`.
    pub action: String,
    /// Who did it: the principal, or the function for what the platform does by itself.
    pub by: String,
    /// The domain for which it was done.
    pub domain: String,
    /// What matters of it.
    pub detail: serde_json::Value,
}

impl AuditEntry {
    /// An entry for what `caller` did to `resource`.
    pub fn new(
        at: Timestamp,
        resource: impl ToString,
        action: &str,
        caller: &Caller,
        detail: serde_json::Value,
    ) -> Self {
        Self {
            resource: resource.to_string(),
            at,
            id: new_id(),
            action: action.to_owned(),
            by: caller.principal.to_string(),
            domain: caller.domain.to_string(),
            detail,
        }
    }
}

/// A new unique id that sorts by time: a ULID in lower case.
pub fn new_id() -> String {
    ulid::Ulid::new().to_string().to_ascii_lowercase()
}

/// Keeps the audit log.
#[async_trait]
pub trait AuditLog: Debug + Send + Sync {
    /// Appends an entry; done only when it is stored.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// The newest entries of `resource` first, `limit` at most.
    async fn entries(&self, resource: &str, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
}
