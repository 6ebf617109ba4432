//! The contract that every store has to keep: one suite per trait, run on the fakes and on the real adapters.
//!
//! Each suite makes its stores by the closure it is given; a store has to be empty when it is made. A broken promise is a panic.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a suite is test code, in whichever crate it runs"
)]

mod contracts;
mod domains;
mod measurements;
mod policies;
mod products;
mod records;
mod registrations;
pub mod samples;

pub use contracts::contract_store;
pub use domains::domain_store;
pub use measurements::measurement_store;
pub use policies::policy_store;
pub use products::product_store;
pub use records::{audit_log, grant_store, idempotency_store};
pub use registrations::registration;

use crate::{error::StoreError, page::Page};

/// Follows the cursors of a list to its end, page by page of `limit`, and returns the items and the number of pages.
async fn follow<T>(limit: usize, list: impl AsyncFn(Option<&str>) -> Result<Page<T>, StoreError>) -> (Vec<T>, usize) {
    let (mut items, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = list(cursor.as_deref()).await.unwrap();
        assert!(page.items.len() <= limit, "a page of {} items where {limit} were asked for", page.items.len());
        assert!(page.cursor.is_none() || !page.items.is_empty(), "an empty page says that more follows");
        items.extend(page.items);
        pages += 1;
        assert!(pages <= 100, "the list does not end: its cursors lead nowhere");
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return (items, pages),
        }
    }
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Conflict)), "expected a conflict, got {answer:?}");
}

#[track_caller]
fn assert_too_large<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::TooLarge { .. })), "expected it to be too large, got {answer:?}");
}

#[track_caller]
fn assert_invalid_cursor<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::InvalidCursor)), "expected an invalid cursor, got {answer:?}");
}

/// How many of the rivals won; the others must have met a conflict.
fn winners<T: std::fmt::Debug>(answers: Vec<Result<T, StoreError>>) -> usize {
    answers
        .into_iter()
        .filter(|answer| match answer {
            Ok(_) => true,
            Err(StoreError::Conflict) => false,
            Err(other) => panic!("a rival failed otherwise: {other:?}"),
        })
        .count()
}

#[cfg(test)]
mod tests {
    use crate::fakes::FakeStore;

    async fn make() -> FakeStore {
        FakeStore::default()
    }

    #[tokio::test]
    async fn the_fake_keeps_domains() {
        super::domain_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_products() {
        super::product_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_registers_in_one_transaction() {
        super::registration(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_contracts() {
        super::contract_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_policies() {
        super::policy_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_measurements() {
        super::measurement_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_grants() {
        super::grant_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_idempotency_keys() {
        super::idempotency_store(make).await;
    }

    #[tokio::test]
    async fn the_fake_keeps_an_audit_log() {
        super::audit_log(make).await;
    }
}
