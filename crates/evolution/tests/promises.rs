//! Promises against everything that may happen: one is loosened exactly where something is allowed now that was not before.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use mesh_evolution::{Change, ChangeKind, Loosened, check_versions, classify};
use mesh_manifest::{Manifest, Sla, Weekday, parse};
use serde_json::{Value, json};

fn manifest(sla: Value) -> Manifest {
    let text = json!({
        "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "operations", "name": "flights", "version": "1.0.0",
        "description": "Departures.", "owner": { "team": "Ops", "contact": "ops@example.org" },
        "classification": "internal", "retention": "30d", "access": { "visibility": "company" },
        "outputPorts": [{
            "name": "daily", "version": "1.0.0", "format": "parquet", "sla": sla,
            "schema": { "fields": [{ "name": "day", "type": "date" }] },
        }],
    });
    parse(&text.to_string()).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

/// Every pair of `values` of the promise called `name`, and whether `allows` says of any fact that it is allowed anew.
fn check(name: &str, values: &[Value], facts: &[u64], allows: fn(&Sla, u64) -> bool) {
    let with = |value: &Value| {
        let mut sla = json!({ "freshness": "1h" });
        if !value.is_null() {
            sla[name] = value.clone();
        }
        manifest(sla)
    };
    for old in values {
        for new in values {
            let (before, after) = (with(old), with(new));
            let (was, is) = (&before.output_ports[0].sla, &after.output_ports[0].sla);
            let anew = facts.iter().any(|fact| allows(is, *fact) && !allows(was, *fact));
            let changes = classify(&before, &after);
            judged(&changes, anew, &format!("{name} from {old} to {new}"));
            let same = facts.iter().all(|fact| allows(is, *fact) == allows(was, *fact));
            if same && was != is {
                assert_eq!(changes[0].kind, ChangeKind::Patch, "{name} from {old} to {new}");
            }
            assert_eq!(changes.is_empty(), was == is);
            if let Some(change) = changes.first() {
                // What is promised now goes with the change, for contracts to be held against it.
                let promised = match change.loosened {
                    Some(Loosened::Freshness(now)) => now == is.freshness,
                    Some(Loosened::Availability(now)) => now == is.availability,
                    Some(Loosened::Completeness(now)) => now == is.completeness,
                    Some(Loosened::Latency(now)) => now == is.latency,
                    Some(Loosened::Retention(now)) => now == is.retention.unwrap_or(after.retention),
                    Some(Loosened::Schedule) => name == "schedule",
                    None => true,
                };
                assert!(promised, "{change:?}");
            }
            let mut moved = after.clone();
            moved.version = "1.1.0".parse().unwrap();
            moved.output_ports[0].version = "1.1.0".parse().unwrap();
            assert_eq!(
                check_versions(&before, &moved, &classify(&before, &moved)),
                [],
                "a minor does, whatever is loosened"
            );
        }
    }
}

fn judged(changes: &[Change], anew: bool, what: &str) {
    assert!(changes.len() <= 1, "{what}: {changes:?}");
    let loosened = changes.iter().any(|change| change.loosened.is_some());
    assert_eq!(loosened, anew, "{what}: {changes:?}");
    assert!(
        changes.iter().all(|change| (change.kind == ChangeKind::Major) == loosened && !change.breaks_port()),
        "{what}"
    );
}

#[test]
fn numbers() {
    let minutes: Vec<Value> = (1..6).map(|number| json!(format!("{number}m"))).collect();
    check("freshness", &minutes, &[0, 1, 2, 3, 4, 5, 6], |sla, age| age <= sla.freshness.0);
    let mut shares: Vec<Value> = [1, 50, 99, 100].iter().map(|number| json!(format!("{number}%"))).collect();
    shares.push(Value::Null);
    let facts = [0, 500, 1000, 50_000, 99_000, 99_500, 100_000];
    check("availability", &shares, &facts, |sla, fact| sla.availability.is_none_or(|least| fact >= u64::from(least.0)));
    check("completeness", &shares, &facts, |sla, fact| sla.completeness.is_none_or(|least| fact >= u64::from(least.0)));
    let times = [Value::Null, json!("1ms"), json!("2ms"), json!("1s")];
    check("latency", &times, &[0, 1, 2, 3, 1000, 9999], |sla, fact| sla.latency.is_none_or(|most| fact <= most.0));
    // Without a promise of its own, a port keeps its data for as long as the product does.
    let days = [Value::Null, json!("29d"), json!("30d"), json!("31d")];
    check("retention", &days, &[28, 29, 30, 31, 32], |sla, kept| kept >= sla.retention.map_or(30, |days| days.0));
}

#[test]
fn schedules() {
    const TIMES: [&str; 2] = ["06:00", "18:00"];
    const DAYS: [Weekday; 3] = [Weekday::Monday, Weekday::Friday, Weekday::Sunday];
    let all: Vec<&str> = Weekday::ALL.iter().map(|day| day.as_str()).collect();
    let mut schedules = vec![Value::Null, json!({ "at": ["06:00"], "on": all })];
    for at in [&TIMES[..1], &TIMES[1..], &TIMES[..]] {
        for days in 0u8..8 {
            let on = DAYS.iter().enumerate().filter(|(bit, _)| days & 1 << bit != 0).map(|(_, day)| day.as_str());
            schedules.push(json!({ "at": at, "on": on.collect::<Vec<_>>() }));
        }
    }
    // A fact is that nothing came at one of these moments of a week, or at another one.
    let with = |schedule: &Value| match schedule {
        Value::Null => manifest(json!({ "freshness": "1h" })),
        schedule => manifest(json!({ "freshness": "1h", "schedule": schedule })),
    };
    let due = |manifest: &Manifest| -> BTreeSet<(Weekday, String)> {
        let moments = |at: &[String], on: &[Weekday]| {
            let days: Vec<Weekday> = Weekday::ALL.into_iter().filter(|day| on.is_empty() || on.contains(day)).collect();
            days.into_iter().flat_map(|day| at.iter().map(move |at| (day, at.clone()))).collect()
        };
        match &manifest.output_ports[0].sla.schedule {
            Some(schedule) => moments(&schedule.at, &schedule.on),
            None => moments(&["06:00", "18:00", "any other"].map(str::to_owned), &[]),
        }
    };
    for old in &schedules {
        for new in &schedules {
            let (before, after) = (with(old), with(new));
            let changes = classify(&before, &after);
            let what = format!("from {old} to {new}");
            judged(&changes, due(&before).difference(&due(&after)).next().is_some(), &what);
            assert_eq!(changes.is_empty(), old == new, "{what}");
            if due(&before) == due(&after) && old != new {
                assert_eq!(changes[0].kind, ChangeKind::Patch, "{what}");
            }
        }
    }
}
