//! Nobody approves what they asked for themselves, in whichever domain's name.

use mesh_api::routes::{self, Route};
use mesh_core::contract::Contract;
use mesh_http::testing::ISSUER;
use serde_json::json;

use crate::world::{BOTH, Call, World};

fn decide(who: &str, acting: &str, route: &'static Route, contract: &Contract, verb: &str) -> Call {
    Call::new(who, route, &format!("/contracts/{}/{verb}", contract.id)).header("mesh-domain", acting).json(&json!({}))
}

fn approve(who: &str, contract: &Contract) -> Call {
    decide(who, "operations", &routes::CONTRACT_APPROVE, contract, "approve")
}

#[tokio::test]
async fn who_belongs_to_both_domains_does_not_approve_their_own_request() {
    let world = World::new().await;
    let ask = json!({ "port": "operations.plain/daily@1", "purpose": "analytics", "contact": "dora@example.org" });
    let call = Call::new(BOTH, &routes::CONTRACT_REQUEST, "/contracts").header("mesh-domain", "insights").json(&ask);
    let asked = world.send(&call).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    let contract = world.contract("insights", "operations.plain").await;
    let problem = world.refused(&approve(BOTH, &contract)).await;
    assert_eq!((problem.status, problem.code.as_str()), (403, "contract.own_request"));
    assert!(problem.remedy.unwrap().contains("does not belong to `insights`"));
    let approved = world.send(&approve("operations-owner", &contract)).await.json();
    assert_eq!(approved["status"], "active", "{approved}");
}

#[tokio::test]
async fn nor_what_a_colleague_or_a_machine_of_the_consuming_domain_asked_for() {
    let world = World::new().await;
    let contract = world.requested("insights", "operations.plain/daily@1", "analytics").await;
    let problem = world.refused(&approve(BOTH, &contract)).await;
    assert_eq!((problem.status, problem.code.as_str()), (403, "contract.own_request"));
    // Saying no to one's own side harms nobody.
    let rejected = world.send(&decide(BOTH, "operations", &routes::CONTRACT_REJECT, &contract, "reject")).await.json();
    assert_eq!(rejected["status"], "rejected", "{rejected}");
}

#[tokio::test]
async fn a_role_given_by_oneself_in_the_consuming_domain_approves_nothing() {
    let world = World::new().await;
    let contract = world.requested("insights", "operations.plain/daily@1", "analytics").await;
    for role in ["owner", "steward", "approver"] {
        let problem =
            world.refused(&Call { headers: Vec::new(), ..approve(&format!("insights-{role}"), &contract) }).await;
        assert_eq!((problem.status, problem.code.as_str()), (403, "contract.not_the_producer"), "{role}");
        let problem = world.refused(&approve(&format!("insights-{role}"), &contract)).await;
        assert_eq!((problem.status, problem.code.as_str()), (403, "identity.not_a_member"), "{role}");
    }
}

#[tokio::test]
async fn who_may_ask_for_a_contract_may_give_it_back() {
    for role in ["owner", "producer", "consumer"] {
        let world = World::new().await;
        let contract = world.contract("insights", "operations.flights").await;
        let who = format!("insights-{role}");
        let call = decide(&who, "insights", &routes::CONTRACT_REVOKE, &contract, "revoke");
        assert_eq!(world.send(&call).await.json()["status"], "revoked", "{role}");
    }
}

#[tokio::test]
async fn membership_of_the_platform_makes_nobody_an_owner() {
    let world = World::new().await;
    for role in ["steward", "producer", "consumer", "approver"] {
        let who = format!("platform-{role}");
        for domain in ["platform", "operations"] {
            let member = json!({ "principal": format!("{ISSUER}|{who}"), "roles": ["owner"] });
            let body = json!({ "id": domain, "description": "Mine", "members": [member] });
            let call = Call::new(&who, &routes::DOMAIN_UPDATE, &format!("/domains/{domain}")).json(&body);
            let problem = world.refused(&call).await;
            assert_eq!((problem.status, problem.code.as_str()), (403, "domain.not_owner"), "{who} {domain}");
        }
    }
}
