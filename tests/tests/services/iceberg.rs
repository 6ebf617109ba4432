//! The catalogue between failing services: loads fail in time, and a writer is never told that a commit failed which did not.

use mesh_e2e::fault_proxy::{Fault, Rule};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const TABLE: &str = "/iceberg/v1/namespaces/operations/tables/flights__daily__v1";

async fn load(world: &World) -> Answer {
    world.ask(&world.iceberg(), &format!("GET {TABLE}"), "").await
}

/// A commit that sets a property, on the condition that the table is as it was loaded, under `rules`.
async fn commit(world: &World, value: &str, rules: Vec<Rule>) -> Answer {
    let loaded = load(world).await.json();
    for rule in rules {
        world.cloud.fail(rule);
    }
    let body = json!({
        "requirements": [{ "type": "assert-table-uuid", "uuid": loaded["metadata"]["table-uuid"] }],
        "updates": [{ "action": "set-properties", "updates": { "write.parquet.compression-level": value } }],
    });
    world.ask(&world.iceberg(), &format!("POST {TABLE}"), &body.to_string()).await
}

async fn property(world: &World) -> Value {
    load(world).await.json()["metadata"]["properties"]["write.parquet.compression-level"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_fails_in_time_and_as_clients_understand_it() {
    let world = World::with_flights().await;
    let nonsense = [Fault::CutWithin, Fault::StallWithin];
    let faults = |service: &str| [Fault::throttled(service), Fault::denied(service), Fault::BROKEN, Fault::CutBefore];
    let cases = faults("glue").map(|fault| ("glue.GetTable", fault)).into_iter();
    let cases = cases.chain(faults("s3").map(|fault| ("s3.GetObject", fault)));
    for (call, fault) in cases.chain(nonsense.map(|fault| ("s3.GetObject", fault))) {
        world.cloud.heal();
        world.cloud.fail(Rule::on(call, fault.clone()));
        let answer = load(&world).await;
        answer.assert_unavailable();
        assert_eq!(answer.json()["error"]["type"], "ServiceUnavailableException", "{call}: {fault:?}");
        assert!(world.cloud.calls(call).len() <= 3, "{call}: {fault:?}");
    }
    world.cloud.heal();
    assert_eq!(load(&world).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_that_is_not_what_was_written_is_not_handed_on() {
    let world = World::with_flights().await;
    for fault in [Fault::Flip, Fault::Garbage("garbage")] {
        world.cloud.heal();
        world.cloud.fail(Rule::on("s3.GetObject", fault.clone()));
        let answer = load(&world).await;
        assert!(matches!(answer.status, 500 | 503), "{fault:?}: {answer:?}");
        assert!(!answer.text.contains("garbage"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answers_are_lost_is_made_once() {
    let world = World::with_flights().await;
    for call in ["s3.PutObject", "glue.UpdateTable"] {
        let answer = commit(&world, call, vec![Rule::on(call, Fault::CutAfter).times(1)]).await;
        assert_eq!(answer.status, 200, "{call}: {answer:?}");
        world.cloud.heal();
        assert_eq!(property(&world).await, call);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_outcome_is_unknown_is_said_to_be_that() {
    let world = World::with_flights().await;
    // The table is read to be committed to, and again to be swapped; what is asked after the swap gets no answer.
    let silent = Rule::on("glue.GetTable", Fault::CutBefore).after(2);
    let answer = commit(&world, "9", vec![Rule::on("glue.UpdateTable", Fault::CutAfter), silent]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["type"]),
        (500, &json!("CommitStateUnknownException")),
        "{answer:?}"
    );
    world.cloud.heal();
    assert_eq!(property(&world).await, "9", "it did take effect");
}
