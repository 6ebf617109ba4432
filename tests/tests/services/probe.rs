//! The probe between failing services: what it cannot see is unknown, what it cannot tell is told by a later run.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use mesh_core::{clock::Clock, fakes::FakeClock};
use mesh_e2e::fault_proxy::{Call, Fault, Rule};
use mesh_runtime::WallClock;
use serde_json::{Value, json};

use crate::world::World;

/// One run, hours after the product was registered: both of its ports break their promise. Each run is minutes after the one before.
async fn run(world: &World) -> Value {
    static RUNS: AtomicI64 = AtomicI64::new(0);
    let later = jiff::SignedDuration::from_mins(300 + 2 * RUNS.fetch_add(1, Ordering::SeqCst));
    let clock = FakeClock::at(WallClock.now() + later);
    fn_sla_probe::handle(&world.prober(Arc::new(clock)), &json!({ "trigger": "probe" })).await.unwrap()
}

/// The calls of `name` that the service answered well.
fn taken(world: &World, name: &str) -> Vec<Call> {
    let answered = |call: &Call| call.answer.as_ref().is_some_and(|answer| !answer.contains("Error>"));
    world.cloud.calls(name).into_iter().filter(answered).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_seen_is_unknown_and_breaks_no_promise() {
    // Without the catalogue, files are seen all the same.
    for (call, unknown) in [("sts.AssumeRole", 2_u64), ("glue.GetTables", 1)] {
        let world = World::with_flights().await;
        let service = call.split('.').next().unwrap();
        let mut events = 0;
        for fault in [Fault::throttled(service), Fault::denied(service), Fault::CutWithin, Fault::CutBefore] {
            world.cloud.heal();
            world.cloud.fail(Rule::on(call, fault.clone()));
            let report = run(&world).await;
            assert_eq!(report["unknown"], json!(unknown), "{call}: {fault:?}: {report}");
            events += report["events"].as_u64().unwrap();
            assert!(world.cloud.calls(call).len() <= 3, "{call}: {fault:?}");
        }
        assert_eq!(events, 2 - unknown, "{call}: what is unknown raises nothing");
        world.cloud.heal();
        let report = run(&world).await;
        assert_eq!((&report["broken"], &report["errors"]), (&json!(2), &json!(0)), "{call}: {report}");
        assert_eq!(report["events"], json!(unknown), "{call}: each breach is told once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_that_cannot_be_seen_hides_no_other() {
    let world = World::with_flights().await;
    world.cloud.fail(Rule::on("s3.GetObject", Fault::CutWithin));
    let report = run(&world).await;
    assert_eq!((&report["unknown"], &report["broken"]), (&json!(1), &json!(1)), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_its_domain_broke_keeps_nothing_from_the_bus() {
    let world = World::with_flights().await;
    world.cloud.fail(Rule::on("sns.", Fault::denied("sns")));
    let report = run(&world).await;
    assert_eq!(report["errors"], 2, "{report}");
    assert_eq!(taken(&world, "events.PutEvents").len(), 2);
    world.cloud.heal();
    let report = run(&world).await;
    assert_eq!(report["errors"], 0, "{report}");
    assert_eq!((taken(&world, "sns.Publish").len(), world.cloud.calls("events.").len()), (2, 0), "each is told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_takes_nothing_is_told_later_under_the_same_ids() {
    let world = World::with_flights().await;
    let ids = |calls: Vec<Call>| {
        let id = |call: &Call| {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            let detail: Value = serde_json::from_str(body["Entries"][0]["Detail"].as_str().unwrap()).unwrap();
            detail["id"].as_str().unwrap().to_owned()
        };
        calls.iter().map(id).collect::<std::collections::BTreeSet<_>>()
    };
    for fault in [Fault::throttled("events"), Fault::denied("events"), Fault::BROKEN] {
        world.cloud.heal();
        world.cloud.fail(Rule::on("events.", fault.clone()));
        let report = run(&world).await;
        assert_eq!((&report["errors"], &report["events"]), (&json!(2), &json!(0)), "{fault:?}: {report}");
        assert!(world.cloud.calls("events.").len() <= 6, "{fault:?}");
    }
    let attempted = ids(world.cloud.calls("events."));
    world.cloud.heal();
    assert_eq!(run(&world).await["errors"], 0);
    assert_eq!(ids(taken(&world, "events.PutEvents")), attempted);
    world.cloud.heal();
    run(&world).await;
    assert!(world.cloud.calls("events.").is_empty() && world.cloud.calls("sns.").is_empty(), "told once");
}
