//! OpenSearch out of reach, silent, overloaded or talking nonsense.

use std::time::Duration;

use futures::future::join_all;
use mesh_e2e::fault_proxy::{Fault, Rule};
use serde_json::json;

use crate::world::{FLIGHTS, World, records, redelivered};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_registered_while_the_engine_is_down_is_found_once_it_is_back() {
    let world = World::new().await;
    world.search.fail(Rule::on("search.", Fault::CutBefore));
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    let weather = FLIGHTS.replace("name: flights", "name: weather");
    assert_eq!(world.register(&weather).await.status, 202, "registration does not wait for search");
    let batch = records(&["operations.flights", "operations.weather"]);
    let answer = fn_indexer::handle(&world.indexer(), &batch).await.unwrap();
    assert_eq!(redelivered(&answer), ["1", "2"]);

    world.search.heal();
    // The one record is delivered again, the other is lost: the sweep makes up for it.
    let answer = fn_indexer::handle(&world.indexer(), &records(&["operations.flights"])).await.unwrap();
    assert_eq!(redelivered(&answer), [""; 0]);
    let report = fn_indexer::handle(&world.indexer(), &json!({ "trigger": "sweep" })).await.unwrap();
    assert_eq!((&report["written"], &report["errors"]), (&json!(1), &json!(0)));
    world.refresh_index().await;
    let found = world.ask(&world.marketplace(), "GET /marketplace/search?q=departure", "").await;
    assert_eq!((found.status, &found.json()["total"]), (200, &json!(2)), "{found:?}");
    for id in ["operations.flights", "operations.weather"] {
        assert_eq!(world.product(id).await.indexed_revision, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_do_not_pile_up_behind_an_engine_that_hangs() {
    let world = World::new().await;
    let marketplace = world.marketplace();
    let search = || world.ask(&marketplace, "GET /marketplace/search?q=flights", "");
    assert_eq!(search().await.status, 200);
    for fault in [Fault::Hang, Fault::StallWithin, Fault::Late(Duration::from_secs(4))] {
        world.search.heal();
        world.search.fail(Rule::on("search._search", fault.clone()));
        for answer in join_all((0..8).map(|_| search())).await {
            answer.assert_unavailable();
            assert!(answer.took < Duration::from_secs(8), "{fault:?}: {answer:?}");
        }
        assert_eq!(world.search.calls("search._search").len(), 8, "one attempt each: {fault:?}");
    }
    world.search.heal();
    assert_eq!(search().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_from_the_engine_is_an_outage_and_tells_nothing() {
    let world = World::new().await;
    assert_eq!(world.register(FLIGHTS).await.status, 202);
    fn_indexer::handle(&world.indexer(), &records(&["operations.flights"])).await.unwrap();
    world.refresh_index().await;
    let marketplace = world.marketplace();
    let foreign = r#"{"timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":1},"hits":[
        {"_id":"a.b","_source":{"title":"garbage"},"sort":[1.0,"a.b"]}]},"aggregations":{}}"#;
    let faults = [
        Fault::Garbage("garbage"),
        Fault::Garbage(""),
        Fault::Garbage(r#"{"hits":"garbage"}"#),
        Fault::Garbage(foreign),
        Fault::CutWithin,
        Fault::CutAfter,
        Fault::throttled("search"),
        Fault::denied("search"),
        Fault::BROKEN,
    ];
    for fault in faults {
        world.search.heal();
        world.search.fail(Rule::on("search._search", fault));
        world.ask(&marketplace, "GET /marketplace/search?q=departure", "").await.assert_unavailable();
    }
    world.search.heal();
    let found = world.ask(&marketplace, "GET /marketplace/search?q=departure", "").await;
    assert_eq!(found.json()["total"], 1);
}
