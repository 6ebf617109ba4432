//! Objects in buckets.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{credentials::Credentials, error::StoreError};

/// An object's listing entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    pub key: String,
    pub size: u64,
    pub modified: Timestamp,
}

/// What protects a bucket, as observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketProtection {
    /// The key that encrypts new objects by default.
    pub default_key: Option<String>,
}

/// Reads and writes objects. Where `access` is given, those credentials are used, else the function's own.
#[async_trait]
pub trait ObjectStorage: Debug + Send + Sync {
    /// The object's bytes; none if there is no such object.
    async fn get(&self, access: Option<&Credentials>, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes an object; [`StoreError::Conflict`] if it exists.
    async fn create(&self, bucket: &str, key: &str, body: Vec<u8>, content_type: &str) -> Result<(), StoreError>;

    /// The objects below `prefix`, in order of their keys, `limit` at most.
    async fn list(
        &self,
        access: Option<&Credentials>,
        bucket: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<ObjectEntry>, StoreError>;

    /// A URL by which anybody can get the object for a while.
    async fn presign(
        &self,
        access: &Credentials,
        bucket: &str,
        key: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError>;

    /// What protects the bucket.
    async fn protection(&self, access: Option<&Credentials>, bucket: &str) -> Result<BucketProtection, StoreError>;
}
