//! Contracts that read one snapshot of their table, as an Iceberg client sees it.

use mesh_api::routes;
use mesh_core::{contract::ContractId, contracts::Verb, object_storage::ObjectStorage, table_catalog::TableCatalog};
use serde_json::{Value, json};

use crate::world::{Call, World, caller, manifest, start};

impl World {
    /// Gives the table of a product of `operations` one more snapshot, and the property by which writers say up to when it is complete.
    pub async fn written(&self, product: &str, snapshot: i64) {
        let table = self.catalog.table("mesh_operations", &format!("{product}__daily__v1")).await.unwrap().unwrap();
        let key = table.metadata_location.strip_prefix("s3://mesh-operations/").unwrap();
        let bytes = self.storage.get(None, "mesh-operations", key).await.unwrap().unwrap();
        let mut metadata: Value = serde_json::from_slice(&bytes).unwrap();
        let mut added = json!({
            "snapshot-id": snapshot, "sequence-number": snapshot, "timestamp-ms": start().as_millisecond() + snapshot,
            "schema-id": 0, "manifest-list": format!("{}/manifests/{snapshot}.avro", table.location),
            "summary": { "operation": "append" },
        });
        if snapshot > 1 {
            added["parent-snapshot-id"] = json!(snapshot - 1);
        }
        let mut snapshots = metadata["snapshots"].as_array().cloned().unwrap_or_default();
        snapshots.push(added);
        metadata["snapshots"] = json!(snapshots);
        metadata["current-snapshot-id"] = json!(snapshot);
        metadata["last-sequence-number"] = json!(snapshot);
        metadata["last-updated-ms"] = json!(start().as_millisecond() + snapshot);
        metadata["refs"] = json!({ "main": { "snapshot-id": snapshot, "type": "branch" } });
        metadata["properties"]["mesh.watermark"] = json!(start().to_string());
        let (folder, _) = key.rsplit_once('/').unwrap();
        let next = format!("{folder}/{snapshot:05}-written.metadata.json");
        let bytes = serde_json::to_vec(&metadata).unwrap();
        self.storage.create("mesh-operations", &next, bytes, "application/json").await.unwrap();
        self.catalog.swap(&table, &format!("s3://mesh-operations/{next}"), None).await.unwrap();
    }
}

const READER: &str = "insights-owner";
const TABLE: &str = "/iceberg/v1/namespaces/operations/tables/flights__daily__v1";

fn pin(contract: &ContractId, snapshot: i64) -> Call {
    Call::new(READER, &routes::CONTRACT_PIN, &format!("/contracts/{contract}/pin"))
        .json(&json!({ "snapshot": snapshot }))
}

/// The table as the reader's client loads it.
async fn loaded(world: &World) -> Value {
    let answer = world.send(&Call::new(READER, &routes::ICEBERG_TABLE, TABLE)).await;
    assert!(answer.status.is_success(), "{}", answer.json());
    answer.json()
}

fn snapshots(loaded: &Value) -> Vec<i64> {
    loaded["metadata"]["snapshots"].as_array().unwrap().iter().map(|it| it["snapshot-id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_pinned_reader_is_given_the_table_as_it_was_until_it_follows_again() {
    let world = World::new().await;
    let contract = world.contract("insights", "operations.flights").await.id;
    let answer = world.send(&pin(&contract, 1)).await;
    assert_eq!(answer.json()["pinned_snapshot"], 1);
    world.written("flights", 2).await;
    let old = loaded(&world).await;
    assert_eq!((&old["metadata"]["current-snapshot-id"], snapshots(&old)), (&json!(1), vec![1]));
    assert!(old.get("metadata-location").is_none(), "its file is the newest: {old}");
    assert!(old["metadata"]["properties"].get("mesh.watermark").is_none(), "it tells of later rows");
    let grant = world
        .send(&Call::new(READER, &routes::PORT_READ, "/products/operations.flights/ports/daily/read"))
        .await
        .json();
    assert_eq!(grant["pinned_snapshot"], 1);
    let unpin = Call::new(READER, &routes::CONTRACT_UNPIN, &format!("/contracts/{contract}/pin"));
    for _ in 0..2 {
        let answer = world.send(&unpin).await;
        assert!(answer.status.is_success() && answer.json().get("pinned_snapshot").is_none(), "{}", answer.json());
    }
    let new = loaded(&world).await;
    assert_eq!((&new["metadata"]["current-snapshot-id"], snapshots(&new)), (&json!(2), vec![1, 2]));
    assert!(new.get("metadata-location").is_some());
}

#[tokio::test]
async fn what_a_pin_would_not_hold_for_is_refused() {
    let world = World::new().await;
    let first = world.contract("insights", "operations.flights").await.id;
    assert_eq!(world.refused(&pin(&first, 7)).await.code, "contract.no_snapshot");
    // The catalogue is told of no purpose: a second contract is not what it reads by.
    let second = world.requested("insights", "operations.flights/daily@1", "operations").await.id;
    assert_eq!(world.refused(&pin(&second, 1)).await.code, "contract.wrong_status", "it is not approved yet");
    world.contracts().decide(&caller("operations", "owner"), &second, Verb::Approve, None).await.unwrap();
    let problem = world.refused(&pin(&second, 1)).await;
    assert_eq!(problem.code, "contract.not_read_by");
    assert!(problem.detail.contains(&first.to_string()), "{problem:?}");
    // Files have no snapshots.
    let files = manifest("operations", "files", "company", "internal").replace("format: iceberg", "format: csv");
    world.active(&files).await;
    let of_files = world.requested("insights", "operations.files/daily@1", "analytics").await.id;
    world.contracts().decide(&caller("operations", "owner"), &of_files, Verb::Approve, None).await.unwrap();
    assert_eq!(world.refused(&pin(&of_files, 1)).await.code, "contract.not_a_table");
}

#[tokio::test]
async fn a_table_that_lost_the_snapshot_is_not_read_otherwise() {
    let world = World::new().await;
    let contract = world.contract("insights", "operations.flights").await;
    // Nothing but work past the mesh takes a snapshot away.
    world.contracts().pin(&caller("insights", "owner"), &contract.id, &contract.port, 7).await.unwrap();
    let problem = world.refused(&Call::new(READER, &routes::ICEBERG_TABLE, TABLE)).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "contract.no_snapshot"));
}
