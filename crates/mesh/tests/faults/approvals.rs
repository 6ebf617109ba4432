//! Contracts that are asked for, approved and revoked while others do the same or register: never a live one that nothing stands behind.

use mesh_core::{
    contract::{Contract, ContractStatus, ContractStore},
    contracts::Verb,
    error::UseCaseError,
    fakes::{Schedule, Script, Task, interleave},
    plan::RegisterOptions,
    policies::PolicyScope,
    principal::{Caller, Role},
    product::{Product, ProductStore, Status},
};

use crate::world::{FLIGHTS, World, caller, contract_input, insights, operations, steward};

const MOST: usize = 8;

fn schedules() -> impl Iterator<Item = Schedule> {
    Schedule::preemptions(MOST).chain(Schedule::seeded(30))
}

/// A world with `operations.flights`, and a contract on it that is pending.
async fn pending(fields: &[&str]) -> (World, Contract) {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contracts().request(&insights(), contract_input(fields)).await.unwrap();
    (world, contract)
}

/// What `caller` decides about the contract, as a task of its own.
fn deciding(world: &World, caller: Caller, contract: &Contract, verb: Verb) -> Task<'static, Outcome> {
    let (script, id) = (Script::default(), contract.id.clone());
    let contracts = world.by(&script).contracts();
    Task::new(script, async move { contracts.decide(&caller, &id, verb, None).await.map(drop) })
}

fn registering(world: &World, text: &str) -> Task<'static, Outcome> {
    let (script, text) = (Script::default(), text.to_owned());
    let registrar = world.by(&script).registrar();
    Task::new(
        script,
        async move { registrar.register(&operations(), &text, RegisterOptions::default()).await.map(drop) },
    )
}

/// The manifest with another port in place of the one that there was.
fn without_the_port() -> String {
    FLIGHTS.replacen("version: 1.0.0", "version: 2.0.0", 1).replace("name: daily", "name: hourly")
}

type Outcome = Result<(), UseCaseError>;

async fn product(world: &World) -> Product {
    world.store.product(&"operations.flights".parse().unwrap()).await.unwrap().unwrap()
}

async fn stored(world: &World, contract: &Contract) -> Contract {
    world.store.contract(&contract.id).await.unwrap().unwrap()
}

fn audited(world: &World, action: &str) -> usize {
    world.store.audit_log().iter().filter(|entry| entry.action == action).count()
}

/// What is live is offered: the port is there, with every field that is used, promising what was agreed on.
async fn assert_live_is_offered(world: &World, schedule: Schedule) {
    let product = product(world).await;
    for contract in world.store.of_product(&product.id).await.unwrap() {
        if contract.status != ContractStatus::Active {
            continue;
        }
        assert_ne!(product.status, Status::Retired, "{schedule:?}: a live contract on a retired product");
        let port = product.manifest.port(&contract.port).unwrap_or_else(|| panic!("{schedule:?}: the port is gone"));
        assert!(port.sla.freshness <= contract.agreed_freshness, "{schedule:?}: less is promised than was agreed on");
        for field in &contract.fields {
            assert!(port.schema.fields.iter().any(|known| known.name == *field), "{schedule:?}: `{field}` is gone");
        }
    }
}

#[tokio::test]
async fn two_owners_who_approve_at_once_approve_once() {
    let other = || caller("operations", "otto", &[Role::Owner]);
    let (world, contract) = pending(&[]).await;
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let tasks = vec![
            deciding(&world, operations(), &contract, Verb::Approve),
            deciding(&world, other(), &contract, Verb::Approve),
        ];
        for outcome in interleave(tasks, schedule) {
            outcome.unwrap_or_else(|error| panic!("{schedule:?}: {error:?}"));
        }
        let after = stored(&world, &contract).await;
        assert_eq!(
            (after.status, after.approvals.len(), after.revision),
            (ContractStatus::Active, 1, 2),
            "{schedule:?}"
        );
        assert_eq!(audited(&world, "contract.approved"), 1, "{schedule:?}");
    }
}

#[tokio::test]
async fn approvals_of_two_roles_at_once_are_both_kept() {
    let rule = include_str!("../../../../policies/domains/operations/contract_approval/rule.rego");
    let world = World::new().await;
    let scope = PolicyScope::Domain("operations".parse().unwrap());
    let path = "domains/operations/contract_approval/rule.rego".to_owned();
    world.publish(scope, [(path, rule.to_owned())].into()).await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contracts().request(&insights(), contract_input(&[])).await.unwrap();
    assert_eq!(contract.required_approvals.len(), 2);
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let tasks = vec![
            deciding(&world, operations(), &contract, Verb::Approve),
            deciding(&world, steward(), &contract, Verb::Approve),
        ];
        for outcome in interleave(tasks, schedule) {
            outcome.unwrap_or_else(|error| panic!("{schedule:?}: {error:?}"));
        }
        let after = stored(&world, &contract).await;
        assert_eq!((after.status, after.approvals.len()), (ContractStatus::Active, 2), "{schedule:?}");
    }
}

#[tokio::test]
async fn who_rejects_and_who_approves_at_once_are_not_both_right() {
    let (world, contract) = pending(&[]).await;
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let tasks = vec![
            deciding(&world, operations(), &contract, Verb::Approve),
            deciding(&world, steward(), &contract, Verb::Reject),
        ];
        let outcomes = interleave(tasks, schedule);
        let after = stored(&world, &contract).await.status;
        let expected = [outcomes[0].is_ok(), outcomes[1].is_ok()];
        let seen = [after == ContractStatus::Active, after == ContractStatus::Rejected];
        assert_eq!(expected, seen, "{schedule:?}: {outcomes:?}");
        let lost = outcomes.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(lost, UseCaseError::Conflict { code: "contract.wrong_status", .. }), "{schedule:?}: {lost:?}");
    }
}

#[tokio::test]
async fn a_consumer_that_asks_twice_at_once_gets_one_contract() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let asking = || {
            let script = Script::default();
            let contracts = world.by(&script).contracts();
            Task::new(script, async move { contracts.request(&insights(), contract_input(&[])).await })
        };
        let answers = interleave(vec![asking(), asking()], schedule);
        let [one, two]: [Contract; 2] = answers.into_iter().map(Result::unwrap).collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(one, two, "{schedule:?}");
        assert_eq!(world.store.of_product(&one.id.product).await.unwrap().len(), 1, "{schedule:?}");
    }
}

#[tokio::test]
async fn a_contract_approved_while_a_registration_takes_away_what_it_uses_is_not_live_in_vain() {
    let looser = FLIGHTS.replace("freshness: 60m", "freshness: 600m").replace("version: 1.0.0", "version: 1.1.0");
    for (changed, text) in [("port", without_the_port()), ("promise", looser)] {
        let (mut approved, mut registered) = (0, 0);
        let (world, contract) = pending(&["carrier"]).await;
        let saved = world.saved();
        for schedule in schedules() {
            world.restore(&saved);
            let approving = deciding(&world, operations(), &contract, Verb::Approve);
            let outcomes = interleave(vec![approving, registering(&world, &text)], schedule);
            assert_live_is_offered(&world, schedule).await;
            approved += usize::from(outcomes[0].is_ok());
            registered += usize::from(outcomes[1].is_ok());
            assert!(outcomes.iter().any(Result::is_ok), "{schedule:?}: one of them is possible: {outcomes:?}");
        }
        assert!(approved > 0 && registered > 0, "{changed}: each is first in some schedule: {approved}, {registered}");
    }
}

#[tokio::test]
async fn a_contract_asked_for_while_a_registration_takes_away_what_it_wants_is_refused_or_refuses() {
    let without = without_the_port();
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let script = Script::default();
        let contracts = world.by(&script).contracts();
        let asking = Task::new(script, async move {
            let asked = contracts.request(&insights(), contract_input(&[])).await?;
            contracts.decide(&operations(), &asked.id, Verb::Approve, None).await.map(drop)
        });
        interleave(vec![asking, registering(&world, &without)], schedule);
        assert_live_is_offered(&world, schedule).await;
    }
}

#[tokio::test]
async fn a_change_that_breaks_a_contract_waits_for_its_end_and_not_for_less() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&[]).await;
    let saved = world.saved();
    let mut accepted = 0;
    for schedule in schedules() {
        world.restore(&saved);
        let revoking = deciding(&world, insights(), &contract, Verb::Revoke);
        let outcomes = interleave(vec![revoking, registering(&world, &without_the_port())], schedule);
        assert!(outcomes[0].is_ok(), "{schedule:?}: {outcomes:?}");
        accepted += usize::from(outcomes[1].is_ok());
        let log = world.store.audit_log();
        let at = |action: &str| log.iter().rposition(|entry| entry.action == action);
        let registered_at = at("product.registered").filter(|_| outcomes[1].is_ok());
        assert!(registered_at.is_none_or(|registered| Some(registered) > at("contract.revoked")), "{schedule:?}");
    }
    assert!(accepted > 0, "the registration comes after the end in some schedule");
}

#[tokio::test]
async fn a_product_is_not_retired_under_a_contract_that_is_being_approved() {
    let mut outcomes_seen = std::collections::BTreeSet::new();
    let (world, contract) = pending(&[]).await;
    let saved = world.saved();
    for schedule in schedules() {
        world.restore(&saved);
        let script = Script::default();
        let registrar = world.by(&script).registrar();
        let retiring = Task::new(script, async move {
            registrar.retire(&operations(), &"operations.flights".parse().unwrap()).await.map(drop)
        });
        let outcomes = interleave(vec![deciding(&world, operations(), &contract, Verb::Approve), retiring], schedule);
        assert_live_is_offered(&world, schedule).await;
        outcomes_seen.insert((outcomes[0].is_ok(), outcomes[1].is_ok()));
    }
    assert!(!outcomes_seen.contains(&(true, true)), "{outcomes_seen:?}");
    assert!(outcomes_seen.contains(&(true, false)) && outcomes_seen.contains(&(false, true)), "{outcomes_seen:?}");
}

#[tokio::test]
async fn a_product_is_not_retired_under_one_that_is_being_made_from_it() {
    let derived = FLIGHTS
        .replace("name: flights", "name: delays")
        .replace("outputPorts:", "inputs:\n  - { port: operations.flights/daily@1, purpose: analytics }\noutputPorts:");
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let saved = world.saved();
    let mut seen = std::collections::BTreeSet::new();
    // Retired, or without the port: either takes the input away.
    for schedule in schedules() {
        for retires in [true, false] {
            world.restore(&saved);
            let leaving = if retires {
                let script = Script::default();
                let registrar = world.by(&script).registrar();
                Task::new(script, async move {
                    registrar.retire(&operations(), &"operations.flights".parse().unwrap()).await.map(drop)
                })
            } else {
                registering(&world, &without_the_port())
            };
            let outcomes = interleave(vec![registering(&world, &derived), leaving], schedule);
            let outcome = (outcomes[0].is_ok(), outcomes[1].is_ok());
            assert_ne!(outcome, (true, true), "{schedule:?}: made from what is gone");
            seen.insert(outcome);
        }
    }
    assert!(seen.contains(&(true, false)) && seen.contains(&(false, true)), "{seen:?}");
}

#[tokio::test]
async fn what_changed_under_a_pending_contract_is_told_when_it_is_approved() {
    let (world, contract) = pending(&["carrier"]).await;
    let looser = FLIGHTS.replace("freshness: 60m", "freshness: 600m").replace("version: 1.0.0", "version: 1.1.0");
    world.registrar().register(&operations(), &looser, RegisterOptions::default()).await.unwrap();
    let error = world.contracts().decide(&operations(), &contract.id, Verb::Approve, None).await.unwrap_err();
    let UseCaseError::Conflict { code: "contract.outdated", violations, remedy, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(violations[0].code, "contract.freshness");
    assert!(remedy.is_some());
    world.contracts().decide(&operations(), &contract.id, Verb::Reject, None).await.unwrap();
}
