//! What a product store promises of lists, history and what provisioning and indexing note.

use super::{
    assert_invalid_cursor, follow,
    samples::{at, audit, domain, domain_name, first_registration, next_registration},
};
use crate::{
    domain::DomainStore,
    product::{Product, ProductStore, Status},
};

/// Runs every promise of [`ProductStore`] but registration's on stores of its own.
pub async fn product_store<S: ProductStore + DomainStore>(make: impl AsyncFn() -> S) {
    what_is_unknown_is_absent(&make().await).await;
    pages_hold_every_product_once(&make().await).await;
    ports_are_found_by_their_addresses(&make().await).await;
    history_is_newest_first(&make().await).await;
    provisioning_notes_what_it_reached(&make().await).await;
    the_indexed_revision_never_goes_down(&make().await).await;
}

async fn what_is_unknown_is_absent(store: &impl ProductStore) {
    let id = "operations.flights".parse().unwrap();
    assert_eq!(store.product(&id).await.unwrap(), None);
    assert_eq!(store.ports(&id).await.unwrap(), []);
    assert_eq!(store.history(&id, None, 10).await.unwrap().items, []);
    assert!(!store.set_provisioned(&id, 1, Status::Active, None).await.unwrap());
    assert!(!store.set_indexed(&id, 1).await.unwrap());
    assert_eq!(store.product(&id).await.unwrap(), None, "a note on an unknown product made one");
    assert_eq!(store.products(Some(&id.domain), None, 10).await.unwrap().items, []);
}

fn ids(products: &[Product]) -> Vec<String> {
    products.iter().map(|product| product.id.to_string()).collect()
}

async fn pages_hold_every_product_once<S: ProductStore + DomainStore>(store: &S) {
    // As text `a-b.x` comes before `a.x`; ids sort by domain, then by name.
    let wanted = ["a.p0", "a.p1", "a.p2", "a.p3", "a-b.p0", "a-b.p1", "a0.p0", "c.p0", "c.p1"];
    for name in ["a", "a-b", "a0", "b", "c"] {
        store.put_domain(None, &domain(name, &[]), &audit(name, "domain.created", at(0))).await.unwrap();
    }
    for id in ["c.p1", "a.p3", "a-b.p1", "a.p0", "c.p0", "a.p2", "a0.p0", "a-b.p0", "a.p1"] {
        store.register(&first_registration(id)).await.unwrap();
    }
    // Only current revisions are listed, and retired products among them.
    let first = first_registration("a.p1").product;
    let mut retired = next_registration(&first);
    retired.product.status = Status::Retired;
    store.register(&retired).await.unwrap();

    for limit in [1, 2, 3, 100] {
        let (found, _) = follow(limit, async |cursor: Option<&str>| store.products(None, cursor, limit).await).await;
        assert_eq!(ids(&found), wanted, "pages of {limit}");
    }
    let (found, pages) =
        follow(3, async |cursor: Option<&str>| store.products(Some(&domain_name("a")), cursor, 3).await).await;
    assert_eq!(ids(&found), wanted[..4]);
    assert_eq!(pages, 2);
    assert_eq!((found[1].revision, found[1].status), (2, Status::Retired));

    let of_a = store.products(Some(&domain_name("a")), None, 2).await.unwrap().cursor;
    assert_invalid_cursor(store.products(Some(&domain_name("c")), of_a.as_deref(), 2).await);
    assert_invalid_cursor(store.products(None, of_a.as_deref(), 2).await);
    assert_invalid_cursor(store.products(None, Some("nonsense"), 2).await);
}

async fn ports_are_found_by_their_addresses(store: &impl ProductStore) {
    let names: Vec<String> = (0..120).map(|number| format!("operations.p{number}")).collect();
    for name in &names {
        store.register(&first_registration(name)).await.unwrap();
    }
    let address = |name: &str, port: &str| format!("{name}/{port}@1").parse().unwrap();
    let mut asked: Vec<_> = names.iter().map(|name| address(name, "daily")).collect();
    asked.push(address("operations.p0", "hourly"));
    asked.push(address("operations.unknown", "daily"));
    // A port that is asked for twice is one port.
    asked.push(address("operations.p0", "daily"));
    let found = store.ports_at(&asked).await.unwrap();
    assert_eq!(found.len(), names.len());
    for name in &names {
        let id = name.parse().unwrap();
        assert_eq!(store.ports(&id).await.unwrap(), [found[&address(name, "daily")].clone()]);
    }
    assert!(store.ports_at(&[]).await.unwrap().is_empty());
}

async fn history_is_newest_first(store: &impl ProductStore) {
    let mut product = first_registration("operations.flights").product;
    store.register(&first_registration("operations.flights")).await.unwrap();
    store.register(&first_registration("operations.other")).await.unwrap();
    for _ in 0..11 {
        let next = next_registration(&product);
        store.register(&next).await.unwrap();
        product = next.product;
    }
    let (found, pages) = follow(3, async |cursor: Option<&str>| store.history(&product.id, cursor, 3).await).await;
    let revisions: Vec<u64> = found.iter().map(|product| product.revision).collect();
    assert_eq!(revisions, (1..=12).rev().collect::<Vec<_>>());
    assert_eq!(pages, 4);
    let cursor = store.history(&product.id, None, 3).await.unwrap().cursor;
    assert_invalid_cursor(store.history(&"operations.other".parse().unwrap(), cursor.as_deref(), 3).await);
}

async fn provisioning_notes_what_it_reached(store: &impl ProductStore) {
    let first = first_registration("operations.flights");
    let id = &first.product.id;
    store.register(&first).await.unwrap();
    let read = async || {
        let product = store.product(id).await.unwrap().unwrap();
        (product.status, product.status_detail, product.provisioned_revision)
    };
    assert!(store.set_provisioned(id, 1, Status::Failed, Some("no bucket")).await.unwrap());
    assert_eq!(
        read().await,
        (Status::Failed, Some("no bucket".to_owned()), 0),
        "a failure is not provisioned: the sweep tries again"
    );
    assert!(store.set_provisioned(id, 1, Status::Active, None).await.unwrap());
    assert_eq!(read().await, (Status::Active, None, 1));
    assert!(store.set_provisioned(id, 1, Status::Active, None).await.unwrap(), "what is there already is there");

    store.register(&next_registration(&first.product)).await.unwrap();
    assert!(!store.set_provisioned(id, 1, Status::Active, None).await.unwrap(), "a newer revision is registered");
    assert_eq!(read().await, (Status::Provisioning, None, 1));
    assert!(!store.set_provisioned(id, 3, Status::Active, None).await.unwrap(), "a revision that is not registered");
}

async fn the_indexed_revision_never_goes_down(store: &impl ProductStore) {
    let first = first_registration("operations.flights");
    let id = &first.product.id;
    store.register(&first).await.unwrap();
    store.register(&next_registration(&first.product)).await.unwrap();
    assert!(store.set_indexed(id, 2).await.unwrap());
    assert!(store.set_indexed(id, 2).await.unwrap());
    assert!(!store.set_indexed(id, 1).await.unwrap());
    assert_eq!(store.product(id).await.unwrap().unwrap().indexed_revision, 2);
}
