//! Functions that run twice at once, in every order of their calls: deliveries, sweeps, probes, grants and publications.

use std::time::Duration;

use mesh_core::{
    access::AccessRequest,
    credentials::Mode,
    error::UseCaseError,
    fakes::{Schedule, Script, Task, interleave},
    measurement::{MeasurementStore, VerdictKind},
    object_storage::ObjectStorage,
    plan::RegisterOptions,
    policies::PolicyScope,
    probing::BREACHED,
    product::{ProductStore, Status},
    provisioning::Converged,
};
use mesh_manifest::{PortAddress, ProductId};

use crate::world::{FLIGHTS, World, caller, insights, operations};

fn schedules(most: usize) -> impl Iterator<Item = Schedule> {
    Schedule::preemptions(most).chain(Schedule::seeded(40))
}

fn flights() -> ProductId {
    "operations.flights".parse().unwrap()
}

fn daily() -> PortAddress {
    "operations.flights/daily@1".parse().unwrap()
}

fn with_a_gate() -> String {
    format!("{FLIGHTS}        - {{ name: gate, type: string }}\n").replace("version: 1.0.0", "version: 1.1.0")
}

fn converging(world: &World) -> Task<'static, bool> {
    let script = Script::default();
    let provisioner = world.by(&script).provisioner();
    // A conflict is an error, by which the record is delivered again.
    Task::new(script, async move { matches!(provisioner.converge(&flights()).await, Ok(Converged::Active { .. })) })
}

#[tokio::test]
async fn two_deliveries_at_once_make_one_envelope() {
    let world = World::new().await;
    world.registrar().register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    let saved = world.saved();
    for schedule in schedules(11) {
        world.restore(&saved);
        let converged = interleave(vec![converging(&world), converging(&world)], schedule);
        assert_eq!(converged, [true, true], "{schedule:?}");
        let files = world.storage.list(None, "mesh-operations", "flights/daily/v1/metadata/", 10).await.unwrap();
        assert_eq!(files.len(), 1, "{schedule:?}: no file that nothing points at");
        assert_eq!(world.store.product(&flights()).await.unwrap().unwrap().status, Status::Active, "{schedule:?}");
    }
}

#[tokio::test]
async fn a_delivery_while_a_new_revision_is_registered_ends_at_the_new_one() {
    let world = World::new().await;
    world.registrar().register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    let saved = world.saved();
    for schedule in schedules(11) {
        world.restore(&saved);
        let script = Script::default();
        let registrar = world.by(&script).registrar();
        let registering = Task::new(script, async move {
            registrar.register(&operations(), &with_a_gate(), RegisterOptions::default()).await.is_ok()
        });
        interleave(vec![converging(&world), registering], schedule);
        let product = world.store.product(&flights()).await.unwrap().unwrap();
        assert_eq!(product.revision, 2, "{schedule:?}");
        let schema = world.catalog.schema("mesh_operations", "flights__daily__v1");
        let has_gate = schema.is_some_and(|schema| schema.fields.iter().any(|field| field.name == "gate"));
        assert!(has_gate || product.provisioned_revision < 2, "{schedule:?}: an old envelope passes for a new one");
        // The registration's own record, or the sweep.
        assert_eq!(world.provisioner().sweep().await.unwrap().converged, 1);
        let product = world.store.product(&flights()).await.unwrap().unwrap();
        assert_eq!((product.status, product.provisioned_revision), (Status::Active, 2), "{schedule:?}");
        let schema = world.catalog.schema("mesh_operations", "flights__daily__v1").unwrap();
        assert!(schema.fields.iter().any(|field| field.name == "gate"), "{schedule:?}");
    }
}

#[tokio::test]
async fn two_indexers_at_once_end_at_the_newest_revision() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    for schedule in schedules(4) {
        world.restore(&saved);
        let indexing = || {
            let script = Script::default();
            let indexer = world.by(&script).indexer();
            Task::new(script, async move { indexer.index(&flights()).await.is_ok() })
        };
        let script = Script::default();
        let registrar = world.by(&script).registrar();
        let registering = Task::new(script, async move {
            let registered = registrar.register(&operations(), &with_a_gate(), RegisterOptions::default()).await;
            registered.is_ok()
        });
        let (one, two) = (indexing(), indexing());
        let tasks = if matches!(schedule, Schedule::Seeded(_)) { vec![one, two, registering] } else { vec![one, two] };
        assert!(interleave(tasks, schedule).into_iter().all(|done| done), "{schedule:?}");
        world.indexer().sweep().await.unwrap();
        let product = world.store.product(&flights()).await.unwrap().unwrap();
        let document = world.search.document(&flights()).unwrap();
        assert_eq!((document.revision, product.indexed_revision), (product.revision, product.revision), "{schedule:?}");
        assert_eq!(document.status, product.status.as_str(), "{schedule:?}");
    }
}

#[tokio::test]
async fn a_schedule_that_fires_twice_at_once_tells_and_counts_once() {
    let world = World::new().await;
    let text = FLIGHTS.replace("format: iceberg", "format: parquet").replace("freshness: 60m", "freshness: 2m");
    world.active(&operations(), &text).await;
    world.prober().run().await.unwrap();
    world.clock.advance(Duration::from_secs(300));
    let saved = world.saved();
    for schedule in schedules(10) {
        world.restore(&saved);
        let probing = || {
            let script = Script::default();
            let prober = world.by(&script).prober();
            Task::new(script, async move { prober.run().await.unwrap().errors })
        };
        assert_eq!(interleave(vec![probing(), probing()], schedule), [0, 0], "{schedule:?}");
        let events: Vec<_> = world.events.events().into_iter().map(|event| event.kind).collect();
        assert_eq!(events, [BREACHED], "{schedule:?}");
        assert_eq!(world.events.alerts().len(), 1, "{schedule:?}");
        let state = world.store.states(&[daily()]).await.unwrap().remove(&daily()).unwrap();
        assert_eq!((state.measurement.verdict, state.unsent.len()), (VerdictKind::Broken, 0), "{schedule:?}");
        assert_eq!((state.measured_minutes, state.kept_minutes), (5, 5), "{schedule:?}");
    }
}

#[tokio::test]
async fn two_reads_at_once_are_both_answered_and_share_a_grant_from_then_on() {
    let read = AccessRequest {
        product: flights(),
        port: "daily".parse().unwrap(),
        major: None,
        purpose: None,
        mode: Mode::Read,
    };
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let saved = world.saved();
    for schedule in schedules(11).step_by(3) {
        world.restore(&saved);
        let reading = || {
            let script = Script::default();
            let (broker, read) = (world.by(&script).broker(), read.clone());
            Task::new(script, async move {
                let access = broker.access(&insights(), &read).await.unwrap();
                (access.decision_id.clone(), broker.credentials(&access).await.unwrap())
            })
        };
        let answers = interleave(vec![reading(), reading()], schedule);
        let broker = world.broker();
        let access = broker.access(&insights(), &read).await.unwrap();
        let cached = broker.credentials(&access).await.unwrap();
        assert!(
            answers.iter().any(|(decision, own)| *own == cached && *decision == access.decision_id),
            "{schedule:?}"
        );
        let log = world.store.audit_log();
        for (decision, _) in &answers {
            assert!(log.iter().any(|entry| entry.id == *decision && entry.detail["allow"] == true), "{schedule:?}");
        }
        assert_eq!(log.iter().filter(|entry| entry.action == "access.read").count(), 3, "{schedule:?}");
    }
}

#[tokio::test]
async fn of_two_publications_at_once_one_wins_and_the_other_is_told() {
    let platform = caller("platform", "pia", &[mesh_core::principal::Role::Owner]);
    let modules = |comment: &str| {
        let mut modules = mesh_policy::defaults::global().modules;
        let path = modules.keys().next().unwrap().clone();
        modules.entry(path).and_modify(|text| text.push_str(&format!("\n# {comment}\n")));
        modules
    };
    let world = World::new().await;
    let saved = world.saved();
    for schedule in Schedule::preemptions(2) {
        world.restore(&saved);
        let publishing = |comment: &str| {
            let script = Script::default();
            let (governance, platform, modules) = (world.by(&script).governance(), platform.clone(), modules(comment));
            Task::new(script, async move { governance.publish(&platform, PolicyScope::Global, modules).await })
        };
        let answers = interleave(vec![publishing("one"), publishing("two")], schedule);
        let published = world.store.published(&PolicyScope::Global);
        // One after the other both are published; at once, one of them.
        assert_eq!(published.len() - 1, answers.iter().filter(|answer| answer.is_ok()).count(), "{schedule:?}");
        for lost in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(lost, UseCaseError::Conflict { code: "policy.changed_meanwhile", .. }), "{lost:?}");
        }
    }
}
