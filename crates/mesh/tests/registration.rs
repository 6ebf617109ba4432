//! Planning and registering: what is written, what is refused, and what two at once come to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod world;

use mesh_core::{
    error::UseCaseError,
    plan::RegisterOptions,
    product::{ProductStore, Status},
};
use world::{FLIGHTS, World, caller, codes, insights, operations};

#[tokio::test]
async fn a_product_is_registered_once_and_equal_content_is_a_no_op() {
    let world = World::new().await;
    let registrar = world.registrar();
    let plan = registrar.plan(&operations(), FLIGHTS).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    assert!(world.store.product(&plan.product).await.unwrap().is_none(), "a plan writes nothing");

    let first = registrar.register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    assert!(first.written);
    assert_eq!((first.product.revision, first.product.status), (1, Status::Provisioning));

    let reordered = format!("# a comment\n{FLIGHTS}");
    let again = registrar.register(&operations(), &reordered, RegisterOptions::default()).await.unwrap();
    assert!(!again.written);
    assert_eq!(again.product.revision, 1);
}

#[tokio::test]
async fn only_the_domains_own_producers_register() {
    let world = World::new().await;
    for stranger in [insights(), caller("operations", "carl", &[mesh_core::principal::Role::Consumer])] {
        let error = world.registrar().register(&stranger, FLIGHTS, RegisterOptions::default()).await.unwrap_err();
        assert!(matches!(error, UseCaseError::Forbidden { code: "product.not_a_producer", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_manifest_with_mistakes_names_every_one_with_its_place() {
    let world = World::new().await;
    let broken = FLIGHTS.replace("retention: 730d", "retention: 0d").replace("format: iceberg", "format: icebreg");
    let UseCaseError::Invalid(violations) = world.registrar().plan(&operations(), &broken).await.unwrap_err() else {
        panic!("the manifest is not valid");
    };
    let places: Vec<_> =
        violations.iter().map(|violation| (violation.pointer.as_str(), violation.position.unwrap().0)).collect();
    assert_eq!(places, [("/retention", 9), ("/outputPorts/0/format", 14)]);
}

#[tokio::test]
async fn unencrypted_personal_data_across_domains_is_refused_at_its_line() {
    let world = World::new().await;
    let field = "        - { name: captain, type: string, pii: { category: name, protection: none } }\n";
    let UseCaseError::Refused { violations, .. } = world
        .registrar()
        .register(&operations(), &format!("{FLIGHTS}{field}"), RegisterOptions::default())
        .await
        .unwrap_err()
    else {
        panic!("policy refuses it");
    };
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].pointer.starts_with("/outputPorts/0/schema/fields/3"), "{:?}", violations[0]);
    assert_eq!(violations[0].position.unwrap().0, 21);
    assert!(violations[0].remedy.is_some());
}

#[tokio::test]
async fn a_breaking_change_names_the_consumer_and_the_field_that_it_uses() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&["tail_number"]).await;

    let removed = FLIGHTS
        .replace("        - { name: tail_number, type: string, description: Registration of the aircraft }\n", "")
        .replace("version: 1.0.0", "version: 1.1.0");
    let plan = world.registrar().plan(&operations(), &removed).await.unwrap();
    assert!(codes(&plan.violations).contains("evolution.breaks_contract"), "{:?}", plan.violations);
    let [affected] = plan.affected.as_slice() else { panic!("one contract breaks: {:?}", plan.affected) };
    assert_eq!(affected.contract, contract.id.to_string());
    assert_eq!(affected.consumer_domain, "insights");
    assert_eq!(affected.fields, ["tail_number"]);
    assert!(plan.violations.iter().any(|one| one.detail.contains("insights@example.org")));

    let unused = FLIGHTS
        .replace("        - { name: carrier, type: string, description: Airline }\n", "")
        .replace("version: 1.0.0", "version: 1.1.0");
    let plan = world.registrar().plan(&operations(), &unused).await.unwrap();
    assert!(plan.affected.is_empty(), "the consumer does not use `carrier`: {:?}", plan.affected);
    assert!(!plan.violations.is_empty(), "it breaks the port's major all the same");
}

#[tokio::test]
async fn a_looser_promise_breaks_only_those_who_agreed_on_less() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let looser = FLIGHTS.replace("freshness: 60m", "freshness: 2h").replace("version: 1.0.0", "version: 1.1.0");
    let plan = world.registrar().plan(&operations(), &looser).await.unwrap();
    assert_eq!(
        codes(&plan.violations).into_iter().collect::<Vec<_>>(),
        ["evolution.breaks_contract"],
        "{:?}",
        plan.violations
    );
}

#[tokio::test]
async fn an_added_optional_field_is_minor_and_goes_through() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    world.contract(&[]).await;
    let added =
        format!("{FLIGHTS}        - {{ name: gate, type: string }}\n").replace("version: 1.0.0", "version: 1.1.0");
    let product = world.active(&operations(), &added).await;
    assert_eq!((product.revision, product.version.to_string().as_str()), (2, "1.1.0"));

    let unversioned = format!("{added}        - {{ name: stand, type: string }}\n");
    let error = world.registrar().register(&operations(), &unversioned, RegisterOptions::default()).await.unwrap_err();
    assert!(matches!(error, UseCaseError::Refused { .. }), "content of a version never changes: {error:?}");
}

#[tokio::test]
async fn of_two_registrations_at_once_one_wins() {
    let world = World::new().await;
    let other = FLIGHTS.replace("Every departure", "All departures");
    let (caller, registrar) = (operations(), world.registrar());
    let (one, two) = tokio::join!(
        registrar.register(&caller, FLIGHTS, RegisterOptions::default()),
        registrar.register(&caller, &other, RegisterOptions::default()),
    );
    let outcomes = [one, two];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let lost = outcomes.into_iter().find_map(Result::err).unwrap();
    assert!(
        matches!(lost, UseCaseError::Conflict { code: "registration.raced", .. } | UseCaseError::Refused { .. }),
        "the other is told: {lost:?}"
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_another_body_none() {
    let world = World::new().await;
    let registrar = world.registrar();
    let options = |body: &str| RegisterOptions {
        idempotency: Some(("key".to_owned(), body.to_owned())),
        ..RegisterOptions::default()
    };
    let first = registrar.register(&operations(), FLIGHTS, options("a")).await.unwrap();
    let again = registrar.register(&operations(), FLIGHTS, options("a")).await.unwrap();
    assert_eq!((first.product.revision, again.product.revision, again.written), (1, 1, false));
    let error = registrar.register(&operations(), FLIGHTS, options("b")).await.unwrap_err();
    let UseCaseError::Invalid(violations) = error else { panic!("{error:?}") };
    assert_eq!(violations[0].code, "idempotency.other_body");
}

#[tokio::test]
async fn findings_that_changed_since_the_plan_refuse_the_registration() {
    let world = World::new().await;
    world.active(&operations(), FLIGHTS).await;
    let narrower = FLIGHTS.replace("type: int", "type: long").replace("version: 1.0.0", "version: 1.1.0");
    let plan = world.registrar().plan(&operations(), &narrower).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    let stale = RegisterOptions { findings_digest: Some("0".repeat(64)), ..RegisterOptions::default() };
    let error = world.registrar().register(&operations(), &narrower, stale).await.unwrap_err();
    assert!(matches!(error, UseCaseError::Conflict { code: "registration.findings_changed", .. }), "{error:?}");
    let seen = RegisterOptions { findings_digest: Some(plan.findings_digest), ..RegisterOptions::default() };
    assert!(world.registrar().register(&operations(), &narrower, seen).await.unwrap().written);
}

#[tokio::test]
async fn an_unknown_input_is_refused_and_one_without_a_contract_is_warned_of() {
    let world = World::new().await;
    let derived = FLIGHTS
        .replace("domain: operations", "domain: insights")
        .replace("name: flights", "name: delays")
        .replace("outputPorts:", "inputs:\n  - { port: operations.flights/daily@1, purpose: analytics }\noutputPorts:");
    let plan = world.registrar().plan(&insights(), &derived).await.unwrap();
    assert_eq!(codes(&plan.violations).into_iter().collect::<Vec<_>>(), ["input.unknown"]);
    world.active(&operations(), FLIGHTS).await;
    let plan = world.registrar().plan(&insights(), &derived).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    assert!(codes(&plan.warnings).contains("input.no_contract"), "{:?}", plan.warnings);
}

#[tokio::test]
async fn a_product_in_use_is_not_retired() {
    let world = World::new().await;
    let product = world.active(&operations(), FLIGHTS).await;
    let contract = world.contract(&[]).await;
    let error = world.registrar().retire(&operations(), &product.id).await.unwrap_err();
    let UseCaseError::Refused { violations, .. } = error else { panic!("{error:?}") };
    assert!(violations[0].detail.contains("insights"), "{violations:?}");
    world.contracts().decide(&insights(), &contract.id, mesh_core::contracts::Verb::Revoke, None).await.unwrap();
    let retired = world.registrar().retire(&operations(), &product.id).await.unwrap();
    assert_eq!(retired.status, Status::Retired);
    let back = world.registrar().register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    assert!(back.written, "registering identical content brings it back");
}
