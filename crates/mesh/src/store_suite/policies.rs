//! What a policy store promises.

use futures::future::join_all;

use super::{
    assert_conflict,
    samples::{at, audit, bundle, domain_name},
    winners,
};
use crate::{
    audit::AuditLog,
    policies::{PolicyScope, PolicyStore},
};

/// Runs every promise of [`PolicyStore`] on stores of its own.
pub async fn policy_store<S: PolicyStore + AuditLog>(make: impl AsyncFn() -> S) {
    bundles_read_in_the_order_asked_for(&make().await).await;
    stale_bundles_are_refused(&make().await).await;
    of_rivals_one_wins(&make().await).await;
}

async fn bundles_read_in_the_order_asked_for(store: &impl PolicyStore) {
    let domain = |name: &str| PolicyScope::Domain(domain_name(name));
    let entry = audit("global", "policy.published", at(0));
    let (global, products, weather) = (
        bundle(PolicyScope::Global, "aaaaaaaaaaaaaaaa", 0),
        bundle(PolicyScope::Products, "bbbbbbbbbbbbbbbb", 0),
        bundle(domain("weather"), "cccccccccccccccc", 0),
    );
    for bundle in [&weather, &products, &global] {
        store.put_bundle(None, bundle, &entry).await.unwrap();
    }
    let scopes = [domain("weather"), domain("fleet"), PolicyScope::Global, PolicyScope::Products, PolicyScope::Global];
    let found = store.bundles(&scopes).await.unwrap();
    assert_eq!(found, [Some(weather), None, Some(global.clone()), Some(products), Some(global)]);
    assert_eq!(store.bundles(&[]).await.unwrap(), []);
    let revisions = store.revisions(&scopes).await.unwrap();
    let revisions: Vec<_> = revisions.iter().map(Option::as_deref).collect();
    let [global, products, weather] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"].map(Some);
    assert_eq!(revisions, [weather, None, global, products, global]);

    // More scopes than one batch holds.
    let many: Vec<PolicyScope> = (0..130).map(|n| domain(&format!("d{n}"))).chain([domain("weather")]).collect();
    let found = store.bundles(&many).await.unwrap();
    assert_eq!(found.len(), 131);
    assert_eq!(found.iter().flatten().count(), 1);
    assert!(found[130].is_some());
}

async fn stale_bundles_are_refused<S: PolicyStore + AuditLog>(store: &S) {
    let (first, second, third) = (
        bundle(PolicyScope::Global, "aaaaaaaaaaaaaaaa", 0),
        bundle(PolicyScope::Global, "bbbbbbbbbbbbbbbb", 1),
        bundle(PolicyScope::Global, "cccccccccccccccc", 2),
    );
    let entry = audit("global", "policy.published", at(0));
    assert_conflict(store.put_bundle(Some(&first.revision), &second, &entry).await);
    store.put_bundle(None, &first, &entry).await.unwrap();
    assert_conflict(store.put_bundle(None, &second, &entry).await);
    store.put_bundle(Some(&first.revision), &second, &entry).await.unwrap();
    assert_conflict(store.put_bundle(Some(&first.revision), &third, &entry).await);
    assert_eq!(store.bundles(&[PolicyScope::Global]).await.unwrap(), [Some(second.clone())]);
    // The content of before may come back.
    let again = bundle(PolicyScope::Global, "aaaaaaaaaaaaaaaa", 3);
    store.put_bundle(Some(&second.revision), &again, &audit("global", "policy.published", at(3))).await.unwrap();
    assert_eq!(store.bundles(&[PolicyScope::Global]).await.unwrap(), [Some(again)]);
}

async fn of_rivals_one_wins(store: &impl PolicyStore) {
    let bundles: Vec<_> = (0..5).map(|n| bundle(PolicyScope::Global, &format!("{n}{n}{n}{n}"), n)).collect();
    let entry = audit("global", "policy.published", at(0));
    let answers = join_all(bundles.iter().map(|bundle| store.put_bundle(None, bundle, &entry))).await;
    assert_eq!(winners(answers), 1);
}
