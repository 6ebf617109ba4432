//! Inputs never lead back to the product that they are of, however long the way.

use mesh_api::{Problem, routes, types::Plan};
use mesh_core::{
    product::{ProductStore, Status},
    store_suite::samples,
};

use crate::world::{Call, World, manifest};

/// `operations.NAME` at a version, made from these products of `operations`.
fn made_from(name: &str, version: &str, inputs: &[&str]) -> String {
    let text = manifest("operations", name, "company", "internal").replacen(
        "version: 1.0.0",
        &format!("version: {version}"),
        1,
    );
    if inputs.is_empty() {
        return text;
    }
    let inputs: String = inputs
        .iter()
        .map(|input| format!("  - {{ port: operations.{input}/daily@1, purpose: analytics }}\n"))
        .collect();
    text.replacen("outputPorts:", &format!("inputs:\n{inputs}outputPorts:"), 1)
}

fn register(text: &str) -> Call {
    Call::new("operations-owner", &routes::PRODUCT_REGISTER, "/products").body(text)
}

async fn refused(world: &World, text: &str) -> Problem {
    let plan = Call { path: "/products?dry_run=true".to_owned(), ..register(text) };
    let plan: Plan = serde_json::from_slice(&world.send(&plan).await.bytes).unwrap();
    let problem = world.refused(&register(text)).await;
    assert_eq!((problem.status, problem.code.as_str()), (422, "registration.refused"));
    assert_eq!(plan.violations, problem.errors, "the plan says so too");
    problem
}

#[tokio::test]
async fn a_circle_of_two_and_one_of_three_are_refused_at_the_input() {
    let world = World::new().await;
    world.active(&made_from("a", "1.0.0", &["plain"])).await;
    world.active(&made_from("b", "1.0.0", &["open", "a"])).await;
    world.active(&made_from("c", "1.0.0", &["b"])).await;
    for (input, index) in [("b", 1), ("c", 1)] {
        let problem = refused(&world, &made_from("a", "1.1.0", &["plain", input])).await;
        assert_eq!(problem.errors.len(), 1, "{problem:?}");
        let error = &problem.errors[0];
        assert_eq!(
            (error.code.as_str(), error.pointer.as_str()),
            ("input.cycle", format!("/inputs/{index}/port").as_str())
        );
        assert_eq!(error.line, Some(13));
        assert!(
            error.detail.contains(&format!("`operations.{input}` is itself made from `operations.a`")),
            "{error:?}"
        );
        assert!(error.remedy.is_some());
    }
    // Two ways to the same source are no circle.
    world.active(&made_from("d", "1.0.0", &["a", "b", "c", "plain"])).await;
}

#[tokio::test]
async fn a_circle_does_not_name_what_lies_between() {
    let world = World::new().await;
    world.active(&made_from("a", "1.0.0", &[])).await;
    let middle = made_from("middle", "1.0.0", &["a"]).replace("visibility: company", "visibility: hidden");
    world.active(&middle).await;
    world.active(&made_from("c", "1.0.0", &["middle"])).await;
    let problem = refused(&world, &made_from("a", "1.1.0", &["c"])).await;
    assert_eq!(problem.errors[0].code, "input.cycle");
    assert!(!format!("{problem:?}").contains("middle"), "{problem:?}");
}

#[tokio::test]
async fn a_retired_product_closes_no_circle() {
    let world = World::new().await;
    world.active(&made_from("a", "1.0.0", &[])).await;
    world.active(&made_from("b", "1.0.0", &["a"])).await;
    let retire = Call::new("operations-owner", &routes::PRODUCT_RETIRE, "/products/operations.b");
    assert_eq!(world.send(&retire).await.status, 200);
    let retired = world.store.product(&"operations.b".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(retired.status, Status::Retired);
    world.active(&made_from("a", "1.1.0", &["plain"])).await;
    let problem = refused(&world, &made_from("a", "1.2.0", &["plain", "b"])).await;
    assert_eq!(problem.errors[0].code, "input.unknown", "what is retired is no input either");
}

#[tokio::test]
async fn more_upstream_than_can_be_looked_through_is_refused() {
    let world = World::new().await;
    let mut before: Option<String> = None;
    for n in 0..1002 {
        let name = format!("p{n}");
        let mut registration = samples::first_registration(&format!("operations.{name}"));
        let text = made_from(&name, "1.0.0", &before.iter().map(String::as_str).collect::<Vec<_>>());
        registration.product.manifest = mesh_manifest::parse(&text).unwrap().manifest;
        registration.product.status = Status::Active;
        registration.schemas.clear();
        world.store.register(&registration).await.unwrap();
        before = Some(name);
    }
    let plan = async |input: &str| {
        let call =
            Call { path: "/products?dry_run=true".to_owned(), ..register(&made_from("last", "1.0.0", &[input])) };
        serde_json::from_slice::<Plan>(&world.send(&call).await.bytes).unwrap()
    };
    let refused = plan("p1001").await;
    let error = &refused.violations[0];
    assert_eq!((error.code.as_str(), error.pointer.as_str()), ("input.too_many_upstream", "/inputs"));
    assert!(!refused.accepted && error.remedy.is_some());
    assert!(plan("p900").await.accepted);
}
