//! Ports that are left: a new major beside the old one, a last day, who is told, where they go, and what becomes of those who stay.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use jiff::SignedDuration;
use mesh_core::{
    access::AccessRequest,
    clock::Clock,
    contracts::MoveInput,
    credentials::Mode,
    deprecation::{DEPRECATED, REMOVED},
    error::UseCaseError,
    plan::RegisterOptions,
    product::ProductStore,
};
use world::{FLIGHTS, World, codes, insights, operations, two_majors};

const DAY: u64 = 24 * 3600;

fn only_the_second() -> String {
    let text = two_majors("flights");
    let (head, rest) = text.split_once("  - name: daily").unwrap();
    let (_, second) = rest.split_once("  - name: daily").unwrap();
    format!("{head}  - name: daily{second}").replacen("version: 1.1.0", "version: 2.0.0", 1)
}

fn read(major: Option<u64>) -> AccessRequest {
    AccessRequest {
        product: "operations.flights".parse().unwrap(),
        port: "daily".parse().unwrap(),
        major,
        purpose: None,
        mode: Mode::Read,
    }
}

async fn with_two_majors() -> (World, mesh_core::contract::Contract) {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&["carrier"]).await;
    world.active(&operations(), &two_majors("flights")).await;
    (world, contract)
}

#[tokio::test]
async fn a_newer_major_beside_it_gives_a_port_a_last_day_and_its_readers_are_told() {
    let (world, contract) = with_two_majors().await;
    let ports = world.store.ports(&"operations.flights".parse().unwrap()).await.unwrap();
    let old = ports[0].deprecation.as_ref().unwrap();
    assert_eq!(old.successor.as_ref().unwrap().to_string(), "operations.flights/daily@2");
    let notice = old.sunset.since(mesh_core::deprecation::day(world.clock.now())).unwrap();
    assert_eq!(notice.get_days(), 90);
    assert!(ports[1].deprecation.is_none());
    let events = world.events.events();
    let told: Vec<_> = events.iter().filter(|event| event.kind == DEPRECATED).collect();
    assert_eq!(told.len(), 1, "{events:?}");
    assert_eq!(told[0].data["contracts"][0]["id"], contract.id.to_string());
    assert_eq!(told[0].data["contracts"][0]["contact"], "insights@example.org");
    assert_eq!(told[0].data["successor"], "operations.flights/daily@2");
    // Registered again without another change, nothing is told again.
    world
        .active(
            &operations(),
            &two_majors("flights")
                .replace("Airline", "The airline")
                .replace("1.1.0", "1.1.1")
                .replace("version: 2.0.0", "version: 2.0.1")
                .replace("    version: 1.0.0", "    version: 1.0.1"),
        )
        .await;
    assert_eq!(world.events.events().iter().filter(|event| event.kind == DEPRECATED).count(), 1);
}

#[tokio::test]
async fn a_last_day_that_comes_too_soon_is_refused() {
    let (world, _) = with_two_majors().await;
    let day = |days: i64| {
        let now = world.clock.now() + SignedDuration::from_hours(24 * days);
        format!("    sunset: {}\n    format", mesh_core::deprecation::day(now))
    };
    let with = |days: i64| {
        two_majors("flights")
            .replacen("    format", &day(days), 1)
            .replace("version: 1.1.0", "version: 1.2.0")
            .replacen("    version: 1.0.0", "    version: 1.1.0", 1)
    };
    let plan = world.registrar().plan(&operations(), &with(89)).await.unwrap();
    assert_eq!(codes(&plan.violations), ["deprecation.too_soon"].into());
    for days in [90, 400] {
        let plan = world.registrar().plan(&operations(), &with(days)).await.unwrap();
        assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    }
}

#[tokio::test]
async fn an_owner_sees_who_reads_what_is_left_and_who_knows() {
    let (world, contract) = with_two_majors().await;
    let plan = world.registrar().plan(&operations(), &two_majors("flights")).await.unwrap();
    let reader = &plan.deprecated[0].readers[0];
    assert_eq!((reader.consumer_domain.as_str(), reader.acknowledged, reader.last_read), ("insights", false, None));
    world.broker().access(&insights(), &read(None)).await.unwrap();
    let acknowledged = world.contracts().acknowledge(&insights(), &contract.id).await.unwrap();
    assert_eq!(world.contracts().acknowledge(&insights(), &contract.id).await.unwrap(), acknowledged, "twice is once");
    let plan = world.registrar().plan(&operations(), &two_majors("flights")).await.unwrap();
    let reader = &plan.deprecated[0].readers[0];
    assert!(reader.acknowledged);
    assert_eq!(reader.last_read, Some(world.clock.now()));
    let refused = world.contracts().acknowledge(&operations(), &contract.id).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Forbidden { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_pin_is_the_consumers_own_and_ends_with_a_move() {
    let (world, contract) = with_two_majors().await;
    let contracts = world.contracts();
    let pin = async |snapshot| contracts.pin(&insights(), &contract.id, &contract.port, snapshot).await;
    let pinned = pin(7).await.unwrap();
    assert_eq!((pinned.pinned_snapshot, pinned.revision), (Some(7), contract.revision + 1));
    assert_eq!(pin(7).await.unwrap(), pinned, "twice is once");
    let read = world.broker().access(&insights(), &read(None)).await.unwrap();
    assert_eq!(read.contract.unwrap().pinned_snapshot, Some(7));
    let refused = contracts.unpin(&operations(), &contract.id).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Forbidden { .. }), "{refused:?}");
    let free = contracts.unpin(&insights(), &contract.id).await.unwrap();
    assert_eq!((free.pinned_snapshot, free.revision), (None, contract.revision + 2));
    assert_eq!(contracts.unpin(&insights(), &contract.id).await.unwrap(), free, "twice is once");
    pin(7).await.unwrap();
    let moved = contracts.move_to(&insights(), &contract.id, MoveInput::default()).await.unwrap();
    assert_eq!(moved.pinned_snapshot, None, "the other major is another table");
    let late = pin(7).await.unwrap_err();
    assert!(matches!(&late, UseCaseError::Conflict { code, .. } if *code == "contract.changed_meanwhile"), "{late:?}");
}

#[tokio::test]
async fn a_contract_moves_in_one_call_and_reads_follow() {
    let (world, contract) = with_two_majors().await;
    let before = world.broker().access(&insights(), &read(None)).await.unwrap();
    assert_eq!(before.address.to_string(), "operations.flights/daily@1");
    let moved = world.contracts().move_to(&insights(), &contract.id, MoveInput::default()).await.unwrap();
    assert_eq!(moved.port.to_string(), "operations.flights/daily@2");
    assert_eq!((moved.id.clone(), moved.fields.clone()), (contract.id.clone(), contract.fields));
    let after = world.broker().access(&insights(), &read(None)).await.unwrap();
    assert_eq!(after.address.to_string(), "operations.flights/daily@2");
    assert!(world.broker().access(&insights(), &read(Some(1))).await.is_err(), "the contract is on the new major only");
    let again = world.contracts().move_to(&insights(), &contract.id, MoveInput::default()).await.unwrap();
    assert_eq!(again, moved, "sent again, it is done already");
    // Nobody is left on the old one: it can go at once.
    let plan = world.registrar().plan(&operations(), &only_the_second()).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
}

#[tokio::test]
async fn a_contract_does_not_move_to_less_than_it_is_about() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&["carrier", "tail_number"]).await;
    let without = two_majors("flights");
    let (head, second) = without.split_at(without.rfind("        - { name: carrier").unwrap());
    let second = second.split_once('\n').unwrap().1;
    world.active(&operations(), &format!("{head}{second}").replace("freshness: 60m", "freshness: 1h")).await;
    let refused = world.contracts().move_to(&insights(), &contract.id, MoveInput::default()).await.unwrap_err();
    let UseCaseError::Conflict { code: "contract.cannot_move", violations, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(codes(&violations), ["contract.unknown_field"].into());
    let wider = MoveInput { fields: Some(Vec::new()), ..MoveInput::default() };
    let refused = world.contracts().move_to(&insights(), &contract.id, wider).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Conflict { code: "contract.needs_approval", .. }), "{refused:?}");
    let fields = Some(vec!["tail_number".to_owned()]);
    let input = MoveInput { fields, ..MoveInput::default() };
    assert_eq!(world.contracts().move_to(&insights(), &contract.id, input).await.unwrap().port.major, 2);
    let elsewhere = MoveInput { port: Some("operations.flights/other@1".parse().unwrap()), ..MoveInput::default() };
    let refused = world.contracts().move_to(&insights(), &contract.id, elsewhere).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Invalid(_)), "{refused:?}");
}

#[tokio::test]
async fn a_port_with_readers_is_removed_after_its_last_day_only_and_then_points_to_the_new_one() {
    let (world, _) = with_two_majors().await;
    let refused = world.registrar().plan(&operations(), &only_the_second()).await.unwrap();
    assert_eq!(codes(&refused.violations), ["evolution.breaks_contract"].into());
    world.clock.advance(Duration::from_secs(90 * DAY));
    let plan = world.registrar().plan(&operations(), &only_the_second()).await.unwrap();
    assert_eq!(codes(&plan.violations), ["evolution.breaks_contract"].into(), "on the last day it can be read");
    world.clock.advance(Duration::from_secs(DAY));
    let plan = world.registrar().plan(&operations(), &only_the_second()).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    assert!(codes(&plan.warnings).contains("deprecation.final_notice"), "{:?}", plan.warnings);
    world.registrar().register(&operations(), &only_the_second(), RegisterOptions::default()).await.unwrap();
    let id = "operations.flights".parse().unwrap();
    world.provisioner().converge(&id).await.unwrap();
    let told = world.events.events();
    assert_eq!(told.iter().filter(|event| event.kind == REMOVED).count(), 1, "{told:?}");
    for major in [None, Some(1)] {
        let gone = world.broker().access(&insights(), &read(major)).await.unwrap_err();
        let UseCaseError::Gone { code: "port.gone", successor, .. } = gone else { panic!("{gone:?}") };
        assert_eq!(successor.unwrap(), "operations.flights/daily@2");
    }
    // Whoever stayed can still go.
}

#[tokio::test]
async fn a_change_is_judged_against_every_version_of_the_major() {
    let world = World::new().await;
    let version = |version: &str, fields: &str| {
        FLIGHTS
            .replace("version: 1.0.0", &format!("version: {version}"))
            .replace("        - { name: carrier, type: string, description: Airline }\n", fields)
    };
    let open = |values: &str, open: bool| {
        format!("        - {{ name: carrier, type: string, enum: {{ values: [{values}], open: {open} }} }}\n")
    };
    world
        .active(&operations(), &version("1.0.0", "        - { name: carrier, type: string, description: Airline }\n"))
        .await;
    world.active(&operations(), &version("1.1.0", &open("AA", true))).await;
    world.active(&operations(), &version("1.2.0", &open("AA, UA", true))).await;
    let plan = world.registrar().plan(&operations(), &version("1.3.0", &open("AA, UA", false))).await.unwrap();
    let found = codes(&plan.violations);
    assert!(found.contains("schema.breaks_version") && found.contains("evolution.breaking_within_major"), "{found:?}");
    let details: Vec<_> = plan.violations.iter().map(|violation| violation.detail.as_str()).collect();
    assert!(details.iter().any(|detail| detail.contains("its version 1.0.0")), "{details:?}");
}

#[tokio::test]
async fn what_is_made_from_a_port_is_named_through_others_too() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let made = |name: &str, input: &str| {
        FLIGHTS
            .replace("name: flights", &format!("name: {name}"))
            .replace("outputPorts:", &format!("inputs: [{{ port: {input}, purpose: operations }}]\noutputPorts:"))
    };
    world.active(&operations(), &made("delays", "operations.flights/daily@1")).await;
    world.active(&operations(), &made("causes", "operations.delays/daily@1")).await;
    let narrowed = FLIGHTS.replace("name: flight, type: int", "name: flight, type: string");
    let plan = world.registrar().plan(&operations(), &narrowed).await.unwrap();
    let named: Vec<_> = plan
        .downstream
        .iter()
        .map(|one| (one.product.to_string(), one.through.as_ref().map(ToString::to_string)))
        .collect();
    assert_eq!(
        named,
        [
            ("operations.delays".to_owned(), None),
            ("operations.causes".to_owned(), Some("operations.delays".to_owned()))
        ]
    );
}

#[tokio::test]
async fn a_promise_that_the_inputs_do_not_allow_is_refused() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let made = |sla: &str| {
        FLIGHTS
            .replace("name: flights", "name: delays")
            .replace(
                "outputPorts:",
                "inputs: [{ port: operations.flights/daily@1, purpose: operations }]\noutputPorts:",
            )
            .replace("sla: { freshness: 60m }", sla)
    };
    for (sla, kept) in [
        ("sla: { freshness: 59m }", false),
        ("sla: { freshness: 60m }", true),
        ("sla: { freshness: 60m, processing: 5m }", false),
        ("sla: { freshness: 65m, processing: 5m }", true),
    ] {
        let plan = world.registrar().plan(&operations(), &made(sla)).await.unwrap();
        let expected = if kept { [].into() } else { ["promise.too_tight"].into() };
        assert_eq!(codes(&plan.violations), expected, "{sla}");
    }
}

#[tokio::test]
async fn where_there_is_no_other_major_nothing_moves() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&["carrier"]).await;
    let refused = world.contracts().move_to(&insights(), &contract.id, MoveInput::default()).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Conflict { code: "contract.no_successor", .. }), "{refused:?}");
    let refused = world.contracts().acknowledge(&insights(), &contract.id).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Conflict { code: "contract.nothing_announced", .. }), "{refused:?}");
}

#[tokio::test]
async fn nobody_joins_a_product_that_is_deprecated() {
    let world = World::new().await;
    let deprecated = FLIGHTS.replace("owner:", "status: deprecated\nowner:");
    world.active(&operations(), &deprecated).await;
    let refused = world.contracts().request(&insights(), world::contract_input(&[])).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Conflict { code: "contract.product_deprecated", .. }), "{refused:?}");
}
