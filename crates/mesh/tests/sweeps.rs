//! Sweeps over a whole mesh: what a domain's products share is looked at once, and nobody is left out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod world;

use mesh_core::{
    measurement::ProbeReport,
    plan::RegisterOptions,
    product::{ProductStore, Status},
    provisioning::SweepReport,
};
use world::{FLIGHTS, World, operations};

const NAMES: [&str; 7] = ["arrivals", "bookings", "crews", "delays", "engines", "fares", "gates"];

fn named(name: &str) -> String {
    FLIGHTS.replace("name: flights", &format!("name: {name}"))
}

/// More products than the fake store shows on one page.
async fn registered() -> World {
    let world = World::new().await;
    for name in NAMES {
        world.registrar().register(&operations(), &named(name), RegisterOptions::default()).await.unwrap();
    }
    world
}

#[tokio::test]
async fn a_sweep_converges_every_product_and_looks_at_their_storage_once() {
    let world = registered().await;
    let asked = world.vendor.requests().len();
    let all = SweepReport { seen: NAMES.len(), converged: NAMES.len(), ..SweepReport::default() };
    assert_eq!(world.provisioner().sweep().await.unwrap(), all);
    assert_eq!(world.vendor.requests().len(), asked + 1, "the domain's role is tried once");
    for name in NAMES {
        let product = world.store.product(&format!("operations.{name}").parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((product.status, product.provisioned_revision), (Status::Active, 1), "{name}");
    }
    assert_eq!(world.provisioner().sweep().await.unwrap(), all, "again, with nothing to do");
}

#[tokio::test]
async fn storage_that_cannot_be_entered_fails_every_product_of_the_domain_until_it_can() {
    let world = registered().await;
    world.vendor.fail_next(1);
    let failed = SweepReport { seen: NAMES.len(), errors: NAMES.len(), ..SweepReport::default() };
    assert_eq!(world.provisioner().sweep().await.unwrap(), failed);
    assert_eq!(world.provisioner().sweep().await.unwrap().converged, NAMES.len());
}

#[tokio::test]
async fn a_probe_sees_every_port_and_writes_once_while_nothing_changes() {
    let world = registered().await;
    world.provisioner().sweep().await.unwrap();
    let all = ProbeReport { ports: NAMES.len(), kept: NAMES.len(), ..ProbeReport::default() };
    assert_eq!(world.prober().run().await.unwrap(), all);
    // A store that takes no write any more would be an error now.
    assert_eq!(world.prober().run().await.unwrap(), all);
}
