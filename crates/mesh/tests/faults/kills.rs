//! Provisioner, indexer and probe killed at every call they make, before it has an effect and after: the next run ends where an
//! uninterrupted one would have, with nothing doubled and nothing left over.

use std::{collections::BTreeMap, time::Duration};

use mesh_core::{
    fakes::{Fault, Moment, Script},
    measurement::{MeasurementStore, VerdictKind},
    object_storage::ObjectStorage,
    plan::RegisterOptions,
    probing::{BREACHED, RECOVERED},
    product::{ProductStore, Status},
    table_catalog::TableCatalog,
};
use mesh_manifest::{PortAddress, ProductId};

use crate::world::{FLIGHTS, World, operations};

fn flights() -> ProductId {
    "operations.flights".parse().unwrap()
}

fn daily() -> PortAddress {
    "operations.flights/daily@1".parse().unwrap()
}

/// Two ports: a table, and files that promise two minutes.
fn two_ports() -> String {
    let files = "  - name: files
    version: 1.0.0
    format: parquet
    sla: { freshness: 2m }
    schema:
      fields:
        - { name: flight, type: int, required: true }
";
    format!("{FLIGHTS}{files}")
}

fn with_a_gate() -> String {
    let added =
        "        - { name: carrier, type: string, description: Airline }\n        - { name: gate, type: string }\n";
    FLIGHTS
        .replace("        - { name: carrier, type: string, description: Airline }\n", added)
        .replace("version: 1.0.0", "version: 1.1.0")
}

/// Every way to kill a run that makes `calls` calls.
pub fn every_kill(calls: usize) -> impl Iterator<Item = Script> {
    (1..=calls).flat_map(|call| Moment::ALL.map(|moment| Script::at(call, moment, Fault::Kill)))
}

/// What can be seen of envelopes from outside: products, files and what tables point at.
async fn envelopes(world: &World) -> (Vec<(Status, u64)>, BTreeMap<String, usize>, Vec<(String, String)>) {
    let product = world.store.product(&flights()).await.unwrap().unwrap();
    let entries = world.storage.list(None, "mesh-operations", "", 1000).await.unwrap();
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        *folders.entry(entry.key.rsplit_once('/').unwrap().0.to_owned()).or_default() += 1;
    }
    let tables = world.catalog.tables("mesh_operations").await.unwrap();
    let mut pointed = Vec::new();
    for table in tables {
        let key = table.metadata_location.strip_prefix("s3://mesh-operations/").unwrap();
        let metadata = world.storage.get(None, "mesh-operations", key).await.unwrap();
        let metadata = String::from_utf8(metadata.expect("what a table points at is there")).unwrap();
        let schema = serde_json::to_string(&world.catalog.schema("mesh_operations", &table.name)).unwrap();
        pointed.push((metadata, schema));
    }
    (vec![(product.status, product.provisioned_revision)], folders, pointed)
}

/// Kills `converge` everywhere, then sweeps; every end has to be that of a run that nobody killed.
async fn killed_while_converging(world: World) {
    let saved = world.saved();
    let script = Script::default();
    world.by(&script).provisioner().converge(&flights()).await.unwrap();
    let wanted = envelopes(&world).await;
    assert_eq!(wanted.0[0].0, Status::Active);
    let calls = script.calls();
    assert!(calls.len() > 5, "{calls:?}");
    for script in every_kill(calls.len()) {
        world.restore(&saved);
        assert!(script.run(world.by(&script).provisioner().converge(&flights())).await.is_none(), "{script:?}");
        let report = world.provisioner().sweep().await.unwrap();
        assert_eq!((report.seen, report.converged, report.errors), (1, 1, 0), "{script:?}");
        assert_eq!(envelopes(&world).await, wanted, "{script:?}");
    }
}

#[tokio::test]
async fn a_provisioner_killed_at_any_call_of_a_first_registration_leaves_no_trace() {
    let world = World::new().await;
    world.registrar().register(&operations(), &two_ports(), RegisterOptions::default()).await.unwrap();
    killed_while_converging(world).await;
}

#[tokio::test]
async fn a_provisioner_killed_at_any_call_of_a_new_revision_leaves_no_trace() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.registrar().register(&operations(), &with_a_gate(), RegisterOptions::default()).await.unwrap();
    killed_while_converging(world).await;
}

#[tokio::test]
async fn a_provisioner_killed_while_it_mends_a_lost_entry_mends_it_in_the_end() {
    let mut world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.registrar().register(&operations(), &with_a_gate(), RegisterOptions::default()).await.unwrap();
    world.catalog = Default::default();
    killed_while_converging(world).await;
}

#[tokio::test]
async fn a_lost_entry_of_a_product_that_moved_on_gets_the_schema_of_now_at_once() {
    let mut world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.registrar().register(&operations(), &with_a_gate(), RegisterOptions::default()).await.unwrap();
    world.catalog = Default::default();
    world.provisioner().converge(&flights()).await.unwrap();
    let (products, _, pointed) = envelopes(&world).await;
    assert_eq!(products, [(Status::Active, 2)]);
    assert!(pointed[0].0.contains("gate"), "the table has what is registered: {}", pointed[0].0);
}

#[tokio::test]
async fn a_sweep_killed_anywhere_is_made_good_by_the_next() {
    let world = World::new().await;
    for name in ["flights", "delays", "arrivals", "gates"] {
        let text = FLIGHTS.replace("name: flights", &format!("name: {name}"));
        world.registrar().register(&operations(), &text, RegisterOptions::default()).await.unwrap();
    }
    let saved = world.saved();
    let script = Script::default();
    world.by(&script).provisioner().sweep().await.unwrap();
    let wanted = envelopes(&world).await;
    for script in every_kill(script.calls().len()) {
        world.restore(&saved);
        assert!(script.run(world.by(&script).provisioner().sweep()).await.is_none(), "{script:?}");
        assert_eq!(world.provisioner().sweep().await.unwrap().converged, 4, "{script:?}");
        assert_eq!(envelopes(&world).await, wanted, "{script:?}");
    }
}

#[tokio::test]
async fn an_indexer_killed_at_any_call_is_caught_up_by_the_sweep() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    let found = async |world: &World| {
        let product = world.store.product(&flights()).await.unwrap().unwrap();
        (product.indexed_revision, world.search.document(&flights()))
    };
    let script = Script::default();
    world.by(&script).indexer().index(&flights()).await.unwrap();
    let wanted = found(&world).await;
    assert_eq!(wanted.0, 1);
    for script in every_kill(script.calls().len()) {
        world.restore(&saved);
        assert!(script.run(world.by(&script).indexer().index(&flights())).await.is_none(), "{script:?}");
        assert_eq!(world.indexer().sweep().await.unwrap().errors, 0);
        assert_eq!(found(&world).await, wanted, "{script:?}");
        assert_eq!(world.indexer().sweep().await.unwrap().written, 0, "{script:?}: nothing is left to do");
    }
    let sweeping = Script::default();
    world.restore(&saved);
    world.by(&sweeping).indexer().sweep().await.unwrap();
    for script in every_kill(sweeping.calls().len()) {
        world.restore(&saved);
        assert!(script.run(world.by(&script).indexer().sweep()).await.is_none(), "{script:?}");
        world.indexer().sweep().await.unwrap();
        assert_eq!(found(&world).await, wanted, "{script:?}");
    }
}

/// What a probe leaves: state, how many measurements are kept, events by id and kind.
async fn probed(world: &World) -> (VerdictKind, bool, u64, u64, Vec<(String, String)>) {
    let state = world.store.states(&[daily()]).await.unwrap().remove(&daily()).unwrap();
    let mut events: Vec<_> =
        world.events.events().into_iter().map(|event| (event.kind.clone(), event.id.clone())).collect();
    events.dedup();
    (state.measurement.verdict, state.unsent.is_empty(), state.measured_minutes, state.kept_minutes, events)
}

#[tokio::test]
async fn a_probe_killed_at_any_call_tells_of_a_breach_once_by_its_id() {
    // A port of files that promises two minutes, kept when it was last measured, and broken now.
    let world = World::new().await;
    let text = FLIGHTS.replace("format: iceberg", "format: parquet").replace("freshness: 60m", "freshness: 2m");
    world.active(&operations(), &text).await;
    world.prober().run().await.unwrap();
    world.clock.advance(Duration::from_secs(300));
    let saved = world.saved();
    // Then the schedule goes on, every minute: what was not done is done by the next run.
    let go_on = async |world: &World| {
        for _ in 0..2 {
            world.clock.advance(Duration::from_secs(60));
            assert_eq!(world.prober().run().await.unwrap().errors, 0);
        }
        probed(world).await
    };
    let script = Script::default();
    world.by(&script).prober().run().await.unwrap();
    let wanted = go_on(&world).await;
    assert_eq!((wanted.0, wanted.1, wanted.4.len()), (VerdictKind::Broken, true, 1));
    assert_eq!(world.events.alerts().len(), 1);
    let calls = script.calls();
    let told = calls.iter().position(|call| *call == "EventPublisher::alert").unwrap();
    let mut twice = 0;
    for (index, script) in every_kill(calls.len()).enumerate() {
        world.restore(&saved);
        assert!(script.run(world.by(&script).prober().run()).await.is_none(), "{script:?}");
        let got = go_on(&world).await;
        assert_eq!((got.0, got.1), (wanted.0, wanted.1), "{script:?}");
        assert!(got.2 <= wanted.2 + 2 && got.3 <= got.2, "{script:?}: minutes are counted once: {got:?}");
        let told_by = |kind: &str| got.4.iter().filter(|event| event.0 == kind).count();
        assert_eq!((told_by(BREACHED), told_by(RECOVERED)), (1, 0), "{script:?}: {:?}", got.4);
        let alerts = world.events.alerts();
        assert!(alerts.iter().all(|alert| alert.event.id == got.4[0].1), "{script:?}: one id: {alerts:?}");
        // Only who was killed between telling and noting it tells again.
        let between = (told * 2 + 1..calls.len() * 2).contains(&index);
        assert!(alerts.len() == 1 || between && alerts.len() == 2, "{script:?}: {} alerts", alerts.len());
        twice += usize::from(alerts.len() == 2);
    }
    assert!(twice > 0, "at least once is not exactly once: the id tells");
}
