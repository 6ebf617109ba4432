//! Codes of the Iceberg catalogue: what a commit may not do.

use super::{At, Entry, entry};

const REGISTER_FIRST: &str =
    "Register a new version of the product's manifest with the change, then write by its schema.";
const LEAVE: &str = "Leave it as the table has it; the platform sets it.";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "namespace.not_found",
        &[At::Problem(404)],
        "There is no such namespace or warehouse, or your domain may know of none of its tables.",
        "Namespaces are domains; the only warehouse is `mesh`.",
    ),
    entry(
        "table.not_found",
        &[At::Problem(404)],
        "There is no such table, or your domain may not know of its product.",
        "Tables are called `product__port__v1`, with hyphens as underscores.",
    ),
    entry(
        "iceberg.invalid_commit",
        &[At::Problem(400)],
        "The commit cannot be read, or the table format refuses it.",
        "Use a client that speaks the Iceberg REST protocol; `requirements` and `updates` are lists of at most 100.",
    ),
    entry(
        "iceberg.requirement_failed",
        &[At::Problem(409)],
        "A requirement of the commit does not hold: somebody else wrote meanwhile.",
        "Refresh the table and commit again.",
    ),
    entry(
        "iceberg.contended",
        &[At::Problem(409)],
        "Other writers were faster again and again.",
        "Refresh the table and commit again.",
    ),
    entry(
        "iceberg.commit_state_unknown",
        &[At::Problem(500)],
        "The catalogue did not answer whether the commit was applied: it may have been or not.",
        "Look at the table's snapshots before committing again, and delete no files before.",
    ),
    entry(
        "iceberg.append_only",
        &[At::Problem(400)],
        "The product is append-only, and the commit deletes or replaces rows.",
        "Append only, or register the product as mutable.",
    ),
    entry(
        "iceberg.rewrite",
        &[At::Problem(400)],
        "A rewrite of files (`replace`) changes rows.",
        "Rewrite files without changing rows; delete and append otherwise.",
    ),
    entry(
        "iceberg.rollback",
        &[At::Problem(400)],
        "`main` only moves to a snapshot that the same commit appends to it.",
        "Write the data anew.",
    ),
    entry(
        "iceberg.snapshot_time",
        &[At::Problem(400)],
        "The snapshot's time lies in the future: freshness would be measured wrongly.",
        "Set the writer's clock.",
    ),
    entry(
        "iceberg.ref",
        &[At::Problem(400)],
        "The table has one branch, `main`, and no tags; a snapshot is appended to it by the commit that adds it.",
        "Commit to `main`.",
    ),
    entry(
        "iceberg.history",
        &[At::Problem(400)],
        "The table's identity and history are not its writers' to change or remove.",
        "Leave expiry to the platform.",
    ),
    entry("iceberg.uuid", &[At::Problem(400)], "The table's identity may not change.", LEAVE),
    entry("iceberg.format_version", &[At::Problem(400)], "The table's format version may not change.", LEAVE),
    entry(
        "iceberg.location",
        &[At::Problem(400)],
        "The table's location may not change, and no file may lie outside it.",
        "Write below the table's location, which the catalogue names.",
    ),
    entry("iceberg.partition_changed", &[At::Problem(400)], "The table's partitioning may not change.", LEAVE),
    entry(
        "iceberg.encryption",
        &[At::Problem(400)],
        "The table is encrypted by the bucket's key and by no other.",
        LEAVE,
    ),
    entry(
        "iceberg.property",
        &[At::Problem(400)],
        "The property is the platform's to set.",
        "Set only properties that steer writers, such as `write.parquet.…`.",
    ),
    entry(
        "iceberg.field_not_registered",
        &[At::Problem(400)],
        "A column is not in the registered schema.",
        REGISTER_FIRST,
    ),
    entry(
        "iceberg.field_removed",
        &[At::Problem(400)],
        "A column may not be dropped: consumers read it.",
        REGISTER_FIRST,
    ),
    entry(
        "iceberg.field_renamed",
        &[At::Problem(400)],
        "A column may not be renamed: consumers read it by its name.",
        REGISTER_FIRST,
    ),
    entry(
        "iceberg.field_changed",
        &[At::Problem(400)],
        "A column's documentation, default or other properties differ from the registered schema.",
        REGISTER_FIRST,
    ),
    entry(
        "iceberg.type_changed",
        &[At::Problem(400)],
        "A column's type differs from the registered schema, or changes in a way that old files do not allow.",
        REGISTER_FIRST,
    ),
    entry(
        "iceberg.required_changed",
        &[At::Problem(400)],
        "A column moves between required and optional, or is added as required.",
        REGISTER_FIRST,
    ),
    entry("iceberg.identifier_changed", &[At::Problem(400)], "The fields that identify a row may not change.", LEAVE),
];
