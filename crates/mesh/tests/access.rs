//! Contracts, decisions, grants and credentials.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use mesh_core::{
    access::AccessRequest,
    contract::ContractStatus,
    contracts::Verb,
    credentials::Mode,
    error::UseCaseError,
    principal::{Caller, Role},
};
use world::{FLIGHTS, World, caller, codes, contract_input, insights, operations, steward};

fn read() -> AccessRequest {
    AccessRequest {
        product: "operations.flights".parse().unwrap(),
        port: "daily".parse().unwrap(),
        major: None,
        purpose: None,
        mode: Mode::Read,
    }
}

fn write() -> AccessRequest {
    AccessRequest { mode: Mode::Write, ..read() }
}

async fn denied(world: &World, caller: &Caller, request: &AccessRequest) -> Vec<mesh_core::error::Violation> {
    match world.broker().access(caller, request).await.unwrap_err() {
        UseCaseError::Forbidden { code: "access.denied", violations, remedy, .. } => {
            assert!(remedy.is_some(), "a denial tells what would help");
            violations
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reading_across_domains_needs_a_live_contract() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    assert!(!codes(&denied(&world, &insights(), &read()).await).is_empty());
    let logged = world.store.audit_log();
    let denial = logged.iter().rev().find(|entry| entry.action == "access.read").unwrap();
    assert_eq!(denial.detail["allow"], false, "the denial is in the audit log");

    let contract = world.contract(&[]).await;
    let access = world.broker().access(&insights(), &read()).await.unwrap();
    assert_eq!(access.contract.as_ref().map(|one| &one.id), Some(&contract.id));
    let logged = world.store.audit_log();
    assert!(logged.iter().any(|entry| entry.id == access.decision_id && entry.detail["allow"] == true));

    world.contracts().decide(&operations(), &contract.id, Verb::Revoke, None).await.unwrap();
    denied(&world, &insights(), &read()).await;
}

#[tokio::test]
async fn credentials_reach_one_port_and_are_shared_for_half_their_life() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let broker = world.broker();
    let asked = || world.vendor.requests().iter().filter(|request| request.mode == Mode::Read).count();

    let access = broker.access(&insights(), &read()).await.unwrap();
    let first = broker.credentials(&access).await.unwrap();
    let request = world.vendor.requests().into_iter().rfind(|request| request.mode == Mode::Read).unwrap();
    assert_eq!((request.bucket.as_str(), request.prefix.as_str()), ("mesh-operations", "flights/daily/v1"));
    assert_eq!((asked(), request.lifetime), (1, Duration::from_secs(3600)));

    world.clock.advance(Duration::from_secs(1799));
    let access = broker.access(&insights(), &read()).await.unwrap();
    assert_eq!(broker.credentials(&access).await.unwrap(), first, "the grant is shared");
    assert_eq!(asked(), 1);

    world.clock.advance(Duration::from_secs(2));
    let access = broker.access(&insights(), &read()).await.unwrap();
    assert_ne!(broker.credentials(&access).await.unwrap(), first, "past half its life a grant is renewed");
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn whoever_loses_a_role_or_policy_that_changes_makes_a_new_decision() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let broker = world.broker();
    let access = broker.access(&insights(), &read()).await.unwrap();
    broker.credentials(&access).await.unwrap();
    let moved = Caller { membership_revision: 2, ..insights() };
    let again = broker.access(&moved, &read()).await.unwrap();
    assert_ne!(again.decision_id, access.decision_id);
}

#[tokio::test]
async fn only_the_domains_producers_write() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let access = world.broker().access(&operations(), &write()).await.unwrap();
    world.broker().credentials(&access).await.unwrap();
    assert_eq!(world.vendor.requests().last().unwrap().role_arn, access.envelope.producer_role_arn);
    for stranger in [insights(), caller("operations", "carl", &[Role::Consumer])] {
        let error = world.broker().access(&stranger, &write()).await.unwrap_err();
        assert!(matches!(error, UseCaseError::Forbidden { code: "access.not_a_producer", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn hidden_and_unknown_ports_look_alike() {
    let world = World::new().await;
    world.active(&operations(), &FLIGHTS.replace("visibility: company", "visibility: hidden")).await;
    let hidden = world.broker().access(&insights(), &read()).await.unwrap_err();
    let unknown = AccessRequest { product: "operations.nothing".parse().unwrap(), ..read() };
    let unknown = world.broker().access(&insights(), &unknown).await.unwrap_err();
    for error in [&hidden, &unknown] {
        assert!(matches!(error, UseCaseError::NotFound { what: "port", .. }), "{error:?}");
    }
    let error = world.contracts().request(&insights(), contract_input(&[])).await.unwrap_err();
    assert!(matches!(error, UseCaseError::NotFound { .. }), "a contract on a hidden product: {error:?}");
}

#[tokio::test]
async fn without_policies_nothing_is_decided() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    world.store.fail_next(1);
    let error = world.broker().access(&insights(), &read()).await.unwrap_err();
    assert!(matches!(error, UseCaseError::Store(_)), "a store that fails opens nothing: {error:?}");
}

#[tokio::test]
async fn nobody_approves_their_own_request_nor_for_others() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contracts = world.contracts();
    let contract = contracts.request(&insights(), contract_input(&["tail_number"])).await.unwrap();
    assert_eq!(contract.status, ContractStatus::Pending);
    let error = contracts.decide(&insights(), &contract.id, Verb::Approve, None).await.unwrap_err();
    assert!(matches!(error, UseCaseError::Forbidden { code: "contract.not_the_producer", .. }), "{error:?}");
    let error = contracts.decide(&steward(), &contract.id, Verb::Approve, None).await;
    assert!(
        matches!(error, Err(UseCaseError::Forbidden { code: "contract.role_missing", .. })),
        "a steward cannot give the owner's approval: {error:?}"
    );
    let stranger = caller("weather", "wim", &[Role::Owner]);
    let error = contracts.visible(&stranger, &contract.id).await.unwrap_err();
    assert!(matches!(error, UseCaseError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_contract_asks_for_is_checked() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let mut input = contract_input(&["tail_nummer"]);
    input.agreed_freshness = Some("5m".parse().unwrap());
    let error = world.contracts().request(&insights(), input).await.unwrap_err();
    let UseCaseError::Invalid(violations) = error else { panic!("{error:?}") };
    assert_eq!(codes(&violations).into_iter().collect::<Vec<_>>(), ["contract.freshness", "contract.unknown_field"]);
    let mut input = contract_input(&[]);
    input.purpose = "marketing".to_owned();
    let error = world.contracts().request(&insights(), input).await.unwrap_err();
    assert!(
        matches!(error, UseCaseError::Forbidden { code: "contract.denied_by_policy", .. }),
        "not an offered purpose: {error:?}"
    );
}

#[tokio::test]
async fn a_request_on_a_retired_product_cannot_be_approved_but_taken_back() {
    let world = World::new().await;
    let product = world.active(&operations(), FLIGHTS).await;
    let contract = world.contracts().request(&insights(), contract_input(&[])).await.unwrap();
    world.registrar().retire(&operations(), &product.id).await.unwrap();
    let error = world.contracts().decide(&operations(), &contract.id, Verb::Approve, None).await.unwrap_err();
    assert!(matches!(error, UseCaseError::Conflict { code: "contract.product_retired", .. }), "{error:?}");
    let ended = world.contracts().decide(&insights(), &contract.id, Verb::Revoke, None).await.unwrap();
    assert_eq!(ended.status, ContractStatus::Revoked);
}

#[tokio::test]
async fn an_expired_contract_opens_nothing() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contracts = world.contracts();
    let mut input = contract_input(&[]);
    input.expires_at = Some(world::start() + jiff::SignedDuration::from_hours(1));
    let contract = contracts.request(&insights(), input).await.unwrap();
    contracts.decide(&operations(), &contract.id, Verb::Approve, None).await.unwrap();
    world.broker().access(&insights(), &read()).await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    denied(&world, &insights(), &read()).await;
}
