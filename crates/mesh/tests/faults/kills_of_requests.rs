//! Registry and broker killed at every call of a request: the client that repeats it gets what it asked for, once.

use mesh_core::{
    access::AccessRequest,
    contract::{ContractStatus, ContractStore},
    contracts::Verb,
    credentials::Mode,
    fakes::Script,
    plan::RegisterOptions,
    product::ProductStore,
};

use crate::{
    kills::every_kill,
    world::{FLIGHTS, World, contract_input, insights, operations},
};

fn keyed() -> RegisterOptions {
    RegisterOptions { idempotency: Some(("key".to_owned(), "body".to_owned())), ..RegisterOptions::default() }
}

fn audited(world: &World, action: &str) -> usize {
    world.store.audit_log().iter().filter(|entry| entry.action == action).count()
}

#[tokio::test]
async fn a_registration_killed_at_any_call_is_one_registration_once_it_is_repeated() {
    let script = Script::default();
    let world = World::new().await;
    let saved = world.saved();
    let wanted = world.by(&script).registrar().register(&operations(), FLIGHTS, keyed()).await.unwrap();
    for options in [keyed(), RegisterOptions::default()] {
        for script in every_kill(script.calls().len()) {
            world.restore(&saved);
            let registrar = world.by(&script).registrar();
            // Without a key there is one call less to be killed at.
            let _ = script.run(registrar.register(&operations(), FLIGHTS, options.clone())).await;
            let again = world.registrar().register(&operations(), FLIGHTS, options.clone()).await.unwrap();
            assert_eq!(again.product, wanted.product, "{script:?}");
            assert_eq!(again.ports, wanted.ports, "{script:?}");
            let history = world.store.history(&wanted.product.id, None, 10).await.unwrap();
            assert_eq!(history.items.len(), 1, "{script:?}");
            assert_eq!(audited(&world, "product.registered"), 1, "{script:?}");
        }
    }
}

#[tokio::test]
async fn a_retirement_killed_at_any_call_is_one_retirement_once_it_is_repeated() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    let id = "operations.flights".parse().unwrap();
    let script = Script::default();
    let wanted = world.by(&script).registrar().retire(&operations(), &id).await.unwrap();
    for script in every_kill(script.calls().len()) {
        world.restore(&saved);
        assert!(script.run(world.by(&script).registrar().retire(&operations(), &id)).await.is_none());
        assert_eq!(world.registrar().retire(&operations(), &id).await.unwrap(), wanted, "{script:?}");
        assert_eq!(audited(&world, "product.retired"), 1, "{script:?}");
    }
}

#[tokio::test]
async fn a_contract_killed_at_any_call_of_request_and_approval_is_one_contract() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    let id = "operations.flights".parse().unwrap();
    let asking = Script::default();
    world.by(&asking).contracts().request(&insights(), contract_input(&[])).await.unwrap();
    for script in every_kill(asking.calls().len()) {
        world.restore(&saved);
        let contracts = world.by(&script).contracts();
        assert!(script.run(contracts.request(&insights(), contract_input(&[]))).await.is_none());
        world.contracts().request(&insights(), contract_input(&[])).await.unwrap();
        assert_eq!(world.store.of_product(&id).await.unwrap().len(), 1, "{script:?}");
        assert_eq!(audited(&world, "contract.requested"), 1, "{script:?}");
    }
    for (verb, action, status) in [
        (Verb::Approve, "contract.approved", ContractStatus::Active),
        (Verb::Reject, "contract.rejected", ContractStatus::Rejected),
        (Verb::Revoke, "contract.revoked", ContractStatus::Revoked),
    ] {
        let deciding = Script::default();
        world.restore(&saved);
        let asked = world.contracts().request(&insights(), contract_input(&[])).await.unwrap();
        world.by(&deciding).contracts().decide(&operations(), &asked.id, verb, None).await.unwrap();
        for script in every_kill(deciding.calls().len()) {
            world.restore(&saved);
            let asked = world.contracts().request(&insights(), contract_input(&[])).await.unwrap();
            let contracts = world.by(&script).contracts();
            assert!(script.run(contracts.decide(&operations(), &asked.id, verb, None)).await.is_none());
            let after = world.contracts().decide(&operations(), &asked.id, verb, None).await.unwrap();
            assert_eq!((after.status, after.revision), (status, 2), "{script:?}");
            assert_eq!(audited(&world, action), 1, "{script:?}");
        }
    }
}

#[tokio::test]
async fn a_broker_killed_at_any_call_issues_nothing_that_is_not_in_the_audit_log() {
    let read = AccessRequest {
        product: "operations.flights".parse().unwrap(),
        port: "daily".parse().unwrap(),
        major: None,
        purpose: None,
        mode: Mode::Read,
    };
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let saved = world.saved();
    let grant = async |world: &World| {
        let broker = world.broker();
        let access = broker.access(&insights(), &read).await.unwrap();
        broker.credentials(&access).await.unwrap();
        access.decision_id
    };
    let script = Script::default();
    grant(&world.by(&script)).await;
    let calls = script.calls();
    let audited_at = calls.iter().position(|call| *call == "AuditLog::append").unwrap();
    let vended_at = calls.iter().position(|call| *call == "CredentialVendor::vend").unwrap();
    assert!(audited_at < vended_at, "the decision is in the log before there are credentials: {calls:?}");
    for script in every_kill(calls.len()) {
        world.restore(&saved);
        let before = world.vendor.requests().len();
        assert!(script.run(grant(&world.by(&script))).await.is_none());
        let issued = world.vendor.requests().len() - before;
        assert!(issued <= audited(&world, "access.read"), "{script:?}: a grant without a line in the audit log");
        // The next request is answered, by a decision that is in the log.
        let decision = grant(&world).await;
        assert!(world.store.audit_log().iter().any(|entry| entry.id == decision && entry.detail["allow"] == true));
    }
}
