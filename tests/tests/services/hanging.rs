//! Services that take a call and never answer it: whoever waits is told in time. All at once, since each takes its time.

use std::time::{Duration, Instant};

use futures::future::join_all;
use mesh_e2e::fault_proxy::{Fault, Rule};
use mesh_runtime::sdk::ATTEMPTS;

use crate::world::{BOUND, FLIGHTS, World};

const PRODUCT: &str = "GET /products/operations.flights";
const FILES: &str = "GET /products/operations.flights/ports/files/read";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_is_given_up_before_the_gateway_does() {
    tokio::join!(
        a_store_that_hangs(),
        calls_that_are_slow_one_after_the_other(),
        credentials_that_hang(),
        a_batch_while_a_service_hangs(),
    );
}

async fn a_store_that_hangs() {
    let world = World::new().await;
    let registry = world.registry();
    world.cloud.fail(Rule::on("dynamodb.", Fault::Hang));
    let answer = world.ask(&registry, PRODUCT, "").await;
    answer.assert_unavailable();
    assert!(world.cloud.calls("").len() <= ATTEMPTS as usize);
}

async fn calls_that_are_slow_one_after_the_other() {
    let world = World::new().await;
    let registry = world.registry();
    // Each read is answered in time; all of them one after the other, and a write that hangs, are not.
    world.cloud.fail(Rule::on("dynamodb.TransactWriteItems", Fault::Hang));
    world.cloud.fail(Rule::on("dynamodb.", Fault::Late(Duration::from_millis(3500))));
    let answer = world.ask(&registry, "POST /products", FLIGHTS).await;
    // What was asked may have taken effect.
    assert_eq!((answer.status, &answer.json()["code"]), (504, &"service.too_slow".into()), "{answer:?}");
    answer.assert_tells_nothing();
}

async fn credentials_that_hang() {
    let world = World::with_flights().await;
    world.cloud.fail(Rule::on("sts.AssumeRole", Fault::Hang));
    world.ask(&world.broker(), FILES, "").await.assert_unavailable();
    assert!(world.cloud.calls("sts.AssumeRole").len() <= 3);
}

async fn a_batch_while_a_service_hangs() {
    let world = World::new().await;
    let names: Vec<String> = (0..8).map(|n| format!("flights{n}")).collect();
    let manifests: Vec<_> =
        names.iter().map(|name| FLIGHTS.replace("name: flights", &format!("name: {name}"))).collect();
    for answer in join_all(manifests.iter().map(|manifest| world.register(manifest))).await {
        assert_eq!(answer.status, 202);
    }
    let products: Vec<String> = names.iter().map(|name| format!("operations.{name}")).collect();
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    world.cloud.fail(Rule::on("s3.GetBucketEncryption", Fault::Hang));
    let start = Instant::now();
    assert_eq!(world.deliver(&products).await.len(), products.len());
    assert!(start.elapsed() < BOUND, "{:?} for {} products", start.elapsed(), products.len());
    world.cloud.heal();
    assert_eq!(world.deliver(&products).await, [""; 0]);
}
