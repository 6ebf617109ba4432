//! What a measurement store promises.

use futures::future::join_all;
use mesh_manifest::PortAddress;
use serde_json::json;

use super::{
    assert_conflict,
    samples::{at, port_state},
    winners,
};
use crate::{
    events::Event,
    measurement::{Measurement, MeasurementStore, PortState, VerdictKind},
};

/// Runs every promise of [`MeasurementStore`] on stores of its own.
pub async fn measurement_store<S: MeasurementStore>(make: impl AsyncFn() -> S) {
    a_state_reads_as_it_was_written(&make().await).await;
    each_write_follows_the_one_before(&make().await).await;
    of_rivals_one_wins(&make().await).await;
    kept_measurements_come_newest_first(&make().await).await;
    states_are_read_in_batches(&make().await).await;
    states_are_written_in_batches(&make().await).await;
}

const PORT: &str = "operations.flights/daily@1";

async fn state(store: &impl MeasurementStore) -> Option<PortState> {
    store.states(&[PORT.parse().unwrap()]).await.unwrap().into_values().next()
}

async fn a_state_reads_as_it_was_written(store: &impl MeasurementStore) {
    assert_eq!(state(store).await, None);
    let first = port_state(PORT, 1, 0);
    store.put_state(&first, false).await.unwrap();
    assert_eq!(state(store).await, Some(first.clone()));

    let event = Event::new("event-1".to_owned(), "mesh.sla.breached", PORT, at(1), json!({ "minutes": 61 }));
    let mut second = port_state(PORT, 2, 1);
    second.measurement.verdict = VerdictKind::Broken;
    second.measurement.actual_freshness_minutes = Some(61);
    second.unsent = vec![event.clone()];
    second.unalerted = vec![event];
    store.put_state(&second, true).await.unwrap();
    assert_eq!(state(store).await, Some(second));

    // A port that cannot be observed, and of which nothing was ever known.
    let third = PortState {
        measurement: Measurement { actual_freshness_minutes: None, verdict: VerdictKind::Unknown, ..first.measurement },
        settled: None,
        settled_since: None,
        newest: None,
        metadata_location: None,
        measured_minutes: 0,
        kept_minutes: 0,
        counted_until: None,
        unsent: Vec::new(),
        unalerted: Vec::new(),
        sequence: 3,
    };
    store.put_state(&third, true).await.unwrap();
    assert_eq!(state(store).await, Some(third));
}

async fn each_write_follows_the_one_before(store: &impl MeasurementStore) {
    for sequence in [0, 2] {
        assert_conflict(store.put_state(&port_state(PORT, sequence, 0), true).await);
    }
    store.put_state(&port_state(PORT, 1, 0), true).await.unwrap();
    for (sequence, keep) in [(0, false), (1, false), (1, true), (3, false), (3, true)] {
        assert_conflict(store.put_state(&port_state(PORT, sequence, 60), keep).await);
    }
    store.put_state(&port_state(PORT, 2, 60), false).await.unwrap();
    assert_eq!(state(store).await.unwrap().sequence, 2);
    assert_eq!(
        store.measurements(&PORT.parse().unwrap(), 10).await.unwrap().len(),
        1,
        "a refused measurement was kept"
    );
}

async fn of_rivals_one_wins(store: &impl MeasurementStore) {
    for sequence in 1..6 {
        let states: Vec<PortState> = (0..4).map(|n| port_state(PORT, sequence, n)).collect();
        let answers = join_all(states.iter().map(|state| store.put_state(state, sequence % 2 == 0))).await;
        assert_eq!(winners(answers), 1);
    }
}

async fn kept_measurements_come_newest_first(store: &impl MeasurementStore) {
    for sequence in 1..=8_u32 {
        let mut state = port_state(PORT, sequence.into(), i64::from(sequence) * 60);
        state.measurement.verdict =
            [VerdictKind::Kept, VerdictKind::Broken, VerdictKind::Unknown][sequence as usize % 3];
        store.put_state(&state, sequence != 5).await.unwrap();
    }
    store.put_state(&port_state("operations.flights/daily@10", 1, 0), true).await.unwrap();
    let port: PortAddress = PORT.parse().unwrap();
    let minutes = |kept: &[Measurement]| -> Vec<i64> {
        kept.iter().map(|kept| (kept.measured_at.as_second() - at(0).as_second()) / 60).collect()
    };
    let all = store.measurements(&port, 100).await.unwrap();
    assert_eq!(minutes(&all), [8, 7, 6, 4, 3, 2, 1]);
    assert_eq!(all[0], Measurement { verdict: VerdictKind::Unknown, ..port_state(PORT, 8, 480).measurement });
    assert_eq!(minutes(&store.measurements(&port, 2).await.unwrap()), [8, 7]);
    assert_eq!(store.measurements(&"a.b/c@1".parse().unwrap(), 2).await.unwrap(), []);
}

async fn states_are_written_in_batches(store: &impl MeasurementStore) {
    let port = |number: usize| format!("operations.flights/p{number}@1");
    let states = |sequence: u64| -> Vec<(PortState, bool)> {
        let seconds = sequence.cast_signed() * 60;
        (0..130).map(|number| (port_state(&port(number), sequence, seconds), number % 2 == 0)).collect()
    };
    assert!(store.put_states(&[]).await.is_empty());
    let answers = store.put_states(&states(1)).await;
    assert_eq!((answers.len(), winners(answers)), (130, 130));

    // Of one that somebody else wrote meanwhile, the others know nothing.
    for number in [3, 64] {
        store.put_state(&port_state(&port(number), 2, 30), false).await.unwrap();
    }
    let answers = store.put_states(&states(2)).await;
    for (number, answer) in answers.into_iter().enumerate() {
        match number {
            3 | 64 => assert_conflict(answer),
            _ => answer.unwrap(),
        }
    }
    let ports: Vec<PortAddress> = (0..130).map(|number| port(number).parse().unwrap()).collect();
    let found = store.states(&ports).await.unwrap();
    for (number, address) in ports.iter().enumerate() {
        let raced = [3, 64].contains(&number);
        assert_eq!(found[address], port_state(&port(number), 2, if raced { 30 } else { 120 }), "{address}");
        let kept = if number % 2 == 1 {
            0
        } else if raced {
            1
        } else {
            2
        };
        assert_eq!(store.measurements(address, 10).await.unwrap().len(), kept, "{address}");
    }
}

async fn states_are_read_in_batches(store: &impl MeasurementStore) {
    let ports: Vec<PortAddress> = (0..230).map(|n| format!("operations.flights/p{n}@1").parse().unwrap()).collect();
    for port in ports.iter().step_by(2) {
        store.put_state(&port_state(&port.to_string(), 1, 0), false).await.unwrap();
    }
    // A port that is asked for twice is one port.
    let asked: Vec<PortAddress> = ports.iter().chain(&ports[..3]).cloned().collect();
    let found = store.states(&asked).await.unwrap();
    assert_eq!(found.len(), 115);
    assert!(ports.iter().step_by(2).all(|port| found.get(port).is_some_and(|state| state.measurement.port == *port)));
    assert!(store.states(&[]).await.unwrap().is_empty());
}
