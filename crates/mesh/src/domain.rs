//! Domains, their members and envelopes, and the store that keeps them.

use std::{collections::BTreeSet, fmt::Debug};

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::DomainName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    audit::AuditEntry,
    error::StoreError,
    page::Page,
    principal::{Membership, Principal, Role},
};

/// A team that owns data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    pub id: DomainName,
    pub description: String,
    pub members: Vec<Member>,
    /// The secret-free external id that the domain's roles ask of whoever assumes them.
    pub external_id: String,
    /// The storage that the platform team bound to the domain, once it did.
    pub envelope: Option<Envelope>,
    /// Counts changes of the domain; moves every cached grant's key.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A principal and its roles in a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    pub principal: Principal,
    pub roles: BTreeSet<Role>,
}

/// The storage that governance puts around a domain's products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// The bucket's name.
    pub bucket: String,
    /// The ARN of the key that encrypts it.
    pub key_arn: String,
    /// The Glue database's name.
    pub glue_database: String,
    /// Assumed to read, narrowed to one port by a session policy.
    pub reader_role_arn: String,
    /// Assumed to write, narrowed to one port by a session policy.
    pub producer_role_arn: String,
    /// Assumed by probes, to list and read metadata.
    pub observer_role_arn: String,
    /// Where the owner hears of breaches.
    pub alert_topic_arn: String,
}

impl Envelope {
    /// The resources that may belong to one domain only.
    pub fn bindings(&self) -> [String; 6] {
        [
            format!("s3:{}", self.bucket),
            self.key_arn.clone(),
            format!("glue:{}", self.glue_database),
            self.reader_role_arn.clone(),
            self.producer_role_arn.clone(),
            self.observer_role_arn.clone(),
        ]
    }
}

/// Keeps domains, memberships and bindings.
#[async_trait]
pub trait DomainStore: Debug + Send + Sync {
    /// The domain, read consistently.
    async fn domain(&self, id: &DomainName) -> Result<Option<Domain>, StoreError>;

    /// The domains in order of their ids, `limit` at most.
    async fn domains(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Domain>, StoreError>;

    /// The domains that `principal` is a member of, read consistently.
    async fn memberships(&self, principal: &Principal) -> Result<Vec<Membership>, StoreError>;

    /// Writes the domain, its memberships and bindings in one transaction. `before` is what was read and must still be stored:
    /// none to create. A binding that another domain holds is a [`StoreError::Conflict`].
    async fn put_domain(&self, before: Option<&Domain>, after: &Domain, audit: &AuditEntry) -> Result<(), StoreError>;

    /// Removes the domain, its memberships and bindings in one transaction; `before` must still be stored.
    async fn delete_domain(&self, before: &Domain, audit: &AuditEntry) -> Result<(), StoreError>;
}
