//! Snapshots that a writer adds: where they stand in the table's history, and what they may do to its rows.

use iceberg::spec::{Operation, Snapshot};
use jiff::Timestamp;
use mesh_core::table_catalog::CommitError;

use crate::{MANIFESTS, refused};

/// How far a writer's clock may be ahead: freshness is measured by snapshots' times.
const CLOCK_TOLERANCE_MS: i64 = 60_000;

/// Where `main` stands while a commit's updates are gone through.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The table's location, without a slash at its end.
    pub(crate) location: String,
    pub(crate) append_only: bool,
    pub(crate) now: Timestamp,
    pub(crate) snapshot: Option<i64>,
    pub(crate) sequence_number: i64,
    /// The snapshot that this commit added and has not made current yet.
    pub(crate) pending: Option<i64>,
}

impl Head {
    /// Judges a snapshot that is to follow the head.
    pub(crate) fn add(&mut self, snapshot: &Snapshot) -> Result<(), CommitError> {
        // Whatever a writer asserts or not: it may never leave out what others have committed.
        let parent = self.pending.or(self.snapshot);
        if snapshot.parent_snapshot_id() != parent {
            return Err(CommitError::RequirementFailed(
                "the snapshot does not follow the table's current one".to_owned(),
            ));
        }
        if snapshot.sequence_number() <= self.sequence_number {
            return Err(CommitError::RequirementFailed("the snapshot's sequence number is already used".to_owned()));
        }
        if snapshot.sequence_number() > self.sequence_number + 1 {
            return Err(CommitError::Invalid("the snapshot's sequence number is not the next one".to_owned()));
        }
        if snapshot.timestamp_ms() > self.now.as_millisecond().saturating_add(CLOCK_TOLERANCE_MS) {
            return Err(refused(
                "iceberg.snapshot_time",
                "the snapshot's time lies in the future: check the writer's clock",
            ));
        }
        self.check_location(snapshot.manifest_list())?;
        if snapshot.encryption_key_id().is_some() {
            return Err(refused("iceberg.encryption", "manifests are encrypted by the bucket's key and by no other"));
        }
        self.check_rows(snapshot)?;
        self.pending = Some(snapshot.snapshot_id());
        self.sequence_number = snapshot.sequence_number();
        Ok(())
    }

    /// Judges where `main` is to point.
    pub(crate) fn set(&mut self, snapshot_id: i64) -> Result<(), CommitError> {
        match self.pending.or(self.snapshot) {
            Some(next) if next == snapshot_id => {
                self.snapshot = Some(snapshot_id);
                self.pending = None;
                Ok(())
            }
            _ => Err(refused("iceberg.rollback", "`main` only moves to a snapshot that the same commit appends to it")),
        }
    }

    /// Judges whether a manifest or statistics file lies where writers write.
    pub(crate) fn check_location(&self, file: &str) -> Result<(), CommitError> {
        let below = file.strip_prefix(&self.location).and_then(|rest| rest.strip_prefix('/'));
        let name = below.and_then(|rest| rest.strip_prefix(MANIFESTS)).and_then(|rest| rest.strip_prefix('/'));
        let plain = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=".contains(&b))
        };
        if name.is_some_and(|name| name.split('/').all(plain)) {
            return Ok(());
        }
        let detail = format!("manifests and statistics belong below `{}/{MANIFESTS}/`", self.location);
        Err(refused("iceberg.location", detail))
    }

    /// What a snapshot says about rows is its writer's word; files are not read here.
    fn check_rows(&self, snapshot: &Snapshot) -> Result<(), CommitError> {
        let summary = snapshot.summary();
        let count =
            |key: &str| summary.additional_properties.get(key).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
        let same_rows = count("added-records") == count("deleted-records");
        let deletes =
            count("added-delete-files") + count("added-equality-deletes") + count("added-position-deletes") > 0;
        match summary.operation {
            Operation::Replace if !same_rows || deletes => {
                Err(refused("iceberg.rewrite", "a rewrite of files may not change rows"))
            }
            Operation::Replace => Ok(()),
            Operation::Append if count("deleted-records") + count("deleted-data-files") > 0 || deletes => {
                Err(refused("iceberg.append_only", "an append may not delete rows"))
            }
            Operation::Append => Ok(()),
            Operation::Overwrite | Operation::Delete if self.append_only => {
                let operation = summary.operation.as_str();
                let detail = format!(
                    "the product is append-only: the operation `{operation}` would change rows that were written"
                );
                Err(refused("iceberg.append_only", detail))
            }
            Operation::Overwrite | Operation::Delete => Ok(()),
        }
    }
}
