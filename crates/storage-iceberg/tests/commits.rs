//! Commits as PyIceberg 0.12 sends them (`pyiceberg/*.json`, recorded), and what a writer might try beyond them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use jiff::Timestamp;
use mesh_core::table_catalog::{Commit, CommitError, TableFormat, newest_data};
use mesh_manifest::Schema;
use mesh_storage_iceberg::IcebergFormat;
use serde_json::{Value, json};

const LOCATION: &str = "s3://b/operations/t";
const CURRENT: &str = "s3://b/operations/t/metadata/00000-a.metadata.json";
/// The recorded table's identity.
const RECORDED_UUID: &str = "0195a0c0-0000-7000-8000-000000000001";
/// When the commits were recorded.
const RECORDED_AT: i64 = 1_795_371_145_000;

/// Changes one value at a JSON pointer of a commit.
type Change = (&'static str, Value);

fn schema(fields: Value) -> Schema {
    serde_json::from_value(json!({ "fields": fields })).unwrap()
}

fn registered() -> Schema {
    schema(json!([{ "name": "id", "type": "long", "required": true }, { "name": "tail", "type": "string" }]))
}

fn registered_with_note() -> Schema {
    schema(json!([
        { "name": "id", "type": "long", "required": true },
        { "name": "tail", "type": "string" },
        { "name": "note", "type": "string" },
    ]))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn parse(metadata: &[u8]) -> Value {
    serde_json::from_slice(metadata).unwrap()
}

/// An empty table with the identity that the recorded commits ask for.
fn table() -> Vec<u8> {
    let created = IcebergFormat.create(LOCATION, &registered(), at(RECORDED_AT - 60_000)).unwrap();
    let mut metadata = parse(&created);
    metadata["table-uuid"] = json!(RECORDED_UUID);
    serde_json::to_vec(&metadata).unwrap()
}

fn recorded(name: &str) -> Value {
    let path = format!("tests/pyiceberg/{name}.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn changed(mut request: Value, changes: &[Change]) -> Value {
    for (pointer, value) in changes {
        *request.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
    }
    request
}

struct Try {
    append_only: bool,
    schema: Schema,
}

impl Default for Try {
    fn default() -> Self {
        Self { append_only: true, schema: registered() }
    }
}

impl Try {
    fn commit(&self, metadata: &[u8], request: &Value) -> Result<Vec<u8>, CommitError> {
        IcebergFormat.commit(&Commit {
            metadata,
            metadata_location: CURRENT,
            request,
            schema: &self.schema,
            append_only: self.append_only,
            now: at(RECORDED_AT),
        })
    }

    /// The code under which the commit is refused.
    fn refusal(&self, metadata: &[u8], request: &Value) -> &'static str {
        match self.commit(metadata, request) {
            Err(CommitError::Refused { code, .. }) => code,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// A commit of `updates` that asserts nothing but the table's identity.
fn request(updates: Value) -> Value {
    json!({ "requirements": [{ "type": "assert-table-uuid", "uuid": RECORDED_UUID }], "updates": updates })
}

/// The recorded append as the one that follows `head`.
fn append_after(metadata: &[u8], snapshot_id: i64) -> Value {
    let metadata = parse(metadata);
    let head = metadata["refs"]["main"]["snapshot-id"].clone();
    let mut request = changed(
        recorded("append"),
        &[
            ("/requirements/0/snapshot-id", head.clone()),
            ("/updates/0/snapshot/snapshot-id", json!(snapshot_id)),
            ("/updates/0/snapshot/sequence-number", json!(metadata["last-sequence-number"].as_i64().unwrap() + 1)),
            ("/updates/1/snapshot-id", json!(snapshot_id)),
        ],
    );
    if !head.is_null() {
        request["updates"][0]["snapshot"]["parent-snapshot-id"] = head;
    }
    request
}

fn appended() -> Vec<u8> {
    Try::default().commit(&table(), &recorded("append")).unwrap()
}

#[test]
fn a_new_table_has_the_schema_and_keeps_writers_out_of_metadata() {
    let metadata = parse(&IcebergFormat.create("s3://b/operations/t/", &registered(), at(1_000)).unwrap());
    assert_eq!(metadata["format-version"], 2);
    assert_eq!(metadata["location"], LOCATION);
    assert_eq!(metadata["last-updated-ms"], 1_000);
    assert_eq!(metadata["properties"]["write.metadata.path"], "s3://b/operations/t/manifests");
    assert_eq!(metadata["properties"]["write.data.path"], "s3://b/operations/t/data");
    let fields = metadata["schemas"][0]["fields"].as_array().unwrap();
    let shown: Vec<_> = fields
        .iter()
        .map(|f| (f["id"].as_i64().unwrap(), f["name"].as_str().unwrap(), f["required"] == true))
        .collect();
    assert_eq!(shown, [(1, "id", true), (2, "tail", false)]);
}

#[test]
fn every_type_of_a_manifest_has_a_column_type() {
    let types = [
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "decimal(10,2)",
        "date",
        "timestamp",
        "timestamptz",
        "string",
        "binary",
    ];
    let fields: Vec<_> =
        types.iter().enumerate().map(|(i, kind)| json!({ "name": format!("f{i}"), "type": kind })).collect();
    let metadata = parse(&IcebergFormat.create(LOCATION, &schema(json!(fields)), at(0)).unwrap());
    let written = metadata["schemas"][0]["fields"].as_array().unwrap();
    let shown: Vec<_> = written.iter().map(|f| f["type"].as_str().unwrap().replace(' ', "")).collect();
    assert_eq!(shown, types);
}

#[test]
fn an_append_moves_the_table_on() {
    let metadata = parse(&appended());
    let snapshot = &recorded("append")["updates"][0]["snapshot"];
    assert_eq!(metadata["current-snapshot-id"], snapshot["snapshot-id"]);
    assert_eq!(metadata["refs"]["main"]["snapshot-id"], snapshot["snapshot-id"]);
    assert_eq!(metadata["last-sequence-number"], 1);
    assert_eq!(metadata["last-updated-ms"], snapshot["timestamp-ms"]);
    assert_eq!(metadata["metadata-log"][0]["metadata-file"], CURRENT);
    assert_eq!(newest_data(&metadata), Some(at(snapshot["timestamp-ms"].as_i64().unwrap())));
}

#[test]
fn appends_follow_one_another() {
    let first = appended();
    let second = Try::default().commit(&first, &append_after(&first, 2)).unwrap();
    let third = Try::default().commit(&second, &append_after(&second, 3)).unwrap();
    let metadata = parse(&third);
    assert_eq!(metadata["last-sequence-number"], 3);
    assert_eq!(metadata["snapshots"].as_array().unwrap().len(), 3);
    assert_eq!(metadata["metadata-log"].as_array().unwrap().len(), 3);
}

#[test]
fn a_pinned_reader_sees_the_table_as_it_was() {
    let first = appended();
    let pinned = parse(&first)["current-snapshot-id"].as_i64().unwrap();
    let grown = IcebergFormat.evolve(&first, &registered_with_note(), at(RECORDED_AT)).unwrap().unwrap();
    let writer = Try { schema: registered_with_note(), ..Try::default() };
    let later = writer.commit(&grown, &append_after(&grown, 77)).unwrap();
    assert_eq!(parse(&later)["current-snapshot-id"], 77);
    let seen = IcebergFormat.pinned(&later, pinned).unwrap().unwrap();
    assert_eq!(IcebergFormat.describe(&seen).unwrap(), IcebergFormat.describe(&first).unwrap(), "its schema of then");
    let (seen, first) = (parse(&seen), parse(&first));
    for part in ["current-snapshot-id", "snapshots", "snapshot-log", "refs", "current-schema-id"] {
        assert_eq!(seen[part], first[part], "{part}");
    }
    // Pinned to the newest, nothing is hidden.
    let newest = IcebergFormat.pinned(&later, 77).unwrap().unwrap();
    assert_eq!(parse(&newest)["snapshots"], parse(&later)["snapshots"]);
    assert_eq!(IcebergFormat.pinned(&later, 78).unwrap(), None);
    assert_eq!(IcebergFormat.pinned(&table(), pinned).unwrap(), None, "an empty table has no snapshot");
}

#[test]
fn a_commit_that_was_applied_is_not_applied_again() {
    let first = appended();
    let second = Try::default().commit(&first, &append_after(&first, 2)).unwrap();
    assert_eq!(Try::default().commit(&first, &recorded("append")).unwrap(), first);
    assert_eq!(Try::default().commit(&second, &recorded("append")).unwrap(), second);
}

#[test]
fn a_writer_cannot_leave_out_what_others_committed() {
    let first = appended();
    let other = changed(
        recorded("append"),
        &[("/updates/0/snapshot/snapshot-id", json!(77)), ("/updates/1/snapshot-id", json!(77))],
    );
    let unasserted = changed(other.clone(), &[("/requirements", json!([]))]);
    let next_number = changed(unasserted.clone(), &[("/updates/0/snapshot/sequence-number", json!(2))]);
    for request in [other, unasserted, next_number] {
        let result = Try::default().commit(&first, &request);
        assert!(matches!(result, Err(CommitError::RequirementFailed(_))), "{result:?}");
    }
}

#[test]
fn what_the_writer_asserts_must_hold() {
    let requirements = [
        json!({ "type": "assert-create" }),
        json!({ "type": "assert-table-uuid", "uuid": "0195a0c0-0000-7000-8000-000000000002" }),
        json!({ "type": "assert-current-schema-id", "current-schema-id": 4 }),
        json!({ "type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 1 }),
        json!({ "type": "assert-last-assigned-field-id", "last-assigned-field-id": 9 }),
    ];
    for requirement in requirements {
        let request = changed(recorded("append"), &[("/requirements", json!([requirement]))]);
        let result = Try::default().commit(&table(), &request);
        assert!(matches!(result, Err(CommitError::RequirementFailed(_))), "{requirement} {result:?}");
    }
}

#[test]
fn a_column_is_added_only_when_it_is_registered() {
    let lax = Try { schema: registered_with_note(), ..Try::default() };
    for name in ["add_optional", "add_and_append"] {
        assert_eq!(Try::default().refusal(&table(), &recorded(name)), "iceberg.field_not_registered");
        let metadata = parse(&lax.commit(&table(), &recorded(name)).unwrap());
        assert_eq!(metadata["current-schema-id"], 1);
        assert_eq!(metadata["last-column-id"], 3);
    }
    let field = "/updates/0/schema/fields/2";
    let tries: [(Change, &str); 3] = [
        ((field, json!({ "id": 3, "name": "note", "type": "string", "required": true })), "iceberg.required_changed"),
        ((field, json!({ "id": 3, "name": "note", "type": "long", "required": false })), "iceberg.type_changed"),
        (
            (field, json!({ "id": 3, "name": "Note", "type": "string", "required": false })),
            "iceberg.field_not_registered",
        ),
    ];
    for (change, code) in tries {
        assert_eq!(lax.refusal(&table(), &changed(recorded("add_optional"), &[change])), code);
    }
    let reused = changed(recorded("add_optional"), &[("/updates/0/schema/fields/2/id", json!(2))]);
    assert!(lax.commit(&table(), &reused).is_err());
}

#[test]
fn readers_columns_stay() {
    let try_it = Try { schema: registered_with_note(), append_only: false };
    assert_eq!(try_it.refusal(&table(), &recorded("drop")), "iceberg.field_removed");
    assert_eq!(try_it.refusal(&table(), &recorded("rename")), "iceberg.field_renamed");
    let first = "/updates/0/schema/fields/0";
    let tries: [(Change, &str); 3] = [
        ((first, json!({ "id": 1, "name": "id", "type": "long", "required": false })), "iceberg.required_changed"),
        ((first, json!({ "id": 1, "name": "id", "type": "int", "required": true })), "iceberg.type_changed"),
        ((first, json!({ "id": 9, "name": "id", "type": "long", "required": true })), "iceberg.field_removed"),
    ];
    for (change, code) in tries {
        assert_eq!(try_it.refusal(&table(), &changed(recorded("add_optional"), &[change])), code);
    }
}

#[test]
fn an_older_schema_cannot_be_brought_back() {
    let lax = Try { schema: registered_with_note(), ..Try::default() };
    let widened = lax.commit(&table(), &recorded("add_optional")).unwrap();
    let back = request(json!([{ "action": "set-current-schema", "schema-id": 0 }]));
    assert_eq!(lax.refusal(&widened, &back), "iceberg.field_removed");
}

#[test]
fn what_is_the_platforms_is_refused() {
    let snapshot_id = recorded("append")["updates"][0]["snapshot"]["snapshot-id"].clone();
    let tries = [
        (json!({ "action": "set-properties", "updates": { "write.data.path": "s3://elsewhere" } }), "iceberg.property"),
        (json!({ "action": "remove-properties", "removals": ["write.metadata.path"] }), "iceberg.property"),
        (json!({ "action": "set-location", "location": "s3://elsewhere" }), "iceberg.location"),
        (json!({ "action": "assign-uuid", "uuid": "0195a0c0-0000-7000-8000-000000000002" }), "iceberg.uuid"),
        (json!({ "action": "upgrade-format-version", "format-version": 3 }), "iceberg.format_version"),
        (
            json!({ "action": "add-spec", "spec": { "fields": [{ "source-id": 1, "name": "p", "transform": "identity" }] } }),
            "iceberg.partition_changed",
        ),
        (json!({ "action": "remove-snapshots", "snapshot-ids": [snapshot_id] }), "iceberg.history"),
        (json!({ "action": "remove-snapshot-ref", "ref-name": "main" }), "iceberg.ref"),
        (
            json!({ "action": "set-snapshot-ref", "ref-name": "audit", "type": "branch", "snapshot-id": snapshot_id }),
            "iceberg.ref",
        ),
        (
            json!({ "action": "set-snapshot-ref", "ref-name": "main", "type": "tag", "snapshot-id": snapshot_id }),
            "iceberg.ref",
        ),
    ];
    let permissive = Try { append_only: false, schema: registered_with_note() };
    for (update, code) in tries {
        assert_eq!(permissive.refusal(&appended(), &request(json!([update.clone()]))), code, "{update}");
    }
}

#[test]
fn harmless_properties_may_be_set() {
    let update = json!([{ "action": "set-properties", "updates": { "write.parquet.row-group-limit": "1000", "owner": "mesh" } }]);
    let metadata = parse(&Try::default().commit(&table(), &request(update)).unwrap());
    assert_eq!(metadata["properties"]["write.parquet.row-group-limit"], "1000");
    assert_eq!(metadata["last-updated-ms"], RECORDED_AT);
}

#[test]
fn main_does_not_go_back() {
    let first = appended();
    let second = Try::default().commit(&first, &append_after(&first, 2)).unwrap();
    let back_to = parse(&first)["current-snapshot-id"].clone();
    let back = json!([{ "action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": back_to }]);
    let mutable = Try { append_only: false, ..Try::default() };
    assert_eq!(mutable.refusal(&second, &request(back)), "iceberg.rollback");
}

#[test]
fn a_snapshot_is_not_staged() {
    let mut request = recorded("append");
    request["updates"].as_array_mut().unwrap().pop();
    assert_eq!(Try::default().refusal(&table(), &request), "iceberg.ref");
}

#[test]
fn rows_of_an_append_only_port_stay() {
    let first = appended();
    let summary = |operation: &str, added: &str, deleted: &str| json!({ "operation": operation, "added-records": added, "deleted-records": deleted });
    let with = |summary: Value| changed(append_after(&first, 2), &[("/updates/0/snapshot/summary", summary)]);
    let append_only = Try::default();
    let mutable = Try { append_only: false, ..Try::default() };
    for operation in ["overwrite", "delete"] {
        let request = with(summary(operation, "0", "1"));
        assert_eq!(append_only.refusal(&first, &request), "iceberg.append_only");
        assert!(mutable.commit(&first, &request).is_ok());
    }
    assert_eq!(append_only.refusal(&first, &with(summary("append", "1", "1"))), "iceberg.append_only");
    assert_eq!(mutable.refusal(&first, &with(summary("replace", "1", "2"))), "iceberg.rewrite");
    let compacted = append_only.commit(&first, &with(summary("replace", "1", "1"))).unwrap();
    assert_eq!(newest_data(&parse(&compacted)), newest_data(&parse(&first)), "a compaction makes data no fresher");
}

#[test]
fn an_overwrite_in_two_snapshots_is_one_commit() {
    let first = appended();
    let delete = append_after(&first, 2);
    let mut both = changed(
        delete.clone(),
        &[("/updates/0/snapshot/summary", json!({ "operation": "delete", "deleted-records": "1" }))],
    );
    let mut append = delete["updates"].as_array().unwrap().clone();
    append[0]["snapshot"]["snapshot-id"] = json!(3);
    append[0]["snapshot"]["parent-snapshot-id"] = json!(2);
    append[0]["snapshot"]["sequence-number"] = json!(3);
    append[1]["snapshot-id"] = json!(3);
    both["updates"].as_array_mut().unwrap().extend(append);
    assert_eq!(Try::default().refusal(&first, &both), "iceberg.append_only");
    let mutable = Try { append_only: false, ..Try::default() };
    assert_eq!(parse(&mutable.commit(&first, &both).unwrap())["current-snapshot-id"], 3);
}

#[test]
fn manifests_lie_where_writers_write() {
    let elsewhere = [
        "s3://other/manifests/snap.avro",
        "s3://b/operations/t2/manifests/snap.avro",
        "s3://b/operations/t/manifests/../../u/manifests/snap.avro",
        "s3://b/operations/t/manifests//snap.avro",
        "s3://b/operations/t/manifests/",
        "s3://b/operations/t/manifests/a%2f..%2fsnap.avro",
        "s3://b/operations/t/metadata/snap.avro",
        "s3a://b/operations/t/manifests/snap.avro",
        "file:///etc/passwd",
    ];
    for place in elsewhere {
        let request = changed(recorded("append"), &[("/updates/0/snapshot/manifest-list", json!(place))]);
        assert_eq!(Try::default().refusal(&table(), &request), "iceberg.location", "{place}");
    }
}

#[test]
fn freshness_cannot_be_dated_ahead() {
    let ahead =
        |millis: i64| changed(recorded("append"), &[("/updates/0/snapshot/timestamp-ms", json!(RECORDED_AT + millis))]);
    assert!(Try::default().commit(&table(), &ahead(59_000)).is_ok());
    assert_eq!(Try::default().refusal(&table(), &ahead(61_000)), "iceberg.snapshot_time");
    assert_eq!(Try::default().refusal(&table(), &ahead(i64::MAX - RECORDED_AT)), "iceberg.snapshot_time");
}

#[test]
fn nonsense_is_called_that() {
    let nonsense = [
        json!(null),
        json!([]),
        json!({ "updates": [] }),
        json!({ "requirements": [], "updates": {} }),
        json!({ "requirements": [{ "type": "assert-nothing" }], "updates": [] }),
        json!({ "requirements": [], "updates": [{ "action": "drop-everything" }] }),
        json!({ "requirements": [], "updates": vec![json!({ "action": "remove-statistics", "snapshot-id": 1 }); 101] }),
        changed(recorded("append"), &[("/updates/0/snapshot/sequence-number", json!(i64::MAX))]),
        changed(recorded("append"), &[("/updates/0/snapshot/summary", json!({ "operation": "invent" }))]),
    ];
    for request in nonsense {
        let result = Try::default().commit(&table(), &request);
        assert!(matches!(result, Err(CommitError::Invalid(_))), "{request} {result:?}");
    }
    assert!(matches!(Try::default().commit(b"{}", &recorded("append")), Err(CommitError::Invalid(_))));
}

#[test]
fn a_table_evolves_to_a_wider_schema() {
    let old = schema(json!([
        { "name": "a", "type": "int", "required": true },
        { "name": "b", "type": "float" },
        { "name": "c", "type": "decimal(10,2)" },
    ]));
    let new = schema(json!([
        { "name": "note", "type": "string", "description": "What to know." },
        { "name": "a", "type": "long", "required": true, "description": "The id." },
        { "name": "b", "type": "double" },
        { "name": "c", "type": "decimal(12,2)" },
    ]));
    let table = IcebergFormat.create(LOCATION, &old, at(0)).unwrap();
    assert_eq!(IcebergFormat.evolve(&table, &old, at(1)).unwrap(), None);
    let evolved = IcebergFormat.evolve(&table, &new, at(2)).unwrap().unwrap();
    let metadata = parse(&evolved);
    assert_eq!(metadata["last-updated-ms"], 2);
    let current = metadata["schemas"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["schema-id"] == metadata["current-schema-id"])
        .unwrap();
    let shown: Vec<_> = current["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["id"].as_i64().unwrap(), f["name"].as_str().unwrap(), f["type"].as_str().unwrap().replace(' ', "")))
        .collect();
    let expected = [(1, "a", "long"), (2, "b", "double"), (3, "c", "decimal(12,2)"), (4, "note", "string")];
    assert_eq!(shown, expected.map(|(id, name, kind)| (id, name, kind.to_owned())));
    assert_eq!(current["fields"][0]["doc"], "The id.");
    assert_eq!(IcebergFormat.evolve(&evolved, &new, at(3)).unwrap(), None, "evolving twice changes nothing");
}

#[test]
fn a_table_does_not_evolve_to_a_narrower_schema() {
    let tries = [
        (json!([{ "name": "id", "type": "long", "required": true }]), "iceberg.field_removed"),
        (
            json!([{ "name": "id", "type": "int", "required": true }, { "name": "tail", "type": "string" }]),
            "iceberg.type_changed",
        ),
        (json!([{ "name": "id", "type": "long" }, { "name": "tail", "type": "string" }]), "iceberg.required_changed"),
        (
            json!([
                { "name": "id", "type": "long", "required": true },
                { "name": "tail", "type": "string" },
                { "name": "x", "type": "int", "required": true },
            ]),
            "iceberg.required_changed",
        ),
    ];
    for (fields, code) in tries {
        match IcebergFormat.evolve(&table(), &schema(fields), at(1)) {
            Err(CommitError::Refused { code: found, .. }) => assert_eq!(found, code),
            other => panic!("{code}: {other:?}"),
        }
    }
}
