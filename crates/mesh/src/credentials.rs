//! Short-lived credentials: how they are asked for, vended, cached and sealed.

use std::{fmt, fmt::Debug, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Temporary credentials for one port. Debug output shows no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    pub expires_at: Timestamp,
}

impl Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What credentials are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Read the port's data and metadata.
    Read,
    /// Read them, and write data and manifests, but not table metadata.
    Write,
    /// List the whole bucket's objects and read metadata: for probes.
    Observe,
}

/// Asks for credentials that reach one prefix of one bucket only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendRequest {
    pub mode: Mode,
    pub role_arn: String,
    pub external_id: String,
    /// Shows in the cloud's own audit trail; made of letters, digits, `-`, `.` and `@`, 64 at most.
    pub session_name: String,
    pub bucket: String,
    /// Without slashes at either end; empty for the whole bucket (observing only).
    pub prefix: String,
    pub key_arn: String,
    pub lifetime: Duration,
}

/// Issues credentials.
#[async_trait]
pub trait CredentialVendor: Debug + Send + Sync {
    /// Credentials that can do what the request says and nothing else.
    async fn vend(&self, request: &VendRequest) -> Result<Credentials, StoreError>;
}

/// Encrypts what is cached.
#[async_trait]
pub trait Sealer: Debug + Send + Sync {
    /// Encrypts `plain`, bound to `context`.
    async fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, StoreError>;
    /// Decrypts what [`Self::seal`] gave for the same `context`.
    async fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, StoreError>;
}

/// A cached right to read or write one port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// SHA-256 over everything that the decision depended on.
    pub key: String,
    /// The audit entry of the decision.
    pub decision_id: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// The credentials, sealed.
    pub sealed: Vec<u8>,
}

/// Caches grants.
#[async_trait]
pub trait GrantStore: Debug + Send + Sync {
    /// The grant under `key`, read consistently.
    async fn grant(&self, key: &str) -> Result<Option<Grant>, StoreError>;

    /// Stores a grant unless a newer one is there; [`StoreError::Conflict`] then.
    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError>;
}
