//! Two registrations at once, in every order of their calls: one wins, the other is told; and one key is one registration.

use mesh_core::{
    error::UseCaseError,
    fakes::{Schedule, Script, Task, interleave},
    plan::{RegisterOptions, Registered},
    product::ProductStore,
};

use crate::world::{FLIGHTS, Saved, World, operations};

type Answer = Result<Registered, UseCaseError>;

/// More calls than a registration makes.
const MOST: usize = 9;

fn schedules() -> impl Iterator<Item = Schedule> {
    Schedule::preemptions(MOST).chain(Schedule::seeded(40))
}

/// A world where `first` is registered, if any.
async fn prepared(first: Option<&str>) -> (World, Saved) {
    let world = World::new().await;
    if let Some(first) = first {
        world.registrar().register(&operations(), first, RegisterOptions::default()).await.unwrap();
    }
    let saved = world.saved();
    (world, saved)
}

/// Two registrations at once on the world as it was saved.
fn at_once(
    (world, saved): &(World, Saved),
    schedule: Schedule,
    [one, two]: [(&str, &RegisterOptions); 2],
) -> [Answer; 2] {
    world.restore(saved);
    let task = |(text, options): (&str, &RegisterOptions)| {
        let (script, text, options) = (Script::default(), text.to_owned(), options.clone());
        let registrar = world.by(&script).registrar();
        Task::new(script, async move { registrar.register(&operations(), &text, options).await })
    };
    interleave(vec![task(one), task(two)], schedule).try_into().unwrap()
}

async fn revisions(world: &World) -> usize {
    world.store.history(&"operations.flights".parse().unwrap(), None, 100).await.unwrap().items.len()
}

fn keyed(body: &str) -> RegisterOptions {
    RegisterOptions { idempotency: Some(("key".to_owned(), body.to_owned())), ..RegisterOptions::default() }
}

#[tokio::test]
async fn of_two_first_registrations_one_wins_and_the_other_is_told() {
    let other = FLIGHTS.replace("Every departure", "All departures");
    let (prepared, options) = (prepared(None).await, RegisterOptions::default());
    let world = &prepared.0;
    for schedule in schedules() {
        let answers = at_once(&prepared, schedule, [(FLIGHTS, &options), (&other, &options)]);
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1), "{schedule:?}");
        let lost = lost.into_iter().find_map(Result::err).unwrap();
        assert!(
            matches!(lost, UseCaseError::Conflict { code: "registration.raced", .. } | UseCaseError::Refused { .. }),
            "{schedule:?}: {lost:?}"
        );
        let product = world.store.product(&"operations.flights".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(product, won.into_iter().find_map(Result::ok).unwrap().product, "{schedule:?}");
        assert_eq!(revisions(world).await, 1, "{schedule:?}");
        let registered = world.store.audit_log().into_iter().filter(|entry| entry.action == "product.registered");
        assert_eq!(registered.count(), 1, "{schedule:?}");
    }
}

#[tokio::test]
async fn of_two_next_revisions_one_wins_and_nothing_of_the_other_is_lost_unseen() {
    let next = |field: &str| {
        let text = FLIGHTS.replace("version: 1.0.0", "version: 1.1.0");
        format!("{text}        - {{ name: {field}, type: string }}\n")
    };
    let (gate, stand) = (next("gate"), next("stand"));
    let (prepared, options) = (prepared(Some(FLIGHTS)).await, RegisterOptions::default());
    let world = &prepared.0;
    for schedule in schedules() {
        let answers = at_once(&prepared, schedule, [(&gate, &options), (&stand, &options)]);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{schedule:?}: {answers:?}");
        assert_eq!(revisions(world).await, 2, "{schedule:?}");
    }
}

#[tokio::test]
async fn the_same_key_twice_at_once_is_one_registration_and_one_answer() {
    let prepared = prepared(None).await;
    let world = &prepared.0;
    for schedule in schedules() {
        let answers = at_once(&prepared, schedule, [(FLIGHTS, &keyed("a")), (FLIGHTS, &keyed("a"))]);
        let answers = answers.map(|answer| answer.unwrap_or_else(|error| panic!("{schedule:?}: {error:?}")));
        assert_eq!(answers.iter().filter(|answer| answer.written).count(), 1, "{schedule:?}");
        assert_eq!(answers[0].product, answers[1].product, "{schedule:?}");
        assert_eq!(answers[0].ports, answers[1].ports, "{schedule:?}");
        assert_eq!(revisions(world).await, 1, "{schedule:?}");
    }
}

#[tokio::test]
async fn the_same_key_twice_at_once_after_a_plan_is_one_registration_too() {
    let later = FLIGHTS.replace("freshness: 60m", "freshness: 90m").replace("version: 1.0.0", "version: 1.1.0");
    let prepared = prepared(Some(FLIGHTS)).await;
    let world = &prepared.0;
    let plan = world.registrar().plan(&operations(), &later).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    let options = RegisterOptions { findings_digest: Some(plan.findings_digest), ..keyed("a") };
    for schedule in schedules() {
        let answers = at_once(&prepared, schedule, [(&later, &options), (&later, &options)]);
        let answers = answers.map(|answer| answer.unwrap_or_else(|error| panic!("{schedule:?}: {error:?}")));
        assert_eq!(answers[0].product.revision, answers[1].product.revision, "{schedule:?}");
        assert_eq!(revisions(world).await, 2, "{schedule:?}");
    }
}

#[tokio::test]
async fn the_same_key_with_two_bodies_at_once_stands_for_one_of_them() {
    let other = format!("{FLIGHTS}# another body\n").replace("Every departure", "All departures");
    let prepared = prepared(None).await;
    let world = &prepared.0;
    for schedule in schedules() {
        let answers = at_once(&prepared, schedule, [(FLIGHTS, &keyed("a")), (&other, &keyed("b"))]);
        let lost: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert_eq!(lost.len(), 1, "{schedule:?}");
        let UseCaseError::Invalid(violations) = &lost[0] else { panic!("{schedule:?}: {lost:?}") };
        assert_eq!(violations[0].code, "idempotency.other_body");
        assert_eq!(revisions(world).await, 1, "{schedule:?}");
    }
}

#[tokio::test]
async fn a_repeated_request_gets_its_own_revision_whatever_came_after_it() {
    let world = World::new().await;
    let registrar = world.registrar();
    let first = registrar.register(&operations(), FLIGHTS, keyed("a")).await.unwrap();
    let next = FLIGHTS.replace("version: 1.0.0", "version: 1.1.0");
    let next = format!("{next}        - {{ name: gate, type: string }}\n");
    registrar.register(&operations(), &next, RegisterOptions::default()).await.unwrap();
    let again = registrar.register(&operations(), FLIGHTS, keyed("a")).await.unwrap();
    assert_eq!(again.product, first.product);
    assert!(!again.written);
    assert_eq!(revisions(&world).await, 2);
}

#[tokio::test]
async fn a_key_stands_for_its_first_body_even_where_nothing_was_to_be_written() {
    let world = World::new().await;
    let registrar = world.registrar();
    registrar.register(&operations(), FLIGHTS, RegisterOptions::default()).await.unwrap();
    assert!(!registrar.register(&operations(), FLIGHTS, keyed("a")).await.unwrap().written);
    let next =
        format!("{FLIGHTS}        - {{ name: gate, type: string }}\n").replace("version: 1.0.0", "version: 1.1.0");
    let error = registrar.register(&operations(), &next, keyed("b")).await.unwrap_err();
    assert!(matches!(&error, UseCaseError::Invalid(violations) if violations[0].code == "idempotency.other_body"));
    assert_eq!(revisions(&world).await, 1);
}
