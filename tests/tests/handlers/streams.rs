//! Stream records that come twice, late, in any order, spoilt or not at all: what is registered is what counts, and sweeps heal the rest.

use std::collections::{BTreeMap, BTreeSet};

use mesh_core::{
    error::StoreError,
    fakes::{Fault, Moment, Script},
    object_storage::ObjectStorage,
    plan::RegisterOptions,
    product::{Product, ProductStore, Status},
    table_catalog::TableCatalog,
};
use mesh_manifest::ProductId;
use serde_json::{Value, json};

use crate::world::{FLIGHTS, World, operations};

/// Chance that is the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn id(number: usize) -> ProductId {
    format!("operations.p{number}").parse().unwrap()
}

/// The manifest of a product after so many changes: every change adds a field.
fn manifest(number: usize, changes: usize) -> String {
    let text = FLIGHTS
        .replace("name: flights", &format!("name: p{number}"))
        .replace("version: 1.0.0", &format!("version: 1.{changes}.0"));
    let fields = (0..changes).map(|change| format!("        - {{ name: added{change}, type: string }}\n"));
    text + &fields.collect::<String>()
}

/// What happens to products, in order: registrations of new revisions, retirements, and registrations that bring them back.
fn history(products: usize, operations: usize) -> Vec<(usize, Change)> {
    let mut chance = Chance(7);
    let mut state = vec![(0, false); products];
    let mut history = Vec::new();
    for _ in 0..operations {
        let product = chance.below(products);
        let (changes, live) = &mut state[product];
        if *live && chance.below(4) == 0 {
            *live = false;
            history.push((product, Change::Retire));
        } else {
            if *live {
                *changes += 1;
            }
            *live = true;
            history.push((product, Change::Register(*changes)));
        }
    }
    history
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Register(usize),
    Retire,
}

/// Makes the change; the record that the stream tells of it by.
async fn change(world: &World, number: usize, change: Change, sequence: usize) -> Value {
    let before = world.store.product(&id(number)).await.unwrap();
    match change {
        Change::Register(changes) => {
            let text = manifest(number, changes);
            let registered = world.registrar().register(&operations(), &text, RegisterOptions::default()).await;
            assert!(registered.unwrap().written);
        }
        Change::Retire => {
            world.registrar().retire(&operations(), &id(number)).await.unwrap();
        }
    }
    let after = world.store.product(&id(number)).await.unwrap().unwrap();
    record(sequence, before.as_ref(), &after)
}

fn record(sequence: usize, before: Option<&Product>, after: &Product) -> Value {
    let image = |product: &Product| {
        json!({
            "registered_revision": { "N": product.revision.to_string() },
            "provisioned_revision": { "N": product.provisioned_revision.to_string() },
            "status": { "S": product.status.as_str() },
        })
    };
    let mut record = json!({
        "eventID": sequence.to_string(),
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": sequence.to_string(),
            "Keys": { "product_id": { "S": after.id.to_string() }, "revision": { "S": "current" } },
            "NewImage": image(after),
        },
    });
    if let Some(before) = before {
        record["dynamodb"]["OldImage"] = image(before);
    }
    record
}

/// Delivers a batch to both functions; the records that each wants again.
async fn deliver(world: &World, records: &[&Value]) -> [BTreeSet<String>; 2] {
    let event = json!({ "Records": records });
    let answers = [
        fn_provisioner::handle(&world.provisioner(), &event).await.unwrap(),
        fn_indexer::handle(&world.indexer(), &event).await.unwrap(),
    ];
    answers.map(|answer| {
        let failures = answer["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    })
}

async fn sweep(world: &World) {
    let sweep = json!({ "trigger": "sweep" });
    let provisioned = fn_provisioner::handle(&world.provisioner(), &sweep).await.unwrap();
    assert_eq!((&provisioned["failed"], &provisioned["errors"]), (&json!(0), &json!(0)));
    assert_eq!(fn_indexer::handle(&world.indexer(), &sweep).await.unwrap()["errors"], 0);
}

type Ends = BTreeMap<ProductId, (u64, Status, u64, Option<(u64, bool, String)>, Option<(String, usize)>)>;

/// Where the products of a world ended: registered, provisioned and indexed revisions, what is found, and the table's fields.
async fn ends(world: &World, products: usize) -> Ends {
    let mut ends = Ends::new();
    for number in 0..products {
        let Some(product) = world.store.product(&id(number)).await.unwrap() else { continue };
        let found = world.search.document(&id(number));
        let found = found.map(|document| (document.revision, document.deleted, document.status));
        // How far the envelope of a retired product got before it was retired is nobody's matter.
        let live = product.status != Status::Retired;
        let name = product.manifest.address(&product.manifest.output_ports[0]).table();
        let table = match world.catalog.table("mesh_operations", &name).await.unwrap().filter(|_| live) {
            None => None,
            Some(table) => {
                let key = table.metadata_location.strip_prefix("s3://mesh-operations/").unwrap();
                let metadata = world.storage.get(None, "mesh-operations", key).await.unwrap().unwrap();
                let fields = world.catalog.schema("mesh_operations", &name).unwrap().fields.len();
                Some((String::from_utf8(metadata).unwrap(), fields))
            }
        };
        let provisioned = if live { product.provisioned_revision } else { 0 };
        assert_eq!(product.indexed_revision, product.revision, "{}", product.id);
        ends.insert(product.id, (product.revision, product.status, provisioned, found, table));
    }
    ends
}

const PRODUCTS: usize = 24;
const CHANGES: usize = 240;

/// The same history with every record delivered once, at once.
async fn in_order() -> Ends {
    let world = World::new().await;
    for (sequence, (product, what)) in history(PRODUCTS, CHANGES).into_iter().enumerate() {
        let record = change(&world, product, what, sequence).await;
        assert!(deliver(&world, &[&record]).await.iter().all(BTreeSet::is_empty));
    }
    ends(&world, PRODUCTS).await
}

#[tokio::test]
async fn a_hundred_thousand_shuffled_deliveries_end_as_those_in_order() {
    const DELIVERIES: usize = 100_000;
    const BATCH: usize = 100;
    let wanted = in_order().await;
    let revisions: u64 = wanted.values().map(|end| end.0).sum();
    assert!(revisions > 200 && wanted.values().any(|end| end.1 == Status::Retired), "{wanted:?}");

    let world = World::new().await;
    let mut chance = Chance(20_260_101);
    let (mut changes, mut told) = (history(PRODUCTS, CHANGES).into_iter().enumerate(), Vec::new());
    for batch in 0..DELIVERIES / BATCH {
        // The history goes on while old records still come, some of them for the hundredth time.
        while told.len() * (DELIVERIES / BATCH) <= batch * CHANGES {
            let Some((sequence, (product, what))) = changes.next() else { break };
            told.push(change(&world, product, what, sequence).await);
        }
        let records: Vec<&Value> = (0..BATCH).map(|_| &told[chance.below(told.len())]).collect();
        assert!(deliver(&world, &records).await.iter().all(BTreeSet::is_empty), "batch {batch}");
    }
    for (sequence, (product, what)) in changes {
        told.push(change(&world, product, what, sequence).await);
    }
    // Each comes once more at last, in any order: at least once is what a stream promises.
    for last in (1..told.len()).rev() {
        told.swap(last, chance.below(last + 1));
    }
    for records in told.chunks(BATCH) {
        deliver(&world, &records.iter().collect::<Vec<_>>()).await;
    }
    assert_eq!(ends(&world, PRODUCTS).await, wanted);
    // And the sweep finds nothing to mend.
    sweep(&world).await;
    assert_eq!(ends(&world, PRODUCTS).await, wanted);
}

#[tokio::test]
async fn what_was_never_delivered_is_healed_by_the_sweep() {
    let wanted = in_order().await;
    let world = World::new().await;
    let mut chance = Chance(3);
    for (sequence, (product, what)) in history(PRODUCTS, CHANGES).into_iter().enumerate() {
        let record = change(&world, product, what, sequence).await;
        if chance.below(4) == 0 {
            deliver(&world, &[&record]).await;
        }
    }
    sweep(&world).await;
    assert_eq!(ends(&world, PRODUCTS).await, wanted);
}

#[tokio::test]
async fn only_what_failed_is_asked_for_again_and_what_nobody_understands_holds_up_nothing() {
    let world = World::new().await;
    let mut records = Vec::new();
    for number in 0..4 {
        records.push(change(&world, number, Change::Register(0), number).await);
    }
    let again = json!({ "dynamodb": { "SequenceNumber": "9", "Keys": records[1]["dynamodb"]["Keys"], "NewImage": records[1]["dynamodb"]["NewImage"] } });
    let spoilt = [
        json!({ "dynamodb": { "SequenceNumber": "5", "Keys": { "revision": { "S": "current" } } } }),
        json!({ "dynamodb": { "SequenceNumber": "6", "Keys": { "product_id": { "S": "No Product" }, "revision": { "S": "current" } } } }),
        json!("text"),
        json!(null),
        json!({}),
    ];
    let batch: Vec<&Value> = records[..2].iter().chain(&spoilt).chain([&again]).chain(&records[2..]).collect();
    let event = json!({ "Records": batch });
    // Every call of the batch fails in turn, in each of the ways in which services fail.
    let (calls, saved) = (Script::default(), world.saved());
    fn_provisioner::handle(&world.by(&calls).provisioner(), &event).await.unwrap();
    let sequences = |product: &str| -> Vec<&str> {
        let own = |record: &&&Value| record.pointer("/dynamodb/Keys/product_id/S") == Some(&json!(product));
        batch.iter().filter(own).map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap()).collect()
    };
    let errors: [fn() -> StoreError; 3] = [
        || StoreError::unavailable("a service", "told to fail"),
        || StoreError::Conflict,
        || StoreError::corrupt("product", "told to fail"),
    ];
    for call in 1..=calls.calls().len() {
        for error in errors {
            world.restore(&saved);
            let script = Script::at(call, Moment::Before, Fault::Fail(error));
            let answer = fn_provisioner::handle(&world.by(&script).provisioner(), &event).await.unwrap();
            let failed: Vec<&str> = answer["batchItemFailures"]
                .as_array()
                .unwrap()
                .iter()
                .map(|failure| failure["itemIdentifier"].as_str().unwrap())
                .collect();
            let mut lagging = Vec::new();
            for number in 0..4 {
                let product = world.store.product(&id(number)).await.unwrap().unwrap();
                // What is told in the status waits for a person, and not for another delivery.
                if product.provisioned_revision == 0 && product.status != Status::Failed {
                    lagging.extend(sequences(&product.id.to_string()));
                }
            }
            assert_eq!(failed, lagging, "exactly what did not get through, at call {call}");
            // Delivered again, they get through.
            let records: Vec<&&Value> = batch
                .iter()
                .filter(|record| {
                    record
                        .pointer("/dynamodb/SequenceNumber")
                        .and_then(Value::as_str)
                        .is_some_and(|one| failed.contains(&one))
                })
                .collect();
            let answer = fn_provisioner::handle(&world.provisioner(), &json!({ "Records": records })).await.unwrap();
            assert_eq!(answer, json!({ "batchItemFailures": [] }));
        }
    }
}
