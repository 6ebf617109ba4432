//! What the index keeps: the newest revision, tombstones, and itself.

use std::sync::Arc;

use mesh_core::search_index::{Indexed, SearchIndex, SearchQuery};
use mesh_manifest::ProductId;
use mesh_search_opensearch::{Auth, OpenSearchIndex};

use crate::catalogue::{Catalogue, endpoint, product, words};

fn id(text: &str) -> ProductId {
    text.parse().expect("a product id")
}

#[tokio::test]
async fn an_older_revision_changes_nothing_and_the_same_one_may() {
    let mut newer = product("shop.orders", "Second edition.");
    newer.revision = 2;
    let catalogue = Catalogue::holding(&[newer.clone()]).await;
    catalogue.index.put(&product("shop.orders", "First edition.")).await.expect("an older revision is no error");
    catalogue.refresh().await;
    assert_eq!(catalogue.words("first").await, [""; 0]);
    assert_eq!(catalogue.words("second").await, ["shop.orders"]);
    newer.compliance = Some(100.0);
    catalogue.index.put(&newer).await.expect("the same revision, measured since");
    catalogue.refresh().await;
    let answer = catalogue.search(words("second")).await;
    assert_eq!(answer.hits[0].document.compliance, Some(100.0));
    assert_eq!(answer.facets["compliance"].get(">=99.9"), Some(&1));
    catalogue.remove().await;
}

#[tokio::test]
async fn a_tombstone_is_never_found_and_a_late_update_does_not_bring_it_back() {
    let mut tombstone = product("shop.orders", "Orders.");
    tombstone.revision = 3;
    tombstone.deleted = true;
    let catalogue = Catalogue::holding(&[product("shop.orders", "Orders."), tombstone]).await;
    let mut late = product("shop.orders", "Orders.");
    late.revision = 2;
    catalogue.index.put(&late).await.expect("a late update is no error");
    catalogue.refresh().await;
    let own = SearchQuery { acting: Some("shop".parse().unwrap()), ..words("orders") };
    assert_eq!(catalogue.ids(own).await, [""; 0]);
    assert_eq!(catalogue.search(words("")).await.total, 0);
    let held = catalogue.index.indexed(&[id("shop.orders")]).await.expect("an answer");
    assert_eq!(held[&id("shop.orders")].revision, 3);
    let mut again = product("shop.orders", "Orders.");
    again.revision = 4;
    catalogue.index.put(&again).await.expect("registered again");
    catalogue.refresh().await;
    assert_eq!(catalogue.words("orders").await, ["shop.orders"]);
    catalogue.remove().await;
}

#[tokio::test]
async fn what_is_held_can_be_compared_at_once() {
    let mut documents: Vec<_> = (0..130).map(|n| product(&format!("shop.p{n}"), "Orders.")).collect();
    documents[7].revision = 9;
    let catalogue = Catalogue::absent();
    let ids: Vec<_> = documents.iter().map(|document| document.product_id.clone()).collect();
    assert!(catalogue.index.indexed(&ids).await.expect("no index is an empty one").is_empty());
    for document in &documents {
        catalogue.index.put(document).await.expect("stored");
    }
    // No refresh: what was written counts, not what is searchable yet.
    let asked: Vec<_> = ids.iter().cloned().chain([id("shop.unknown")]).collect();
    let held = catalogue.index.indexed(&asked).await.expect("an answer");
    assert_eq!(held.len(), 130);
    let expected = Indexed { revision: 9, fingerprint: documents[7].fingerprint() };
    assert_eq!(held[&id("shop.p7")], expected);
    assert!(catalogue.index.indexed(&[]).await.expect("nothing asked, nothing sent").is_empty());
    catalogue.remove().await;
}

#[tokio::test]
async fn many_who_come_first_create_one_index() {
    let catalogue = Catalogue::absent();
    let writes = (0..8).map(|n| {
        // Each its own client, as in concurrent functions.
        let index = OpenSearchIndex::connect(&endpoint(), &catalogue.name, Auth::None).expect("the endpoint is a URL");
        let index = Arc::new(index);
        tokio::spawn(async move { index.put(&product(&format!("shop.p{n}"), "Orders.")).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.expect("no panic").expect("every one of them is stored");
    }
    catalogue.refresh().await;
    assert_eq!(catalogue.words("orders").await.len(), 8);
    catalogue.remove().await;
}

#[tokio::test]
async fn an_index_that_was_removed_comes_back_with_its_mapping() {
    let catalogue = Catalogue::holding(&[product("shop.orders", "Orders by airplane.")]).await;
    catalogue.remove().await;
    assert_eq!(catalogue.search(words("")).await.total, 0, "an empty index, not a failure");
    catalogue.remove().await;
    catalogue.index.put(&product("shop.orders", "Orders by airplane.")).await.expect("stored in a new index");
    catalogue.refresh().await;
    assert_eq!(catalogue.words("planes").await, ["shop.orders"], "stems and synonyms work");
    catalogue.remove().await;
}

#[tokio::test]
async fn a_replacement_is_all_that_is_held_then_and_takes_later_updates() {
    let mut newer = product("shop.orders", "Newer.");
    newer.revision = 7;
    let catalogue = Catalogue::holding(&[newer, product("shop.gone", "Registered after the restored time.")]).await;
    let restored = [product("shop.orders", "Restored."), product("shop.carts", "Carts by airplane.")];
    catalogue.index.replace(&restored).await.expect("replaced");
    // Without a refresh: what is in place can be found.
    assert_eq!(catalogue.words("restored").await, ["shop.orders"]);
    assert_eq!(catalogue.words("planes").await, ["shop.carts"], "with its analyzers");
    assert_eq!(catalogue.search(words("")).await.total, 2, "nothing else is left");

    let mut next = product("shop.orders", "Next.");
    next.revision = 2;
    catalogue.index.put(&next).await.expect("stored");
    catalogue.refresh().await;
    assert_eq!(catalogue.words("next").await, ["shop.orders"], "a revision after the restored one");
    catalogue.index.replace(&restored).await.expect("replaced again");
    assert_eq!(catalogue.own_indices().await.len(), 1, "no index is left behind");
    catalogue.remove().await;
}

#[tokio::test]
async fn a_replacement_of_an_index_that_was_lost_begins_one() {
    let catalogue = Catalogue::absent();
    catalogue.index.replace(&[product("shop.orders", "Orders.")]).await.expect("a new index");
    assert_eq!(catalogue.words("orders").await, ["shop.orders"]);
    catalogue.remove().await;
}
