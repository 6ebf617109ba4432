//! What the indexer makes of stream records and schedules, on the in-memory store and index.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use fn_indexer::handle;
use mesh_core::{
    error::StoreError,
    fakes::{FakeSearchIndex, FakeStore},
    indexing::Indexer,
    product::ProductStore,
    search_index::{Indexed, ProductDocument, SearchAnswer, SearchError, SearchIndex, SearchQuery},
    store_suite::samples,
};
use mesh_manifest::ProductId;
use serde_json::{Value, json};

/// An index that takes no document of the product called `poison`, and counts those that it takes.
#[derive(Debug, Clone, Default)]
struct Index {
    documents: FakeSearchIndex,
    taken: Arc<std::sync::Mutex<Vec<String>>>,
}

#[async_trait]
impl SearchIndex for Index {
    async fn put(&self, document: &ProductDocument) -> Result<(), StoreError> {
        if document.name == "poison" {
            return Err(StoreError::unavailable("index", "not this one"));
        }
        self.taken.lock().expect("no panic").push(document.product_id.to_string());
        self.documents.put(document).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, SearchError> {
        self.documents.search(query).await
    }

    async fn indexed(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, StoreError> {
        self.documents.indexed(products).await
    }

    async fn replace(&self, documents: &[ProductDocument]) -> Result<(), StoreError> {
        self.documents.replace(documents).await
    }
}

struct World {
    store: FakeStore,
    index: Index,
    indexer: Indexer,
}

impl World {
    async fn of(products: &[&str]) -> Self {
        let (store, index) = (FakeStore::default(), Index::default());
        for product in products {
            store.register(&samples::first_registration(product)).await.expect("registered");
        }
        let indexer = Indexer {
            products: Arc::new(store.clone()),
            measurements: Arc::new(store.clone()),
            search: Arc::new(index.clone()),
        };
        Self { store, index, indexer }
    }

    async fn send(&self, records: &[Value]) -> Vec<String> {
        let answer = handle(&self.indexer, &json!({ "Records": records })).await.expect("a batch is always answered");
        let failures = answer["batchItemFailures"].as_array().expect("a list").clone();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("a text").to_owned()).collect()
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.index.taken.lock().expect("no panic"))
    }

    fn revision(&self, product: &str) -> Option<u64> {
        self.index.documents.document(&id(product)).map(|document| document.revision)
    }
}

fn id(product: &str) -> ProductId {
    product.parse().expect("a product id")
}

/// A record of the stream of `data_products`, as Lambda hands it over.
fn record(sequence: &str, product: &str, item: &str, before: Option<(u64, &str)>, after: (u64, &str)) -> Value {
    let image = |(revision, status): (u64, &str)| json!({ "registered_revision": { "N": revision.to_string() }, "status": { "S": status } });
    let mut record = json!({
        "eventID": sequence,
        "eventName": if before.is_some() { "MODIFY" } else { "INSERT" },
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": sequence,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "Keys": { "product_id": { "S": product }, "revision": { "S": item } },
            "NewImage": image(after),
        },
    });
    if let Some(before) = before {
        record["dynamodb"]["OldImage"] = image(before);
    }
    record
}

fn registered(sequence: &str, product: &str) -> Value {
    record(sequence, product, "current", None, (1, "provisioning"))
}

#[tokio::test]
async fn a_registration_is_indexed() {
    let world = World::of(&["operations.flights"]).await;
    let history = record("2", "operations.flights", "r0000000001", None, (1, "provisioning"));
    assert_eq!(world.send(&[registered("1", "operations.flights"), history]).await, [""; 0]);
    assert_eq!(world.taken(), ["operations.flights"], "once: the history is no product of its own");
    assert_eq!(world.revision("operations.flights"), Some(1));
}

#[tokio::test]
async fn duplicates_and_late_records_change_nothing() {
    let world = World::of(&["operations.flights"]).await;
    let first = registered("1", "operations.flights");
    let before = world.store.product(&id("operations.flights")).await.expect("readable").expect("registered");
    world.store.register(&samples::next_registration(&before)).await.expect("registered");
    let second = record("2", "operations.flights", "current", Some((1, "active")), (2, "provisioning"));
    assert_eq!(world.send(&[second.clone(), first.clone(), second, first.clone()]).await, [""; 0]);
    assert_eq!(world.taken(), ["operations.flights"], "four records, one product");
    assert_eq!(world.send(&[first]).await, [""; 0]);
    assert_eq!(world.revision("operations.flights"), Some(2), "what is registered counts, not what the record says");
}

#[tokio::test]
async fn the_note_of_having_indexed_is_no_news() {
    let world = World::of(&["operations.flights"]).await;
    let note = record("1", "operations.flights", "current", Some((1, "active")), (1, "active"));
    world.send(&[note]).await;
    assert_eq!(world.taken(), [""; 0]);
    let provisioned = record("2", "operations.flights", "current", Some((1, "provisioning")), (1, "active"));
    world.send(&[provisioned]).await;
    assert_eq!(world.taken(), ["operations.flights"]);
}

#[tokio::test]
async fn a_record_that_nobody_understands_holds_up_no_other() {
    let world = World::of(&["operations.flights"]).await;
    let nameless = json!({ "dynamodb": { "SequenceNumber": "3", "Keys": { "revision": { "S": "current" } } } });
    let records = [
        registered("1", "Not A Product"),
        registered("2", "operations.never-registered"),
        nameless,
        json!({}),
        json!("text"),
        registered("9", "operations.flights"),
    ];
    assert_eq!(world.send(&records).await, [""; 0], "delivering them again would not help");
    assert_eq!(world.taken(), ["operations.flights"]);
}

#[tokio::test]
async fn only_the_records_of_a_product_that_failed_come_again() {
    let world = World::of(&["a.one", "a.poison", "b.two"]).await;
    let again = record("4", "a.poison", "current", Some((1, "provisioning")), (1, "active"));
    let records = [registered("1", "a.one"), registered("2", "a.poison"), registered("3", "b.two"), again];
    assert_eq!(world.send(&records).await, ["2", "4"]);
    assert_eq!(world.taken(), ["a.one", "b.two"]);
}

#[tokio::test]
async fn a_store_that_is_down_delivers_everything_again() {
    let world = World::of(&["a.one", "b.two"]).await;
    world.store.fail_next(2);
    assert_eq!(world.send(&[registered("1", "a.one"), registered("2", "b.two")]).await, ["1", "2"]);
    assert_eq!(world.send(&[registered("1", "a.one"), registered("2", "b.two")]).await, [""; 0]);
}

#[tokio::test]
async fn the_schedule_catches_up() {
    let world = World::of(&["a.one", "a.poison", "b.two"]).await;
    let sweep = json!({ "trigger": "sweep" });
    let report = handle(&world.indexer, &sweep).await.expect("a report");
    assert_eq!(report, json!({ "seen": 3, "written": 2, "errors": 1 }));
    world.store.fail_next(1);
    assert!(handle(&world.indexer, &sweep).await.is_err(), "a failed sweep is a failed invocation, which alarms count");
}

#[tokio::test]
async fn a_rebuild_fills_the_index_anew() {
    let world = World::of(&["a.one", "b.two"]).await;
    let report = handle(&world.indexer, &json!({ "trigger": "rebuild" })).await.expect("a report");
    assert_eq!(report, json!({ "seen": 2, "written": 2, "errors": 0 }));
    assert_eq!((world.revision("a.one"), world.revision("b.two")), (Some(1), Some(1)));
}

#[tokio::test]
async fn another_event_is_an_error_and_not_silence() {
    let world = World::of(&[]).await;
    for event in [json!({}), json!({ "trigger": "probe" }), json!({ "Records": "none" }), json!(null)] {
        assert!(handle(&world.indexer, &event).await.is_err(), "{event}");
    }
}
