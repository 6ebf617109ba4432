//! A table as it was at one of its snapshots.

use std::collections::BTreeSet;

use mesh_core::table_catalog::{CommitError, WATERMARK};
use serde_json::{Value, json};

use crate::{invalid, read};

/// The metadata with `snapshot` as the current one, in its schema where it tells one, and without what tells of later rows; none where
/// the table has no such snapshot.
pub(crate) fn at(metadata: &[u8], snapshot: i64) -> Result<Option<Vec<u8>>, CommitError> {
    let table = read(metadata)?;
    let Some(pinned) = table.snapshot_by_id(snapshot) else { return Ok(None) };
    let mut kept = BTreeSet::from([snapshot]);
    let mut parent = pinned.parent_snapshot_id();
    while let Some(id) = parent.filter(|id| kept.insert(*id)) {
        parent = table.snapshot_by_id(id).and_then(|snapshot| snapshot.parent_snapshot_id());
    }
    let mut value: Value = serde_json::from_slice(metadata).map_err(invalid)?;
    let is_kept = |entry: &Value| entry.get("snapshot-id").and_then(Value::as_i64).is_some_and(|id| kept.contains(&id));
    let object = value.as_object_mut().ok_or_else(|| invalid("the table's metadata is no object"))?;
    for list in ["snapshots", "snapshot-log", "statistics", "partition-statistics"] {
        if let Some(Value::Array(entries)) = object.get_mut(list) {
            entries.retain(is_kept);
        }
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.remove(WATERMARK);
    }
    object.insert("current-snapshot-id".to_owned(), json!(snapshot));
    object.insert("refs".to_owned(), json!({ "main": { "snapshot-id": snapshot, "type": "branch" } }));
    if let Some(schema) = pinned.schema_id() {
        object.insert("current-schema-id".to_owned(), json!(schema));
    }
    // Clients read the order that writers keep by the current schema, which may not have its columns yet. Who reads needs none.
    object.insert("default-sort-order-id".to_owned(), json!(UNSORTED));
    object.insert("sort-orders".to_owned(), json!([{ "order-id": UNSORTED, "fields": [] }]));
    serde_json::to_vec(&value).map(Some).map_err(invalid)
}

/// The order that is none, by Iceberg's specification.
const UNSORTED: i64 = 0;
