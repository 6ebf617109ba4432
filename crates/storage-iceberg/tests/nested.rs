//! Tables whose columns are made of others, keyed and partitioned: made, grown, described, and taken over in place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use jiff::Timestamp;
use mesh_core::table_catalog::{CommitError, TableFormat};
use mesh_manifest::Schema;
use mesh_storage_iceberg::IcebergFormat;
use serde_json::{Value, json};

const LOCATION: &str = "s3://mesh-operations/flights/daily/v1";

fn schema(value: Value) -> Schema {
    serde_json::from_value(value).unwrap()
}

fn flights() -> Value {
    json!({
        "primaryKey": ["flight"],
        "partitionBy": ["day(departure)", "bucket(8, flight)"],
        "fields": [
            { "name": "flight", "type": "string", "required": true, "description": "Number" },
            { "name": "departure", "type": "timestamptz", "required": true },
            { "name": "legs", "type": "list", "items": { "type": "struct", "required": true, "fields": [
                { "name": "airport", "type": "string", "required": true },
                { "name": "minutes", "type": "int" },
            ] } },
            { "name": "codes", "type": "map", "keys": { "type": "string", "required": true }, "values": { "type": "int" } },
        ],
    })
}

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn created(value: Value) -> Vec<u8> {
    IcebergFormat.create(LOCATION, &schema(value), now()).unwrap()
}

/// The schema as it was asked for: numbers are the table's.
fn without_ids(mut schema: Schema) -> Schema {
    fn clear(fields: &mut [mesh_manifest::Field]) {
        for field in fields {
            field.id = None;
            clear(&mut field.fields);
            for element in [&mut field.items, &mut field.keys, &mut field.values].into_iter().flatten() {
                clear(&mut element.fields);
            }
        }
    }
    clear(&mut schema.fields);
    schema
}

#[test]
fn a_table_has_what_its_manifest_says_and_is_described_so() {
    let described = IcebergFormat.describe(&created(flights())).unwrap();
    let ids: Vec<_> = described.fields.iter().map(|field| field.id.unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert_eq!(without_ids(described), schema(flights()));
    let metadata: Value = serde_json::from_slice(&created(flights())).unwrap();
    assert_eq!(metadata["partition-specs"][0]["fields"][0]["transform"], "day");
    assert_eq!(metadata["partition-specs"][0]["fields"][1]["transform"], "bucket[8]");
    assert_eq!(metadata["schemas"][0]["identifier-field-ids"].as_array().unwrap().len(), 1);
}

#[test]
fn what_lies_within_grows_as_what_stands_beside() {
    let mut wanted = flights();
    let leg = &mut wanted["fields"][2]["items"]["fields"];
    leg[1]["type"] = json!("long");
    leg.as_array_mut().unwrap().push(json!({ "name": "gate", "type": "string" }));
    wanted["fields"][3]["values"]["type"] = json!("long");
    let before = created(flights());
    let after = IcebergFormat.evolve(&before, &schema(wanted.clone()), now()).unwrap().unwrap();
    assert_eq!(without_ids(IcebergFormat.describe(&after).unwrap()), schema(wanted.clone()));
    assert_eq!(IcebergFormat.evolve(&after, &schema(wanted), now()).unwrap(), None, "once is enough");
    let (old, new) = (IcebergFormat.describe(&before).unwrap(), IcebergFormat.describe(&after).unwrap());
    let leg = |schema: &Schema| schema.fields[2].items.as_ref().unwrap().fields.clone();
    assert_eq!(leg(&old)[0].id, leg(&new)[0].id, "a column keeps its number");
    let numbers = |schema: &Schema| schema.flat().len();
    assert_eq!(numbers(&new), numbers(&old) + 1);
    assert!(leg(&new)[2].id > leg(&old)[1].id, "a new one has a number that none had");
}

#[test]
fn what_would_break_readers_within_a_column_is_refused() {
    let before = created(flights());
    let edits: [(&str, Value, &str); 6] = [
        (
            "/fields/2/items/fields",
            json!([{ "name": "airport", "type": "string", "required": true }]),
            "iceberg.field_removed",
        ),
        ("/fields/2/items/fields/0/required", json!(false), "iceberg.required_changed"),
        ("/fields/2/items/fields/1/type", json!("string"), "iceberg.type_changed"),
        ("/fields/2/items/required", json!(false), "iceberg.required_changed"),
        ("/fields/3/keys/type", json!("int"), "iceberg.type_changed"),
        ("/fields/3/values/type", json!("string"), "iceberg.type_changed"),
    ];
    for (pointer, value, expected) in edits {
        let mut wanted = flights();
        *wanted.pointer_mut(pointer).unwrap() = value;
        match IcebergFormat.evolve(&before, &schema(wanted), now()) {
            Err(CommitError::Refused { code, .. }) => assert_eq!(code, expected, "{pointer}"),
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

#[test]
fn a_table_is_taken_over_where_it_is_or_not_at_all() {
    let legacy = created(flights());
    let adopted = IcebergFormat.adopt(&legacy, LOCATION, &schema(flights()), now()).unwrap();
    assert_eq!(adopted, None, "it has the places for what writers add already");
    let mut stripped: Value = serde_json::from_slice(&legacy).unwrap();
    stripped["properties"] = json!({ "owner": "somebody" });
    let stripped = serde_json::to_vec(&stripped).unwrap();
    let adopted = IcebergFormat.adopt(&stripped, LOCATION, &schema(flights()), now()).unwrap().unwrap();
    let adopted: Value = serde_json::from_slice(&adopted).unwrap();
    assert_eq!(adopted["properties"]["write.metadata.path"], format!("{LOCATION}/manifests"));
    assert_eq!(adopted["properties"]["owner"], "somebody");
    let before: Value = serde_json::from_slice(&stripped).unwrap();
    for same in ["table-uuid", "location", "snapshots", "current-snapshot-id"] {
        assert_eq!(adopted[same], before[same], "{same}");
    }
    assert!(IcebergFormat.adopt(&legacy, "s3://mesh-operations/elsewhere", &schema(flights()), now()).is_err());
    let mut other = flights();
    other["fields"][0]["type"] = json!("long");
    assert!(IcebergFormat.adopt(&legacy, LOCATION, &schema(other), now()).is_err());
}
