//! DynamoDB throttled, contended, hanging, and answers that are lost after the write.

use mesh_core::{audit::AuditLog, product::ProductStore};
use mesh_e2e::fault_proxy::{Fault, Rule};
use mesh_runtime::sdk::ATTEMPTS;

use crate::world::{FLIGHTS, World, ask_with};

const READ: &str = "GET /products/operations.flights";

/// A transaction that was cancelled for `reason`.
fn cancelled(reason: &str) -> Fault {
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[{{"Code":"None"}},{{"Code":"{reason}"}}]}}"#
    );
    Fault::Answer { status: 400, body }
}

/// What is stored of the one registration, however often it was attempted.
async fn assert_registered_once(world: &World) {
    let product = world.product("operations.flights").await;
    assert_eq!(product.revision, 1);
    assert_eq!(world.store.history(&product.id, None, 10).await.unwrap().items.len(), 1);
    assert_eq!(world.store.entries("operations.flights", 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_is_tried_through_a_few_times_and_then_told() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    let registry = world.registry();
    for fault in [Fault::throttled("dynamodb"), Fault::BROKEN, Fault::CutBefore, Fault::CutAfter, Fault::Garbage("{")] {
        world.cloud.heal();
        world.cloud.fail(Rule::on("dynamodb.Query", fault.clone()));
        let answer = world.ask(&registry, READ, "").await;
        answer.assert_unavailable();
        let attempts = world.cloud.calls("dynamodb.Query").len();
        assert!(attempts <= ATTEMPTS as usize, "{attempts} attempts: {fault:?}");
        assert_eq!(world.cloud.calls("").len(), attempts, "nothing else is asked meanwhile: {fault:?}");
    }
    world.cloud.heal();
    world.cloud.fail(Rule::on("dynamodb.", Fault::throttled("dynamodb")).times(2));
    assert_eq!(world.ask(&registry, READ, "").await.status, 200, "a short one is not noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_refuses_is_told_without_its_name() {
    let world = World::new().await;
    world.cloud.fail(Rule::on("dynamodb.", Fault::denied("dynamodb")));
    let answer = world.ask(&world.registry(), READ, "").await;
    answer.assert_unavailable();
    assert_eq!(world.cloud.calls("").len(), 1, "a refusal is not tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_meets_another_transaction_is_made_again_under_the_same_token() {
    let world = World::new().await;
    world.cloud.fail(Rule::on("dynamodb.TransactWriteItems", cancelled("TransactionConflict")).times(2));
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    let attempts = world.cloud.calls("dynamodb.TransactWriteItems");
    assert_eq!(attempts.len(), 3);
    assert!(attempts.iter().all(|attempt| attempt.body == attempts[0].body), "one transaction, one token");
    assert_registered_once(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_without_capacity_is_not_answered_with_more_load() {
    let world = World::new().await;
    for reason in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        world.cloud.heal();
        world.cloud.fail(Rule::on("dynamodb.TransactWriteItems", cancelled(reason)));
        world.register(FLIGHTS).await.assert_unavailable();
        assert_eq!(world.cloud.calls("dynamodb.TransactWriteItems").len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_whose_answer_is_lost_is_neither_refused_nor_doubled() {
    let world = World::new().await;
    world.cloud.fail(Rule::on("dynamodb.TransactWriteItems", Fault::CutAfter).times(1));
    let answer = world.register(FLIGHTS).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(world.cloud.calls("dynamodb.TransactWriteItems").len(), 2);
    assert_registered_once(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_of_which_no_answer_came_is_safe_to_send_again() {
    let world = World::new().await;
    world.cloud.fail(Rule::on("dynamodb.TransactWriteItems", Fault::CutAfter));
    world.register(FLIGHTS).await.assert_unavailable();
    assert_registered_once(&world).await;
    world.cloud.heal();
    assert_eq!(world.register(FLIGHTS).await.status, 200, "what is registered already is found so");
    assert_registered_once(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_while_memberships_cannot_be_read() {
    let world = World::new().await;
    let registry = world.registry();
    // A token of nobody who is a member: an outage must look the same to everybody, and never like a membership.
    world.cloud.fail(Rule::on("dynamodb.Query", Fault::Garbage(r#"{"Count":0,"ScannedCount":0}"#)));
    let answer = ask_with(&registry, &world.issuer.token("mallory"), READ, "").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    world.cloud.heal();
    world.cloud.fail(Rule::on("dynamodb.Query", Fault::BROKEN));
    ask_with(&registry, &world.issuer.token("mallory"), READ, "").await.assert_unavailable();
}
