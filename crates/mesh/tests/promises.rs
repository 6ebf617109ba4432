//! Provisioning and probing: envelopes converge, breaches are told once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use mesh_core::{
    measurement::{MeasurementStore, VerdictKind},
    object_storage::BucketProtection,
    plan::RegisterOptions,
    probing::{BREACHED, RECOVERED},
    product::{ProductStore, Status},
    provisioning::Converged,
    table_catalog::TableCatalog,
};
use mesh_manifest::PortAddress;
use world::{FLIGHTS, World, operations};

/// `operations.flights` with one file port that promises two minutes.
fn files() -> String {
    FLIGHTS.replace("format: iceberg", "format: parquet").replace("freshness: 60m", "freshness: 2m")
}

fn daily() -> PortAddress {
    "operations.flights/daily@1".parse().unwrap()
}

async fn verdict(world: &World) -> VerdictKind {
    world.prober().run().await.unwrap();
    world.store.states(&[daily()]).await.unwrap()[&daily()].measurement.verdict
}

fn told(world: &World) -> Vec<String> {
    world.events.events().iter().map(|event| event.kind.clone()).collect()
}

#[tokio::test]
async fn converging_again_changes_nothing() {
    let world = World::new().await;
    let product = world.active(&operations(), FLIGHTS).await;
    let table = world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
    assert_eq!(table.location, "s3://mesh-operations/flights/daily/v1");
    let creations = world.storage.creations();
    assert_eq!(world.provisioner().converge(&product.id).await.unwrap(), Converged::Active { revision: 1 });
    assert_eq!(world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap(), table);
    assert_eq!(world.storage.creations(), creations, "what stands is looked at, and not tried to be written again");
}

#[tokio::test]
async fn an_added_field_reaches_the_table() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let before = world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
    let added =
        format!("{FLIGHTS}        - {{ name: gate, type: string }}\n").replace("version: 1.0.0", "version: 1.1.0");
    world.active(&operations(), &added).await;
    let after = world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
    assert_ne!(after.metadata_location, before.metadata_location);
    let schema = world.catalog.schema("mesh_operations", "flights__daily__v1").unwrap();
    assert_eq!(schema.fields.last().unwrap().name, "gate");
}

#[tokio::test]
async fn a_lost_catalogue_entry_is_pointed_at_its_table_again() {
    let mut world = World::new().await;
    let product = world.active(&operations(), FLIGHTS).await;
    let before = world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
    world.catalog = Default::default();
    world.provisioner().sweep().await.unwrap();
    let healed = world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
    assert_eq!(healed.metadata_location, before.metadata_location, "the table is found, not made anew");
    assert_eq!(product.status, Status::Active);
}

#[tokio::test]
async fn drift_of_encryption_shows_and_heals() {
    let world = World::new().await;
    let product = world.active(&operations(), FLIGHTS).await;
    let key = world::envelope(&"operations".parse().unwrap()).key_arn;
    world.storage.protect(
        "mesh-operations",
        BucketProtection { default_key: Some("arn:aws:kms:eu-west-1:1:key/other".to_owned()) },
    );
    let report = world.provisioner().sweep().await.unwrap();
    assert_eq!((report.failed, report.converged), (1, 0));
    let drifted = world.store.product(&product.id).await.unwrap().unwrap();
    assert_eq!(drifted.status, Status::Failed);
    assert!(drifted.status_detail.unwrap().contains("encrypts with"));
    world.storage.protect("mesh-operations", BucketProtection { default_key: Some(key) });
    world.provisioner().sweep().await.unwrap();
    assert_eq!(world.store.product(&product.id).await.unwrap().unwrap().status, Status::Active);
}

#[tokio::test]
async fn a_service_that_fails_is_an_error_and_the_sweep_catches_up() {
    let world = World::new().await;
    let registered = world.registrar().register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    world.catalog.fail_next(1);
    assert!(world.provisioner().converge(&registered.product.id).await.is_err(), "deliver again");
    let report = world.provisioner().sweep().await.unwrap();
    assert_eq!((report.converged, report.errors), (1, 0));
}

#[tokio::test]
async fn a_breach_is_told_once_and_so_is_the_recovery() {
    let world = World::new().await;
    world.active(&operations(), &files()).await;
    assert_eq!(verdict(&world).await, VerdictKind::Kept, "a new port has the promised time");
    world.clock.advance(Duration::from_secs(121));
    for _ in 0..3 {
        assert_eq!(verdict(&world).await, VerdictKind::Broken);
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(told(&world), [BREACHED]);
    let [alert] = world.events.alerts().try_into().unwrap();
    assert!(alert.topic_arn.ends_with("mesh-operations-alerts"), "{alert:?}");

    world.storage.put("mesh-operations", "flights/daily/v1/data/one.parquet", "rows");
    for _ in 0..2 {
        assert_eq!(verdict(&world).await, VerdictKind::Kept);
    }
    assert_eq!(told(&world), [BREACHED, RECOVERED]);
}

#[tokio::test]
async fn what_cannot_be_seen_is_unknown_and_raises_nothing() {
    let world = World::new().await;
    world.active(&operations(), &files()).await;
    world.clock.advance(Duration::from_secs(600));
    world.vendor.fail_next(1);
    assert_eq!(verdict(&world).await, VerdictKind::Unknown);
    assert!(told(&world).is_empty());
    assert_eq!(verdict(&world).await, VerdictKind::Broken);
    world.vendor.fail_next(1);
    assert_eq!(verdict(&world).await, VerdictKind::Unknown);
    assert_eq!(verdict(&world).await, VerdictKind::Broken);
    assert_eq!(told(&world), [BREACHED], "unknown in between does not tell again");
}

#[tokio::test]
async fn an_event_that_could_not_be_sent_is_sent_by_the_next_run_under_the_same_id() {
    let world = World::new().await;
    world.active(&operations(), &files()).await;
    world.clock.advance(Duration::from_secs(121));
    world.events.fail_next(2);
    let report = world.prober().run().await.unwrap();
    assert_eq!((report.errors, report.events), (1, 0));
    assert!(told(&world).is_empty() && world.events.alerts().is_empty());
    let pending = world.store.states(&[daily()]).await.unwrap()[&daily()].unsent.clone();
    world.clock.advance(Duration::from_secs(60));
    world.prober().run().await.unwrap();
    assert_eq!(world.events.events(), pending);
    assert_eq!(world.events.alerts()[0].event, pending[0]);
    world.prober().run().await.unwrap();
    assert_eq!(told(&world), [BREACHED]);
}

#[tokio::test]
async fn a_topic_that_takes_nothing_keeps_nothing_from_the_bus() {
    let world = World::new().await;
    world.active(&operations(), &files()).await;
    world.clock.advance(Duration::from_secs(121));
    // The topic is told first.
    world.events.fail_next(1);
    assert_eq!(world.prober().run().await.unwrap().errors, 1);
    assert_eq!((told(&world), world.events.alerts().len()), (vec![BREACHED.to_owned()], 0));
    assert_eq!(world.prober().run().await.unwrap().errors, 0);
    assert_eq!((told(&world), world.events.alerts().len()), (vec![BREACHED.to_owned()], 1), "each is told once");
}

#[tokio::test]
async fn two_probes_at_once_tell_once() {
    let world = World::new().await;
    world.active(&operations(), &files()).await;
    verdict(&world).await;
    world.clock.advance(Duration::from_secs(121));
    let (one, two) = (world.prober(), world.prober());
    let (one, two) = tokio::join!(one.run(), two.run());
    assert_eq!((one.unwrap().errors, two.unwrap().errors), (0, 0));
    assert_eq!(told(&world), [BREACHED]);
}

#[tokio::test]
async fn nothing_is_written_while_nothing_changes() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    verdict(&world).await;
    let before = world.store.states(&[daily()]).await.unwrap()[&daily()].sequence;
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(60));
        verdict(&world).await;
    }
    assert_eq!(world.store.states(&[daily()]).await.unwrap()[&daily()].sequence, before);
}
