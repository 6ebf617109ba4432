//! Clocks that jump, storage that comes and goes, promises that change: one event for each change of state, no minute counted twice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mesh_core::{
    measurement::{MeasurementStore, PortState, VerdictKind},
    plan::RegisterOptions,
    probing::{BREACHED, RECOVERED},
};
use mesh_manifest::PortAddress;

use crate::world::{FLIGHTS, World, operations, start};

fn daily() -> PortAddress {
    "operations.flights/daily@1".parse().unwrap()
}

/// `operations.flights` with one port of files that promises `freshness`.
async fn files(freshness: &str) -> World {
    let world = World::new().await;
    let text = FLIGHTS
        .replace("format: iceberg", "format: parquet")
        .replace("freshness: 60m", &format!("freshness: {freshness}"));
    world.active(&operations(), &text).await;
    world
}

async fn probe(world: &World) -> PortState {
    world.prober().run().await.unwrap();
    world.store.states(&[daily()]).await.unwrap().remove(&daily()).unwrap()
}

fn write(world: &World) {
    world.storage.put("mesh-operations", "flights/daily/v1/data/one.parquet", "rows");
}

fn told(world: &World) -> Vec<String> {
    world.events.events().into_iter().map(|event| event.kind).collect()
}

fn after(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_clock_set_back_counts_no_minute_twice_and_tells_nothing() {
    let world = files("600m").await;
    probe(&world).await;
    world.clock.set(after(90));
    assert_eq!(probe(&world).await.measured_minutes, 90);
    // Half an hour back; files come, so that states are written.
    for (minute, measured) in [(60, 90), (70, 90), (80, 90), (90, 90), (100, 100), (110, 110)] {
        world.clock.set(after(minute));
        write(&world);
        let state = probe(&world).await;
        assert_eq!((state.measured_minutes, state.kept_minutes), (measured, measured), "at {minute}");
        assert_eq!(state.measurement.verdict, VerdictKind::Kept);
    }
    assert!(told(&world).is_empty());
}

#[tokio::test]
async fn minutes_that_are_not_whole_are_not_lost() {
    let world = files("600m").await;
    for step in 0..=40 {
        world.clock.set(start() + SignedDuration::from_secs(step * 90));
        write(&world);
        let state = probe(&world).await;
        assert_eq!(state.measured_minutes, u64::try_from(step * 90 / 60).unwrap(), "after {step} steps");
    }
}

#[tokio::test]
async fn a_schedule_that_is_late_counts_two_hours_at_most_of_what_nobody_looked_at() {
    let world = files("60000m").await;
    probe(&world).await;
    world.clock.set(after(65));
    assert_eq!(probe(&world).await.measured_minutes, 65, "a roll-up and the schedule's own interval");
    world.clock.set(after(65 + 3 * 24 * 60));
    let state = probe(&world).await;
    assert_eq!((state.measured_minutes, state.kept_minutes), (185, 185));
    world.clock.advance(Duration::from_secs(65 * 60));
    assert_eq!(probe(&world).await.measured_minutes, 250, "and goes on from there");
}

#[tokio::test]
async fn a_breach_and_a_recovery_are_told_once_each_however_the_clock_jumps() {
    let world = files("2m").await;
    probe(&world).await;
    // Broken; set back to when it was kept: the clock takes back what it said, and then says it again.
    for (minute, verdict) in [
        (10, VerdictKind::Broken),
        (11, VerdictKind::Broken),
        (1, VerdictKind::Kept),
        (1, VerdictKind::Kept),
        (12, VerdictKind::Broken),
        (13, VerdictKind::Broken),
    ] {
        world.clock.set(after(minute));
        assert_eq!(probe(&world).await.measurement.verdict, verdict, "at {minute}");
    }
    assert_eq!(told(&world), [BREACHED, RECOVERED, BREACHED], "one event for each change of state");
    let mut ids: Vec<_> = world.events.events().into_iter().map(|event| event.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each under an id of its own");
}

#[tokio::test]
async fn flapping_storage_is_unknown_and_raises_nothing() {
    let world = files("2m").await;
    write(&world);
    probe(&world).await;
    let mut counted = 0;
    for minute in 1..60 {
        world.clock.set(after(minute));
        write(&world);
        if minute % 2 == 1 {
            world.vendor.fail_next(1);
        }
        let state = probe(&world).await;
        let expected = if minute % 2 == 1 { VerdictKind::Unknown } else { VerdictKind::Kept };
        assert_eq!(state.measurement.verdict, expected, "at {minute}");
        assert_eq!(state.measurement.actual_freshness_minutes.is_none(), expected == VerdictKind::Unknown);
        counted = state.measured_minutes;
        assert_eq!(state.kept_minutes, counted, "what is unknown is not measured");
    }
    assert!(counted < 31, "{counted} of 59 minutes were known");
    assert!(told(&world).is_empty());
    // A breach between two times that it could not be seen is told, once.
    for minute in 70..80 {
        world.clock.set(after(minute));
        if minute % 2 == 1 {
            world.vendor.fail_next(1);
        }
        probe(&world).await;
    }
    assert_eq!(told(&world), [BREACHED]);
    let unseen = world.store.measurements(&daily(), 100).await.unwrap();
    let unseen = unseen.iter().filter(|kept| kept.verdict == VerdictKind::Unknown);
    assert!(unseen.clone().count() > 20 && unseen.clone().all(|kept| kept.actual_freshness_minutes.is_none()));
}

#[tokio::test]
async fn without_the_catalogue_tables_are_unknown_and_files_are_not() {
    let world = files("60m").await;
    world.active(&operations(), &FLIGHTS.replace("name: flights", "name: delays")).await;
    world.catalog.fail_next(1);
    let report = world.prober().run().await.unwrap();
    assert_eq!((report.kept, report.unknown, report.errors), (1, 1, 0));
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Kept);
    assert!(told(&world).is_empty());
}

#[tokio::test]
async fn a_promise_that_changes_is_judged_anew() {
    let world = files("10m").await;
    write(&world);
    world.clock.set(after(5));
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Kept);
    for (freshness, version, minute, verdict) in
        [("2m", "1.1.0", 6, VerdictKind::Broken), ("90m", "1.2.0", 7, VerdictKind::Kept)]
    {
        let text = FLIGHTS
            .replace("format: iceberg", "format: parquet")
            .replace("freshness: 60m", &format!("freshness: {freshness}"))
            .replace("version: 1.0.0", &format!("version: {version}"));
        world.registrar().register(&operations(), &text, RegisterOptions::default()).await.unwrap();
        world.clock.set(after(minute));
        let state = probe(&world).await;
        assert_eq!(state.measurement.verdict, verdict, "promising {freshness}");
        assert_eq!(state.measurement.sla_freshness_minutes, freshness.parse().unwrap());
    }
    assert_eq!(told(&world), [BREACHED, RECOVERED]);
}

#[tokio::test]
async fn an_emptied_port_is_as_fresh_as_what_it_last_had() {
    let mut world = files("10m").await;
    write(&world);
    world.clock.set(after(5));
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Kept);
    let emptied = mesh_core::fakes::FakeObjectStorage::new(world.clock.clone());
    world.storage = emptied;
    world.clock.set(after(9));
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Kept);
    world.clock.set(after(11));
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Broken);
    assert_eq!(told(&world), [BREACHED]);
}

#[tokio::test]
async fn a_port_with_more_files_than_are_looked_at_is_not_called_broken() {
    let world = files("10m").await;
    for number in 0..10_000 {
        world.storage.put("mesh-operations", &format!("flights/daily/v1/data/{number:05}.parquet"), "");
    }
    assert_eq!(probe(&world).await.measurement.verdict, VerdictKind::Kept, "what was seen is fresh enough");
    world.clock.set(after(30));
    world.storage.put("mesh-operations", "flights/daily/v1/data/zz.parquet", "the newest, which nobody gets to see");
    let state = probe(&world).await;
    assert_eq!(state.measurement.verdict, VerdictKind::Unknown);
    assert!(told(&world).is_empty());
}

#[tokio::test]
async fn a_retired_product_that_comes_back_was_not_measured_in_between() {
    let world = files("10m").await;
    write(&world);
    world.clock.set(after(5));
    probe(&world).await;
    world.registrar().retire(&operations(), &daily().product).await.unwrap();
    world.clock.set(after(100_000));
    world.prober().run().await.unwrap();
    let text = FLIGHTS.replace("format: iceberg", "format: parquet").replace("freshness: 60m", "freshness: 10m");
    world.active(&operations(), &text).await;
    write(&world);
    let state = probe(&world).await;
    assert_eq!(state.measurement.verdict, VerdictKind::Kept);
    assert!(state.measured_minutes <= 5 + 120, "{} minutes", state.measured_minutes);
}
