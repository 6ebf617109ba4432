//! What stores of grants, idempotency keys and audit entries promise.

use futures::future::join_all;
use jiff::SignedDuration;

use super::{
    assert_conflict,
    samples::{at, audit, remembered},
    winners,
};
use crate::{
    audit::{AuditEntry, AuditLog},
    credentials::{Grant, GrantStore},
    idempotency::IdempotencyStore,
};

/// Runs every promise of [`GrantStore`] on stores of its own.
pub async fn grant_store<S: GrantStore>(make: impl AsyncFn() -> S) {
    the_newest_grant_stays(&make().await).await;
}

/// Runs every promise of [`IdempotencyStore`] on stores of its own.
pub async fn idempotency_store<S: IdempotencyStore>(make: impl AsyncFn() -> S) {
    an_answer_is_remembered_once_until_it_expires(&make().await).await;
}

/// Runs every promise of [`AuditLog`] on stores of its own.
pub async fn audit_log<S: AuditLog>(make: impl AsyncFn() -> S) {
    entries_come_newest_first(&make().await).await;
}

fn grant(key: &str, milliseconds: i64) -> Grant {
    Grant {
        key: key.to_owned(),
        decision_id: format!("decision-{milliseconds}"),
        issued_at: at(0) + SignedDuration::from_millis(milliseconds),
        expires_at: at(3600),
        sealed: vec![0, 1, 254, 255],
    }
}

async fn the_newest_grant_stays(store: &impl GrantStore) {
    assert_eq!(store.grant("a").await.unwrap(), None);
    store.put_grant(&grant("a", 1000)).await.unwrap();
    assert_eq!(store.grant("a").await.unwrap(), Some(grant("a", 1000)));
    store.put_grant(&grant("a", 1500)).await.unwrap();
    assert_conflict(store.put_grant(&grant("a", 1499)).await);
    assert_conflict(store.put_grant(&grant("a", 999)).await);
    store.put_grant(&grant("b", 1)).await.unwrap();
    assert_eq!(store.grant("a").await.unwrap(), Some(grant("a", 1500)));

    let grants: Vec<Grant> = (0..5).map(|n| grant("c", n)).collect();
    let answers = join_all(grants.iter().map(|grant| store.put_grant(grant))).await;
    assert!(winners(answers) >= 1);
    assert_eq!(store.grant("c").await.unwrap(), Some(grant("c", 4)));
}

async fn an_answer_is_remembered_once_until_it_expires(store: &impl IdempotencyStore) {
    let (past, future) = ("2020-01-01T00:00:00Z".parse().unwrap(), "2100-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(store.remembered("a").await.unwrap(), None);
    let first = remembered("a", future);
    store.remember(&first).await.unwrap();
    let mut second = remembered("a", future);
    second.answer = "another".to_owned();
    assert_conflict(store.remember(&second).await);
    assert_eq!(store.remembered("a").await.unwrap(), Some(first));

    store.remember(&remembered("b", past)).await.unwrap();
    assert_eq!(store.remembered("b").await.unwrap(), None, "it expired");
    store.remember(&remembered("b", future)).await.unwrap();
    assert!(store.remembered("b").await.unwrap().is_some());

    let first = remembered("c", future);
    let answers = join_all((0..5).map(|_| store.remember(&first))).await;
    assert_eq!(winners(answers), 1);
}

async fn entries_come_newest_first(store: &impl AuditLog) {
    let times = [3000, 500, 0, 2500, 1000];
    let mut written: Vec<AuditEntry> = Vec::new();
    for time in times {
        let entry = audit("operations.flights", "access.read", at(0) + SignedDuration::from_millis(time));
        store.append(&entry).await.unwrap();
        written.push(entry);
    }
    let mut silent = audit("operations.flights", "access.read", at(10));
    silent.detail = serde_json::Value::Null;
    store.append(&silent).await.unwrap();
    written.push(silent);
    store.append(&audit("operations.flights-2", "access.read", at(0))).await.unwrap();

    written.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    assert_eq!(store.entries("operations.flights", 10).await.unwrap(), written);
    assert_eq!(store.entries("operations.flights", 2).await.unwrap(), written[..2]);
    assert_eq!(store.entries("operations.flights", 0).await.unwrap(), []);
    assert_eq!(store.entries("operations", 10).await.unwrap(), []);
}
