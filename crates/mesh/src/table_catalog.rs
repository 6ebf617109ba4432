//! The table catalogue: which table's metadata is current; and the table format behind it.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::Schema;

use crate::error::StoreError;

/// A table as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogTable {
    pub database: String,
    pub name: String,
    /// `s3://…` of the table's location.
    pub location: String,
    /// `s3://…` of the current metadata file.
    pub metadata_location: String,
    /// The catalogue's version of the entry: a swap is conditional on it.
    pub version_id: Option<String>,
}

/// Points at the current metadata of each table.
#[async_trait]
pub trait TableCatalog: Debug + Send + Sync {
    /// The table; none if there is no such table.
    async fn table(&self, database: &str, name: &str) -> Result<Option<CatalogTable>, StoreError>;

    /// All Iceberg tables of a database.
    async fn tables(&self, database: &str) -> Result<Vec<CatalogTable>, StoreError>;

    /// Creates the entry; [`StoreError::Conflict`] if it exists.
    async fn create_table(&self, table: &CatalogTable, schema: &Schema) -> Result<(), StoreError>;

    /// Moves the pointer from what `before` says to `metadata_location`; [`StoreError::Conflict`] if it moved meanwhile.
    async fn swap(
        &self,
        before: &CatalogTable,
        metadata_location: &str,
        schema: Option<&Schema>,
    ) -> Result<(), StoreError>;
}

/// Why a commit to a table was refused.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// What the writer assumed is no longer so: it may read again and retry.
    #[error("{0}")]
    RequirementFailed(String),
    /// The contract or the envelope forbids it.
    #[error("{detail}")]
    Refused { code: &'static str, detail: String },
    /// The request or the stored metadata makes no sense.
    #[error("{0}")]
    Invalid(String),
}

/// A writer's commit to a table, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// The table's current metadata file.
    pub metadata: &'a [u8],
    /// `s3://…` of that file; it goes into the table's log of metadata.
    pub metadata_location: &'a str,
    /// The body of a REST catalogue's commit-table request: `requirements` and `updates`.
    pub request: &'a serde_json::Value,
    /// The port's registered schema: a writer may add no other column.
    pub schema: &'a Schema,
    /// Whether rows that were written stay.
    pub append_only: bool,
    pub now: Timestamp,
}

/// Works out table metadata; pure, all I/O is the caller's.
pub trait TableFormat: Debug + Send + Sync {
    /// Metadata of a new empty table with `schema` at `location`.
    fn create(&self, location: &str, schema: &Schema, now: Timestamp) -> Result<Vec<u8>, CommitError>;

    /// Metadata with optional fields added and types promoted so that it has `schema`; none if it already does.
    fn evolve(&self, metadata: &[u8], schema: &Schema, now: Timestamp) -> Result<Option<Vec<u8>>, CommitError>;

    /// Metadata of a table that is taken over: with `schema`, which it has already but for optional fields, and with the places for what
    /// writers add; none where nothing is to be changed.
    fn adopt(
        &self,
        metadata: &[u8],
        location: &str,
        schema: &Schema,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, CommitError>;

    /// The schema of a table, as a manifest writes it.
    fn describe(&self, metadata: &[u8]) -> Result<Schema, CommitError>;

    /// The metadata as it was at `snapshot`, for who reads the table as of then: nothing in it tells of later rows; none where the table has no such snapshot.
    fn pinned(&self, metadata: &[u8], snapshot: i64) -> Result<Option<Vec<u8>>, CommitError>;

    /// Metadata after a writer's commit. A commit that was applied before is no error.
    fn commit(&self, commit: &Commit<'_>) -> Result<Vec<u8>, CommitError>;
}

/// The table property by which a writer says up to when the table is complete.
pub const WATERMARK: &str = "mesh.watermark";

/// Up to when the table is complete, as a run that found nothing new says of itself: the table property `mesh.watermark`.
pub fn watermark(metadata: &serde_json::Value) -> Option<Timestamp> {
    metadata.get("properties")?.get(WATERMARK)?.as_str()?.parse().ok()
}

/// When the table last got fresher: the newest ancestor of `main` that added or deleted rows and is not a rewrite.
///
/// `metadata` is an Iceberg metadata file; none where no such snapshot is left.
pub fn newest_data(metadata: &serde_json::Value) -> Option<Timestamp> {
    let snapshots = metadata.get("snapshots")?.as_array()?;
    let by_id =
        |id: i64| snapshots.iter().find(|s| s.get("snapshot-id").and_then(serde_json::Value::as_i64) == Some(id));
    let main = metadata.pointer("/refs/main/snapshot-id").or_else(|| metadata.get("current-snapshot-id"))?.as_i64()?;
    let mut next = by_id(main);
    // Ancestors are finite; the bound keeps a malformed cycle from looping for ever.
    for _ in 0..=snapshots.len() {
        let snapshot = next?;
        let summary = |key: &str| snapshot.pointer(&format!("/summary/{key}")).and_then(serde_json::Value::as_str);
        let count = |key: &str| summary(key).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let changed = count("added-records") + count("deleted-records") + count("added-delete-files") > 0;
        if summary("operation") != Some("replace") && changed {
            return snapshot.get("timestamp-ms")?.as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        }
        next = snapshot.get("parent-snapshot-id").and_then(serde_json::Value::as_i64).and_then(by_id);
    }
    None
}
