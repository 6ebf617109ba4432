//! Commits: a writer's requirements and updates, each judged before it is applied, and the result judged once more.

use std::collections::HashMap;

use iceberg::{
    TableRequirement, TableUpdate,
    spec::{MAIN_BRANCH, Schema as TableSchema, Snapshot, TableMetadata, TableMetadataBuilder},
};
use mesh_core::table_catalog::{Commit, CommitError, WATERMARK};
use mesh_manifest::Schema;
use serde_json::Value;

use crate::{invalid, read, refused, schema, snapshot::Head, write};

/// What one commit may ask for; real ones have a handful of updates.
const MAX_UPDATES: usize = 100;

/// Properties that steer writers and leave readers alone, by prefix.
const HARMLESS_PROPERTIES: [&str; 9] = [
    "commit.retry.",
    WATERMARK,
    "read.",
    "write.delete.",
    "write.distribution-mode",
    "write.merge.",
    "write.parquet.",
    "write.target-file-size-bytes",
    "write.update.",
];

/// The metadata file after the commit.
pub(crate) fn commit(commit: &Commit<'_>) -> Result<Vec<u8>, CommitError> {
    let before = read(commit.metadata)?;
    let (requirements, updates) = parse(commit.request)?;
    if is_applied(&before, &updates) {
        return Ok(commit.metadata.to_vec());
    }
    for requirement in &requirements {
        requirement.check(Some(&before)).map_err(|error| {
            let message = error.message();
            CommitError::RequirementFailed(message.strip_prefix("Requirement failed: ").unwrap_or(message).to_owned())
        })?;
    }
    let mut judge = Judge::new(&before, commit);
    let mut builder = before.clone().into_builder(Some(commit.metadata_location.to_owned()));
    for update in updates {
        judge.judge(&update)?;
        builder = update.apply(builder).map_err(invalid)?;
    }
    judge.finish()?;
    let after = builder.build().map_err(invalid)?.metadata;
    check_result(&before, &after, commit.schema)?;
    write(&after, (!judge.added_snapshot).then_some(commit.now))
}

fn parse(request: &Value) -> Result<(Vec<TableRequirement>, Vec<TableUpdate>), CommitError> {
    let requirements = list(request, "requirements")?;
    let updates = list(request, "updates")?;
    Ok((requirements, updates))
}

fn list<T: serde::de::DeserializeOwned>(request: &Value, name: &str) -> Result<Vec<T>, CommitError> {
    let items = match request.get(name) {
        Some(Value::Array(items)) => items,
        _ => return Err(CommitError::Invalid(format!("`{name}` must be an array"))),
    };
    if items.len() > MAX_UPDATES {
        return Err(CommitError::Invalid(format!("`{name}` has more than {MAX_UPDATES} entries")));
    }
    let parse = |(index, item): (usize, &Value)| {
        serde_json::from_value(item.clone())
            .map_err(|error| CommitError::Invalid(format!("`/{name}/{index}` cannot be read: {error}")))
    };
    items.iter().enumerate().map(parse).collect()
}

/// Whether all that the commit adds is in the table's history: a writer that lost the answer sends the same again.
fn is_applied(table: &TableMetadata, updates: &[TableUpdate]) -> bool {
    let mut added = updates.iter().filter_map(|update| match update {
        TableUpdate::AddSnapshot { snapshot } => Some(snapshot),
        _ => None,
    });
    let known = |snapshot: &Snapshot| {
        table.snapshot_by_id(snapshot.snapshot_id()).is_some_and(|stored| {
            stored.manifest_list() == snapshot.manifest_list()
                && stored.parent_snapshot_id() == snapshot.parent_snapshot_id()
                && stored.sequence_number() == snapshot.sequence_number()
                && stored.timestamp_ms() == snapshot.timestamp_ms()
        })
    };
    let any = updates.iter().any(|update| matches!(update, TableUpdate::AddSnapshot { .. }));
    any && added.all(known)
}

/// Goes through a commit's updates, knowing what the ones before did.
struct Judge<'a> {
    table: &'a TableMetadata,
    registered: &'a Schema,
    head: Head,
    added_schema: Option<TableSchema>,
    added_snapshot: bool,
}

impl<'a> Judge<'a> {
    fn new(table: &'a TableMetadata, commit: &Commit<'a>) -> Self {
        let head = Head {
            location: table.location().trim_end_matches('/').to_owned(),
            append_only: commit.append_only,
            now: commit.now,
            snapshot: table.current_snapshot_id(),
            sequence_number: table.last_sequence_number(),
            pending: None,
        };
        Self { table, registered: commit.schema, head, added_schema: None, added_snapshot: false }
    }

    fn judge(&mut self, update: &TableUpdate) -> Result<(), CommitError> {
        match update {
            TableUpdate::AddSnapshot { snapshot } => {
                self.added_snapshot = true;
                self.head.add(snapshot)
            }
            TableUpdate::SetSnapshotRef { ref_name, reference } if ref_name == MAIN_BRANCH && reference.is_branch() => {
                self.head.set(reference.snapshot_id)
            }
            TableUpdate::SetSnapshotRef { .. } | TableUpdate::RemoveSnapshotRef { .. } => {
                Err(refused("iceberg.ref", "the table has one branch, `main`, and no tags"))
            }
            TableUpdate::AddSchema { schema } => {
                schema::judge(self.table, schema, self.registered)?;
                self.added_schema = Some(schema.clone());
                Ok(())
            }
            TableUpdate::SetCurrentSchema { schema_id } => self.judge_schema(*schema_id),
            TableUpdate::SetProperties { updates } => self.judge_properties(updates),
            TableUpdate::RemoveProperties { removals } => removals.iter().try_for_each(|name| judge_property(name)),
            // Sort orders say how files should be written; nobody's reading depends on them.
            TableUpdate::AddSortOrder { .. } | TableUpdate::SetDefaultSortOrder { .. } => Ok(()),
            TableUpdate::SetStatistics { statistics } => self.head.check_location(&statistics.statistics_path),
            TableUpdate::SetPartitionStatistics { partition_statistics } => {
                self.head.check_location(&partition_statistics.statistics_path)
            }
            TableUpdate::RemoveStatistics { .. } | TableUpdate::RemovePartitionStatistics { .. } => Ok(()),
            TableUpdate::AssignUuid { uuid } if *uuid == self.table.uuid() => Ok(()),
            TableUpdate::AssignUuid { .. } => Err(refused("iceberg.uuid", "the table's identity may not change")),
            TableUpdate::UpgradeFormatVersion { format_version } if *format_version == self.table.format_version() => {
                Ok(())
            }
            TableUpdate::UpgradeFormatVersion { .. } => {
                Err(refused("iceberg.format_version", "the table's format version may not change"))
            }
            TableUpdate::SetLocation { location } if location.trim_end_matches('/') == self.head.location => Ok(()),
            TableUpdate::SetLocation { .. } => Err(refused("iceberg.location", "the table's location may not change")),
            TableUpdate::SetDefaultSpec { spec_id } if *spec_id == self.table.default_partition_spec_id() => Ok(()),
            TableUpdate::AddSpec { .. } | TableUpdate::SetDefaultSpec { .. } => {
                Err(refused("iceberg.partition_changed", "the table's partitioning may not change"))
            }
            TableUpdate::RemoveSnapshots { .. }
            | TableUpdate::RemoveSchemas { .. }
            | TableUpdate::RemovePartitionSpecs { .. } => {
                Err(refused("iceberg.history", "the table's history is not its writers' to remove"))
            }
            TableUpdate::AddEncryptionKey { .. } | TableUpdate::RemoveEncryptionKey { .. } => {
                Err(refused("iceberg.encryption", "the table is encrypted by the bucket's key and by no other"))
            }
        }
    }

    fn judge_schema(&self, schema_id: i32) -> Result<(), CommitError> {
        let added = self.added_schema.as_ref();
        let chosen = match self.table.schema_by_id(schema_id) {
            _ if schema_id == TableMetadataBuilder::LAST_ADDED => added,
            Some(known) => Some(known.as_ref()),
            None => added.filter(|schema| schema.schema_id() == schema_id),
        };
        let chosen = chosen.ok_or_else(|| CommitError::Invalid(format!("there is no schema with id {schema_id}")))?;
        schema::judge(self.table, chosen, self.registered)
    }

    fn judge_properties(&self, updates: &HashMap<String, String>) -> Result<(), CommitError> {
        let changed = updates.iter().filter(|(name, value)| self.table.properties().get(*name) != Some(*value));
        changed.map(|(name, _)| name).try_for_each(|name| judge_property(name))
    }

    /// Every snapshot that was added must have become the head: a staged one would wait there for somebody to publish it.
    fn finish(&self) -> Result<(), CommitError> {
        match self.head.pending {
            Some(_) => Err(refused("iceberg.ref", "a snapshot must be appended to `main` by the commit that adds it")),
            None => Ok(()),
        }
    }
}

fn judge_property(name: &str) -> Result<(), CommitError> {
    if HARMLESS_PROPERTIES.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(());
    }
    let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    Err(refused("iceberg.property", format!("property `{shown}` is the platform's to set")))
}

/// Holds the result to what must hold whatever the updates were: nothing rests on having judged each of them rightly.
fn check_result(before: &TableMetadata, after: &TableMetadata, registered: &Schema) -> Result<(), CommitError> {
    let same = before.uuid() == after.uuid()
        && before.location() == after.location()
        && before.format_version() == after.format_version()
        && before.default_partition_spec() == after.default_partition_spec()
        && before.snapshots().all(|snapshot| after.snapshot_by_id(snapshot.snapshot_id()) == Some(snapshot));
    if !same {
        return Err(refused("iceberg.history", "the table's identity, partitioning and history may not change"));
    }
    // Ids of schemas are given out here: a snapshot that names another would be read under the wrong one.
    let written_under = |snapshot: &Snapshot| snapshot.schema_id().is_none_or(|id| after.schema_by_id(id).is_some());
    if !after.snapshots().all(|snapshot| written_under(snapshot)) {
        return Err(CommitError::RequirementFailed("the snapshot was written under another schema".to_owned()));
    }
    schema::judge(before, after.current_schema(), registered)
}
