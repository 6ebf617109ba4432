//! Policies that are missing, do not compile, cannot be reached or have just changed: nothing is allowed without them, and all are told why.

use std::collections::BTreeMap;

use mesh_core::{
    access::AccessRequest,
    contracts::Verb,
    credentials::Mode,
    error::{StoreError, UseCaseError},
    fakes::{Fault, Moment, Script},
    governance::CheckRequest,
    plan::RegisterOptions,
    policies::PolicyScope,
};
use mesh_policy::Action;

use crate::world::{FLIGHTS, World, codes, contract_input, insights, operations};

fn read() -> AccessRequest {
    AccessRequest {
        product: "operations.flights".parse().unwrap(),
        port: "daily".parse().unwrap(),
        major: None,
        purpose: None,
        mode: Mode::Read,
    }
}

fn check() -> CheckRequest {
    CheckRequest { action: Action::Read, port: "operations.flights/daily@1".parse().unwrap(), purpose: None }
}

/// A world where everything is allowed that the shipped policies allow, with a contract to read by.
async fn open() -> World {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    world.broker().access(&insights(), &read()).await.unwrap();
    world
}

/// Everything that asks for a decision is denied with `code`, and nothing is issued or written.
async fn assert_all_denied(world: &World, code: &str) {
    let vended = world.vendor.requests().len();
    let error = world.broker().access(&insights(), &read()).await.unwrap_err();
    let UseCaseError::Forbidden { code: "access.denied", violations, remedy, .. } = error else { panic!("{error:?}") };
    assert!(codes(&violations).contains(code) && remedy.is_some(), "{violations:?}");
    let denial = world.store.audit_log().pop().unwrap();
    assert_eq!((denial.action.as_str(), &denial.detail["allow"]), ("access.read", &serde_json::json!(false)));
    assert_eq!(denial.detail["codes"][0], code);
    assert_eq!(world.vendor.requests().len(), vended);

    let decision = world.governance().check(&insights(), &check()).await.unwrap();
    assert!(!decision.allow && decision.findings.iter().any(|finding| finding.code == code), "{decision:?}");

    let other = FLIGHTS.replace("name: flights", "name: delays");
    let error = world.registrar().register(&operations(), &other, RegisterOptions::default()).await.unwrap_err();
    let UseCaseError::Refused { violations, .. } = error else { panic!("{error:?}") };
    assert!(codes(&violations).contains(code), "{violations:?}");

    let mut input = contract_input(&[]);
    input.purpose = "operations".to_owned();
    let error = world.contracts().request(&insights(), input).await.unwrap_err();
    let UseCaseError::Forbidden { violations, .. } = error else { panic!("{error:?}") };
    assert!(codes(&violations).contains(code), "{violations:?}");
}

#[tokio::test]
async fn without_published_policies_everything_is_denied_with_the_reason() {
    let world = open().await;
    // The same mesh in a store whose policies are gone.
    world.store.forget_policies();
    assert_all_denied(&world, "policy.none_published").await;
    world.publish(PolicyScope::Products, mesh_policy::defaults::product().modules).await;
    assert_all_denied(&world, "policy.none_published").await;
    world.publish(PolicyScope::Global, mesh_policy::defaults::global().modules).await;
    world.broker().access(&insights(), &read()).await.expect("and allowed again as soon as they are back");
}

#[tokio::test]
async fn policies_that_do_not_compile_deny_everything_with_the_reason() {
    let world = open().await;
    let broken = BTreeMap::from([(
        "global/broken/rule.rego".to_owned(),
        "package mesh.global.broken\n\ndeny contains".to_owned(),
    )]);
    world.publish(PolicyScope::Global, broken).await;
    assert_all_denied(&world, "policy.not_compiling").await;
}

#[tokio::test]
async fn a_domain_whose_policies_do_not_compile_is_the_only_one_that_is_closed() {
    let world = open().await;
    let broken = BTreeMap::from([("domains/insights/broken/rule.rego".to_owned(), "not rego".to_owned())]);
    world.publish(PolicyScope::Domain("insights".parse().unwrap()), broken).await;
    world.broker().access(&insights(), &read()).await.expect("a product of another domain");
    let own = FLIGHTS.replace("domain: operations", "domain: insights");
    let error = world.registrar().register(&insights(), &own, RegisterOptions::default()).await.unwrap_err();
    let UseCaseError::Refused { violations, .. } = error else { panic!("{error:?}") };
    assert!(codes(&violations).contains("policy.not_compiling"), "{violations:?}");
}

#[tokio::test]
async fn a_policy_store_that_cannot_be_reached_decides_nothing() {
    let world = open().await;
    let asked = Script::default();
    world.by(&asked).broker().access(&insights(), &read()).await.unwrap();
    let call = asked.calls().iter().position(|call| *call == "PolicyStore::revisions").unwrap() + 1;
    let errors: [fn() -> StoreError; 3] = [
        || StoreError::unavailable("policies", "told to fail"),
        || StoreError::denied("policies", "told to fail"),
        || StoreError::corrupt("policy bundle", "told to fail"),
    ];
    for error in errors {
        let logged = world.store.audit_log().len();
        let script = Script::at(call, Moment::Before, Fault::Fail(error));
        let failed = world.by(&script).broker().access(&insights(), &read()).await.unwrap_err();
        assert!(matches!(failed, UseCaseError::Store(_)), "{failed:?}");
        assert_eq!(world.store.audit_log().len(), logged, "what was not decided is not logged as decided");
    }
}

#[tokio::test]
async fn a_decision_is_never_made_by_policies_that_were_replaced_before_it_was_asked_for() {
    let world = open().await;
    let (broker, governance, registrar) = (world.broker(), world.governance(), world.registrar());
    // Every process has compiled what holds now, and the broker has a grant in its cache.
    let access = broker.access(&insights(), &read()).await.unwrap();
    broker.credentials(&access).await.unwrap();
    assert!(governance.check(&insights(), &check()).await.unwrap().allow);
    registrar.plan(&operations(), FLIGHTS).await.unwrap();

    let rule = r#"package mesh.domains.operations.closed

deny contains {
	"code": "operations.closed",
	"message": "nobody reads today",
	"path": "",
	"remedy": "come back tomorrow",
} if {
	input.action in {"read", "publish"}
}
"#;
    let scope = PolicyScope::Domain("operations".parse().unwrap());
    world.publish(scope.clone(), [("domains/operations/closed/rule.rego".to_owned(), rule.to_owned())].into()).await;
    let error = broker.access(&insights(), &read()).await.unwrap_err();
    let UseCaseError::Forbidden { violations, .. } = error else { panic!("{error:?}") };
    assert!(codes(&violations).contains("operations.closed"), "the next request: {violations:?}");
    assert!(!governance.check(&insights(), &check()).await.unwrap().allow);
    let plan = registrar.plan(&operations(), FLIGHTS).await.unwrap();
    assert!(codes(&plan.violations).contains("operations.closed"), "{:?}", plan.violations);

    world.publish(scope, BTreeMap::new()).await;
    let again = broker.access(&insights(), &read()).await.unwrap();
    assert!(governance.check(&insights(), &check()).await.unwrap().allow);
    assert!(again.contract.is_some());
    let contract = again.contract.unwrap();
    world.contracts().decide(&operations(), &contract.id, Verb::Revoke, None).await.unwrap();
    assert!(broker.access(&insights(), &read()).await.is_err(), "nor by a contract that was revoked");
}
