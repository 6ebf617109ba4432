//! Stream and schedule events that are malformed: passed over or an error that alarms count, and never a write.

use std::sync::Arc;

use mesh_core::{fakes::FakeEventPublisher, probing::Prober};
use serde_json::{Value, json};

use crate::world::{World, manifest};

/// What is neither a batch of records nor a known trigger.
fn no_events() -> Vec<Value> {
    vec![
        json!({}),
        json!(null),
        json!([]),
        json!("sweep"),
        json!({ "trigger": "other" }),
        json!({ "trigger": null }),
        json!({ "trigger": ["sweep"] }),
        json!({ "Records": "none" }),
        json!({ "Records": { "0": {} } }),
        json!({ "records": [] }),
        json!({ "detail": { "trigger": "sweep" } }),
    ]
}

/// Records that tell of nothing that could be understood.
fn no_records() -> Vec<Value> {
    let record = |keys: Value| json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "1", "Keys": keys } });
    let current = |id: Value| record(json!({ "product_id": id, "revision": { "S": "current" } }));
    vec![
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({ "dynamodb": null }),
        record(json!(null)),
        record(json!({})),
        record(json!({ "product_id": { "S": "operations.plain" } })),
        record(json!({ "product_id": { "S": "operations.plain" }, "revision": { "N": "1" } })),
        current(json!(null)),
        current(json!("operations.plain")),
        current(json!({ "N": "1" })),
        current(json!({ "S": "" })),
        current(json!({ "S": "operations" })),
        current(json!({ "S": "operations.*" })),
        current(json!({ "S": "../operations.plain" })),
        current(json!({ "S": "operations.plain/daily@1" })),
        current(json!({ "S": "Operations.Plain" })),
        current(json!({ "S": "x".repeat(100_000) })),
        current(json!({ "S": "operations.never-registered" })),
    ]
}

#[tokio::test]
async fn what_is_no_event_is_an_error_and_writes_nothing() {
    let world = World::new().await;
    let store = Arc::new(world.store.clone());
    let prober = Prober {
        domains: store.clone(),
        products: store.clone(),
        measurements: store,
        catalog: Arc::new(world.catalog.clone()),
        storage: Arc::new(world.storage.clone()),
        vendor: Arc::new(world.vendor.clone()),
        events: Arc::new(FakeEventPublisher::default()),
        clock: Arc::new(world.clock.clone()),
    };
    let before = world.content();
    for event in no_events() {
        assert!(fn_provisioner::handle(&world.provisioner(), &event).await.is_err(), "provisioner: {event}");
        assert!(fn_indexer::handle(&world.indexer(), &event).await.is_err(), "indexer: {event}");
        assert!(fn_sla_probe::handle(&prober, &event).await.is_err(), "probe: {event}");
    }
    for event in [json!({ "Records": [] }), json!({ "trigger": "sweep" })] {
        assert!(fn_sla_probe::handle(&prober, &event).await.is_err(), "the probe takes its own trigger only: {event}");
    }
    assert_eq!(world.content(), before);
}

#[tokio::test]
async fn records_that_cannot_be_understood_are_passed_over_and_the_good_one_beside_them_counts() {
    let world = World::new().await;
    let before = world.content();
    let batch = json!({ "Records": no_records() });
    for answer in [
        fn_provisioner::handle(&world.provisioner(), &batch).await.unwrap(),
        fn_indexer::handle(&world.indexer(), &batch).await.unwrap(),
    ] {
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "they would come again and again, and block the shard");
    }
    assert_eq!(world.content(), before);

    let text = manifest("operations", "new", "company", "internal");
    let call = crate::world::Call::new("operations-owner", &mesh_api::routes::PRODUCT_REGISTER, "/products").body(text);
    assert_eq!(world.send(&call).await.status, 202);
    let good = json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "9",
        "Keys": { "product_id": { "S": "operations.new" }, "revision": { "S": "current" } } } });
    let mut records = no_records();
    records.insert(3, good);
    let batch = json!({ "Records": records });
    fn_provisioner::handle(&world.provisioner(), &batch).await.unwrap();
    fn_indexer::handle(&world.indexer(), &batch).await.unwrap();
    let read = crate::world::Call::new("operations-owner", &mesh_api::routes::PRODUCT_READ, "/products/operations.new");
    let product = world.send(&read).await.json();
    assert_eq!((&product["status"], &product["indexed_revision"]), (&json!("active"), &json!(1)), "{product}");
}
