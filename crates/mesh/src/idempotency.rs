//! Idempotency keys: ours, by principal and route, kept 24 hours.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// An answered request, remembered by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// SHA-256 over principal, acting domain, route and the client's key.
    pub key: String,
    /// SHA-256 of the request's body: the same key with another body is refused.
    pub body_digest: String,
    /// What was answered: the id of what came of it, and its revision.
    pub answer: String,
    pub expires_at: Timestamp,
}

/// Remembers answered requests.
#[async_trait]
pub trait IdempotencyStore: Debug + Send + Sync {
    /// What was answered to `key`, if it was within 24 hours. Read consistently.
    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, StoreError>;

    /// Remembers an answer; [`StoreError::Conflict`] if the key is already remembered.
    async fn remember(&self, remembered: &Remembered) -> Result<(), StoreError>;
}
