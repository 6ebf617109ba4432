//! The provisioner between failing services: what passes is delivered again, what somebody has to mend stands in the product's
//! status, and a later run heals both.

use mesh_core::product::Status;
use mesh_e2e::fault_proxy::{Fault, Rule};
use serde_json::json;

use crate::{
    log,
    world::{FLIGHTS, World},
};

/// Calls that converging makes, each of a service of its own kind.
const CALLS: [&str; 6] = [
    "s3.GetBucketEncryption",
    "s3.ListObjectsV2",
    "s3.PutObject",
    "glue.GetTable",
    "glue.CreateTable",
    "sts.AssumeRole",
];

const PRODUCT: &str = "operations.flights";

fn service(call: &str) -> &str {
    call.split('.').next().unwrap()
}

async fn sweep(world: &World) -> serde_json::Value {
    fn_provisioner::handle(&world.provisioner(), &json!({ "trigger": "sweep" })).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_denied_stands_in_the_status_and_a_sweep_heals_it() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    for call in CALLS {
        world.cloud.heal();
        world.cloud.fail(Rule::on(call, Fault::denied(service(call))));
        assert_eq!(world.deliver(&[PRODUCT]).await, [""; 0], "{call}: delivering again would not help");
        let product = world.product(PRODUCT).await;
        let detail = product.status_detail.unwrap_or_default();
        assert_eq!(product.status, Status::Failed, "{call}");
        assert!(["S3", "Glue", "observer role"].iter().any(|named| detail.contains(named)), "{call}: {detail}");
        assert!(!detail.contains("made up by a test"), "{call}: {detail}");
    }
    world.cloud.heal();
    assert_eq!(sweep(&world).await["converged"], 1);
    let product = world.product(PRODUCT).await;
    assert_eq!((product.status, product.status_detail, product.provisioned_revision), (Status::Active, None, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_is_delivered_again_and_heals_then() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    for call in CALLS {
        for fault in [Fault::throttled(service(call)), Fault::BROKEN, Fault::CutBefore] {
            world.cloud.heal();
            world.cloud.fail(Rule::on(call, fault.clone()));
            assert_eq!(world.deliver(&[PRODUCT]).await, ["1"], "{call}: {fault:?}");
            let product = world.product(PRODUCT).await;
            assert_eq!((product.status, product.status_detail), (Status::Provisioning, None), "{call}: {fault:?}");
            let attempts = world.cloud.calls(call).len();
            assert!(attempts <= 3, "{attempts} attempts of {call}: {fault:?}");
        }
    }
    world.cloud.heal();
    assert_eq!(world.deliver(&[PRODUCT]).await, [""; 0]);
    assert_eq!(world.product(PRODUCT).await.status, Status::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_whose_answers_are_lost_are_not_taken_for_somebody_elses() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    for call in ["s3.PutObject", "glue.CreateTable", "dynamodb.UpdateItem"] {
        world.cloud.fail(Rule::on(call, Fault::CutAfter).times(1));
    }
    assert_eq!(world.deliver(&[PRODUCT]).await, [""; 0], "converged at once");
    assert_eq!(world.product(PRODUCT).await.status, Status::Active);
    let written = world.cloud.calls("s3.PutObject");
    let tables = written.iter().filter(|call| call.path.contains("/metadata/")).map(|call| &call.path);
    assert_eq!(tables.collect::<std::collections::BTreeSet<_>>().len(), 1, "one table was begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_reach_no_log_whatever_becomes_of_the_answer_that_brings_them() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    let mut secrets = Vec::new();
    for fault in [Fault::CutWithin, Fault::CutAfter, Fault::Flip, Fault::Late(std::time::Duration::ZERO)] {
        world.cloud.heal();
        world.cloud.fail(Rule::on("sts.AssumeRole", fault));
        world.deliver(&[PRODUCT]).await;
        for call in world.cloud.calls("sts.AssumeRole") {
            let answer = call.answer.unwrap();
            for element in ["SecretAccessKey", "SessionToken"] {
                let (_, rest) = answer.split_once(&format!("<{element}>")).unwrap();
                secrets.push(rest.split('<').next().unwrap().to_owned());
            }
        }
    }
    assert!(secrets.len() >= 8 && secrets.iter().all(|secret| secret.len() > 20), "{}", secrets.len());
    let log = log::log().text();
    assert!(log.contains("converging failed"), "the log is looked at");
    for secret in secrets {
        assert!(!log.contains(&secret), "a secret is in the log");
    }
}
