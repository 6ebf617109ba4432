//! The broker between failing services: no credentials without a decision on record, none in errors, and a cache that may fail.

use mesh_e2e::fault_proxy::{Fault, Rule};

use crate::{log, world::World};

const CHECK: &str = r#"{"action":{"name":"read"},"resource":{"type":"output_port","id":"operations.flights/files@1"}}"#;
const READ: &str = "GET /products/operations.flights/ports/files/read";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_fails_closed_and_in_time_whatever_it_needs_fails() {
    let world = World::with_flights().await;
    let needed = ["dynamodb.PutItem", "dynamodb.BatchGetItem", "sts.AssumeRole", "s3.ListObjectsV2"];
    for call in needed {
        let service = call.split('.').next().unwrap();
        for fault in
            [Fault::throttled(service), Fault::denied(service), Fault::BROKEN, Fault::CutWithin, Fault::CutBefore]
        {
            world.cloud.heal();
            world.cloud.fail(Rule::on(call, fault.clone()));
            // A function that knows no grant yet.
            let answer = world.ask(&world.broker(), &format!("{READ}?purpose=analytics"), "").await;
            answer.assert_unavailable();
            assert!(!answer.text.contains("secret"), "{answer:?}");
            let attempts = world.cloud.calls(call).len();
            assert!((1..=3).contains(&attempts), "{attempts} attempts of {call}: {fault:?}");
        }
    }
    world.cloud.heal();
    assert_eq!(world.ask(&world.broker(), READ, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_cannot_be_recorded_opens_nothing() {
    let world = World::with_flights().await;
    world.cloud.fail(Rule::on("dynamodb.PutItem", Fault::BROKEN).about("-audit_log"));
    world.ask(&world.broker(), READ, "").await.assert_unavailable();
    assert!(world.cloud.calls("sts.").is_empty(), "no credentials were made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_without_the_cache_of_grants() {
    let world = World::with_flights().await;
    world.put_object("flights/files/v1/data/one.csv", "tail_number\nN1").await;
    let broker = world.broker();
    for call in ["kms.Encrypt", "kms.Decrypt"] {
        for fault in [Fault::throttled("kms"), Fault::denied("kms"), Fault::CutBefore, Fault::Garbage("{}")] {
            world.cloud.heal();
            if call == "kms.Decrypt" {
                assert_eq!(world.ask(&broker, READ, "").await.status, 200, "a grant is cached");
                assert_eq!(world.ask(&broker, READ, "").await.status, 200);
            }
            world.cloud.heal();
            world.cloud.fail(Rule::on(call, fault.clone()));
            let answer = world.ask(&broker, READ, "").await;
            assert_eq!(answer.status, 200, "{call}: {fault:?}: {answer:?}");
            assert_eq!(answer.json()["files"][0]["name"], "one.csv");
            assert_eq!(world.cloud.calls("sts.AssumeRole").len(), 1, "{call}: {fault:?}: new credentials");
            assert_eq!(answer.headers["cache-control"], "no-store");
        }
    }
    world.cloud.heal();
    let answer = world.ask(&broker, READ, "").await.json();
    for secret in ["secret_access_key", "session_token"] {
        assert!(!log::log().text().contains(answer["credentials"][secret].as_str().unwrap()), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_check_is_answered_by_the_policies_and_on_record_or_not_at_all() {
    let world = World::with_flights().await;
    for call in ["dynamodb.GetItem", "dynamodb.BatchGetItem", "dynamodb.PutItem"] {
        for fault in [Fault::throttled("dynamodb"), Fault::denied("dynamodb"), Fault::BROKEN, Fault::CutWithin] {
            world.cloud.heal();
            world.cloud.fail(Rule::on(call, fault.clone()));
            // A function that knows no policy yet.
            let answer = world.ask(&world.governance(), "POST /governance/policy-check", CHECK).await;
            answer.assert_unavailable();
            assert!(!answer.text.contains("decision\":true"), "{answer:?}");
            assert!(world.cloud.calls(call).len() <= 3, "{call}: {fault:?}");
        }
    }
    world.cloud.heal();
    let answer = world.ask(&world.governance(), "POST /governance/policy-check", CHECK).await;
    assert_eq!((answer.status, &answer.json()["decision"]), (200, &true.into()), "{answer:?}");
}
