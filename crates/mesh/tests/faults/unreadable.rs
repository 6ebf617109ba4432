//! Stored items that cannot be read: they are told of, and keep nothing from the others.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use mesh_core::{
    access::AccessRequest,
    credentials::Mode,
    error::StoreError,
    fakes::{FakeStore, Fault, Moment, Script},
    measurement::{Measurement, MeasurementStore, PortState, VerdictKind},
    plan::RegisterOptions,
    product::ProductStore,
};
use mesh_manifest::{PortAddress, ProductId};

use crate::world::{FLIGHTS, World, insights, operations};

/// Measurements among which one port's state cannot be read, nor any batch that it is in.
#[derive(Debug)]
struct Spoilt(FakeStore, PortAddress);

#[async_trait]
impl MeasurementStore for Spoilt {
    async fn states(&self, ports: &[PortAddress]) -> Result<BTreeMap<PortAddress, PortState>, StoreError> {
        if ports.contains(&self.1) {
            return Err(StoreError::corrupt("port state", "it is from another time"));
        }
        self.0.states(ports).await
    }

    async fn put_state(&self, state: &PortState, keep: bool) -> Result<(), StoreError> {
        self.0.put_state(state, keep).await
    }

    async fn measurements(&self, port: &PortAddress, limit: usize) -> Result<Vec<Measurement>, StoreError> {
        self.0.measurements(port, limit).await
    }
}

const NAMES: [&str; 4] = ["arrivals", "delays", "flights", "gates"];

fn id(name: &str) -> ProductId {
    format!("operations.{name}").parse().unwrap()
}

fn daily(name: &str) -> PortAddress {
    format!("operations.{name}/daily@1").parse().unwrap()
}

/// Four products of files.
async fn four() -> World {
    let world = World::new().await;
    for name in NAMES {
        let text = FLIGHTS.replace("name: flights", &format!("name: {name}")).replace("format: iceberg", "format: csv");
        world.active(&operations(), &text).await;
    }
    world
}

#[tokio::test]
async fn a_port_whose_state_cannot_be_read_keeps_no_other_from_being_probed() {
    let world = four().await;
    let spoilt = Arc::new(Spoilt(world.store.clone(), daily("delays")));
    let mut prober = world.prober();
    prober.measurements = spoilt;
    world.clock.advance(Duration::from_secs(7200));
    let report = prober.run().await.unwrap();
    assert_eq!((report.ports, report.broken, report.errors, report.events), (4, 3, 1, 3));
    let states = world.store.states(&NAMES.map(daily)).await.unwrap();
    assert_eq!(states.len(), 3);
    assert!(states.values().all(|state| state.measurement.verdict == VerdictKind::Broken));
}

#[tokio::test]
async fn ports_that_cannot_be_read_at_once_are_read_one_by_one() {
    let world = four().await;
    let asked = Script::default();
    world.by(&asked).prober().run().await.unwrap();
    let calls = asked.calls();
    let ports: Vec<_> =
        (1..).zip(&calls).filter(|(_, call)| **call == "ProductStore::ports_at").map(|(at, _)| at).collect();
    assert_eq!(ports.len(), 1);
    for call in ports {
        world.clock.advance(Duration::from_secs(7200));
        let fault = Fault::Fail(|| StoreError::corrupt("output port", "it is from another time"));
        let script = Script::at(call, Moment::Before, fault);
        let report = world.by(&script).prober().run().await.unwrap();
        assert_eq!((report.ports, report.broken, report.errors), (4, 4, 0));
    }
}

#[tokio::test]
async fn a_product_that_cannot_be_read_or_noted_keeps_no_other_from_a_sweep() {
    let corrupt: fn() -> StoreError = || StoreError::corrupt("product", "it is from another time");
    let registered = async || {
        let world = World::new().await;
        for name in NAMES {
            let text = FLIGHTS.replace("name: flights", &format!("name: {name}"));
            world.registrar().register(&operations(), &text, RegisterOptions::default()).await.unwrap();
        }
        world
    };
    let asked = Script::default();
    registered().await.by(&asked).provisioner().sweep().await.unwrap();
    let notes = |calls: &[&str]| -> Vec<usize> {
        (1..).zip(calls).filter(|(_, call)| **call == "ProductStore::set_provisioned").map(|(at, _)| at).collect()
    };
    let notes = notes(&asked.calls());
    assert_eq!(notes.len(), 4);
    for call in notes {
        let world = registered().await;
        let script = Script::at(call, Moment::Before, Fault::Fail(corrupt));
        let report = world.by(&script).provisioner().sweep().await.unwrap();
        assert_eq!((report.seen, report.converged, report.errors), (4, 3, 1), "{call}");
        assert_eq!(world.provisioner().sweep().await.unwrap().converged, 4, "and the next one heals it");
    }
    let asked = Script::default();
    registered().await.by(&asked).indexer().sweep().await.unwrap();
    for (call, _) in (1..).zip(&asked.calls()).filter(|(_, call)| **call == "ProductStore::product") {
        let world = registered().await;
        let script = Script::at(call, Moment::Before, Fault::Fail(corrupt));
        let report = world.by(&script).indexer().sweep().await.unwrap();
        assert_eq!((report.seen, report.written, report.errors), (4, 3, 1));
        assert_eq!(world.indexer().sweep().await.unwrap().written, 1);
    }
}

#[tokio::test]
async fn a_retired_product_disappears_from_search_whatever_is_wrong_with_its_measurements() {
    let world = four().await;
    world.indexer().sweep().await.unwrap();
    let mut indexer = world.indexer();
    indexer.measurements = Arc::new(Spoilt(world.store.clone(), daily("delays")));
    world.registrar().retire(&operations(), &id("delays")).await.unwrap();
    indexer.index(&id("delays")).await.unwrap();
    assert!(world.search.document(&id("delays")).unwrap().deleted);
    let report = indexer.sweep().await.unwrap();
    assert_eq!((report.seen, report.errors), (4, 0));
}

#[tokio::test]
async fn a_cached_grant_that_cannot_be_read_or_opened_keeps_nobody_from_the_port() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let read = AccessRequest {
        product: id("flights"),
        port: "daily".parse().unwrap(),
        major: None,
        purpose: None,
        mode: Mode::Read,
    };
    let grant = async |world: &World| {
        let broker = world.broker();
        let access = broker.access(&insights(), &read).await.unwrap();
        let credentials = broker.credentials(&access).await.unwrap();
        (access.decision_id, credentials)
    };
    let (_, first) = grant(&world).await;
    let asked = Script::default();
    let (_, again) = grant(&world.by(&asked)).await;
    assert_eq!(first, again, "it is cached");
    let calls = asked.calls();
    for name in ["GrantStore::grant", "Sealer::open"] {
        let call = calls.iter().position(|call| *call == name).unwrap() + 1;
        let script =
            Script::at(call, Moment::Before, Fault::Fail(|| StoreError::corrupt("grant", "it is from another time")));
        let (decision, anew) = grant(&world.by(&script)).await;
        assert_ne!(anew, first, "{name}");
        assert!(world.store.audit_log().iter().any(|entry| entry.id == decision && entry.detail["allow"] == true));
        assert_eq!(grant(&world).await.1, anew, "{name}: and what is issued anew is cached");
    }
    assert!(world.store.product(&id("flights")).await.unwrap().is_some());
}
