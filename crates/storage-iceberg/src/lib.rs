//! The Iceberg table format: metadata of new tables, their evolution, and commits of writers judged against the registered schema.
//!
//! Everything here is pure: the caller reads and writes the files. What a commit may do:
//! - append snapshots to `main` (any operation where the port is mutable), and rewrite files without changing rows;
//! - add an optional column, or promote a column's type, where the registered schema already has it so;
//! - set properties that steer writers, sort orders, and statistics of snapshots.
//!
//! Everything else is refused with a code that starts with `iceberg.`: what is not known to be harmless to readers is not done.

mod commit;
mod described;
mod pinned;
mod schema;
mod snapshot;

use std::collections::HashMap;

use iceberg::spec::{FormatVersion, SortOrder, TableMetadata, TableMetadataBuilder};
use jiff::Timestamp;
use mesh_core::table_catalog::{Commit, CommitError, TableFormat};
use mesh_manifest::Schema;
use serde_json::Value;

/// The Iceberg table format, version 2.
#[derive(Debug, Clone, Copy, Default)]
pub struct IcebergFormat;

/// Where writers put manifests and manifest lists, below the table's location: they have no right on `metadata/`.
const MANIFESTS: &str = "manifests";
/// Where writers put data files, below the table's location.
const DATA: &str = "data";

impl TableFormat for IcebergFormat {
    fn create(&self, location: &str, schema: &Schema, now: Timestamp) -> Result<Vec<u8>, CommitError> {
        let location = location.trim_end_matches('/');
        let properties = HashMap::from([
            ("owner".to_owned(), "mesh".to_owned()),
            ("write.metadata.path".to_owned(), format!("{location}/{MANIFESTS}")),
            ("write.data.path".to_owned(), format!("{location}/{DATA}")),
            ("write.parquet.compression-codec".to_owned(), "zstd".to_owned()),
        ]);
        let table = schema::new(schema)?;
        let partitions = schema::partitions(schema, &table)?.unwrap_or_default();
        let built = TableMetadataBuilder::new(
            table,
            partitions,
            SortOrder::unsorted_order(),
            location.to_owned(),
            FormatVersion::V2,
            properties,
        )
        .and_then(TableMetadataBuilder::build)
        .map_err(invalid)?;
        write(&built.metadata, Some(now))
    }

    fn evolve(&self, metadata: &[u8], schema: &Schema, now: Timestamp) -> Result<Option<Vec<u8>>, CommitError> {
        let table = read(metadata)?;
        let Some(evolved) = schema::evolved(&table, schema)? else { return Ok(None) };
        let built = table
            .into_builder(None)
            .add_current_schema(evolved)
            .and_then(TableMetadataBuilder::build)
            .map_err(invalid)?;
        write(&built.metadata, Some(now)).map(Some)
    }

    fn adopt(
        &self,
        metadata: &[u8],
        location: &str,
        schema: &Schema,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, CommitError> {
        let table = read(metadata)?;
        if table.location().trim_end_matches('/') != location {
            return Err(invalid(format!("the table says that it lies at `{}`", table.location())));
        }
        let evolved = schema::evolved(&table, schema)?;
        let wanted = HashMap::from([
            ("write.metadata.path".to_owned(), format!("{location}/{MANIFESTS}")),
            ("write.data.path".to_owned(), format!("{location}/{DATA}")),
        ]);
        let placed = wanted.iter().all(|(name, value)| table.properties().get(name) == Some(value));
        if evolved.is_none() && placed {
            return Ok(None);
        }
        let mut builder = table.into_builder(None).set_properties(wanted).map_err(invalid)?;
        if let Some(evolved) = evolved {
            builder = builder.add_current_schema(evolved).map_err(invalid)?;
        }
        let built = builder.build().map_err(invalid)?;
        write(&built.metadata, Some(now)).map(Some)
    }

    fn describe(&self, metadata: &[u8]) -> Result<Schema, CommitError> {
        described::schema(&read(metadata)?)
    }

    fn pinned(&self, metadata: &[u8], snapshot: i64) -> Result<Option<Vec<u8>>, CommitError> {
        pinned::at(metadata, snapshot)
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Vec<u8>, CommitError> {
        commit::commit(commit)
    }
}

fn read(metadata: &[u8]) -> Result<TableMetadata, CommitError> {
    serde_json::from_slice(metadata)
        .map_err(|error| CommitError::Invalid(format!("the table's metadata cannot be read: {error}")))
}

/// The metadata file's bytes; `updated` is set as the time of the change where no snapshot tells it.
fn write(metadata: &TableMetadata, updated: Option<Timestamp>) -> Result<Vec<u8>, CommitError> {
    let mut value = serde_json::to_value(metadata).map_err(invalid)?;
    if let (Some(updated), Some(object)) = (updated, value.as_object_mut()) {
        object.insert("last-updated-ms".to_owned(), Value::from(updated.as_millisecond()));
    }
    serde_json::to_vec(&value).map_err(invalid)
}

fn invalid(error: impl ToString) -> CommitError {
    CommitError::Invalid(error.to_string())
}

fn refused(code: &'static str, detail: impl Into<String>) -> CommitError {
    CommitError::Refused { code, detail: detail.into() }
}
