//! What a contract store promises.

use futures::future::join_all;

use super::{
    assert_conflict, assert_invalid_cursor, follow,
    samples::{at, audit, contract, domain_name, first_registration, next_registration, principal},
    winners,
};
use crate::{
    audit::AuditLog,
    contract::{Approval, Contract, ContractStatus, ContractStore},
    product::{ProductStore, Status},
};

/// Runs every promise of [`ContractStore`] on stores of its own.
pub async fn contract_store<S: ContractStore + ProductStore + AuditLog>(make: impl AsyncFn() -> S) {
    a_contract_reads_as_it_was_written(&make().await).await;
    stale_writes_are_refused(&make().await).await;
    what_it_was_judged_by_must_still_be_so(&make().await).await;
    the_product_must_be_there(&make().await).await;
    a_contract_on_a_retired_product_can_only_end(&make().await).await;
    a_products_contracts_are_all_found(&make().await).await;
    a_consumers_contracts_come_newest_first(&make().await).await;
    of_rivals_one_wins(&make().await).await;
}

const PORT: &str = "operations.flights/daily@1";

async fn put(store: &impl ContractStore, contract: &Contract) {
    store.put_contract(None, contract, None, &audit(PORT, "contract.requested", at(0))).await.unwrap();
}

fn approved(before: &Contract) -> Contract {
    Contract {
        status: ContractStatus::Active,
        approvals: vec![Approval { role: "owner".to_owned(), by: principal("alice"), at: at(5) }],
        revision: before.revision + 1,
        ..before.clone()
    }
}

async fn revision(store: &impl ProductStore) -> u64 {
    store.product(&"operations.flights".parse().unwrap()).await.unwrap().unwrap().contracts_revision
}

async fn a_contract_reads_as_it_was_written<S: ContractStore + ProductStore + AuditLog>(store: &S) {
    store.register(&first_registration("operations.flights")).await.unwrap();
    let pending = contract(PORT, "insights", 0);
    assert_eq!(store.contract(&pending.id).await.unwrap(), None);
    put(store, &pending).await;
    assert_eq!(store.contract(&pending.id).await.unwrap(), Some(pending.clone()));
    assert_eq!(revision(store).await, 1);

    let active = approved(&pending);
    let entry = audit(PORT, "contract.approved", at(5));
    store.put_contract(Some(&pending), &active, None, &entry).await.unwrap();
    assert_eq!(store.contract(&pending.id).await.unwrap(), Some(active));
    assert_eq!(revision(store).await, 2);
    assert_eq!(store.entries(PORT, 1).await.unwrap(), [entry]);
}

async fn stale_writes_are_refused<S: ContractStore + ProductStore + AuditLog>(store: &S) {
    store.register(&first_registration("operations.flights")).await.unwrap();
    let pending = contract(PORT, "insights", 0);
    let entry = audit(PORT, "contract.approved", at(5));
    assert_conflict(store.put_contract(Some(&pending), &approved(&pending), None, &entry).await);
    put(store, &pending).await;
    assert_conflict(store.put_contract(None, &pending, None, &entry).await);
    let active = approved(&pending);
    store.put_contract(Some(&pending), &active, None, &entry).await.unwrap();
    let rejected = Contract { status: ContractStatus::Rejected, revision: 2, ..pending.clone() };
    assert_conflict(store.put_contract(Some(&pending), &rejected, None, &entry).await);
    assert_eq!(store.contract(&pending.id).await.unwrap(), Some(active));
    assert_eq!(revision(store).await, 2, "a refused write moved the product's count");
    assert_eq!(store.entries(PORT, 10).await.unwrap().len(), 2, "a refused write left an audit entry");
}

async fn what_it_was_judged_by_must_still_be_so<S: ContractStore + ProductStore>(store: &S) {
    let first = first_registration("operations.flights");
    store.register(&first).await.unwrap();
    let entry = audit(PORT, "contract.requested", at(0));
    let (one, two) = (contract(PORT, "insights", 0), contract(PORT, "weather", 1));
    store.put_contract(None, &one, Some(&first.product), &entry).await.unwrap();
    assert_conflict(store.put_contract(None, &two, Some(&first.product), &entry).await);
    let seen = store.product(&first.product.id).await.unwrap().unwrap();
    store.register(&next_registration(&seen)).await.unwrap();
    assert_conflict(store.put_contract(Some(&one), &approved(&one), Some(&seen), &entry).await);
    assert_eq!(store.contract(&two.id).await.unwrap(), None);
    let seen = store.product(&first.product.id).await.unwrap().unwrap();
    store.put_contract(Some(&one), &approved(&one), Some(&seen), &entry).await.unwrap();
}

async fn the_product_must_be_there<S: ContractStore + ProductStore>(store: &S) {
    let early = contract(PORT, "insights", 0);
    let entry = audit(PORT, "contract.requested", at(0));
    assert_conflict(store.put_contract(None, &early, None, &entry).await);
    assert_eq!(store.product(&early.id.product).await.unwrap(), None, "a contract made a product");

    let first = first_registration("operations.flights");
    store.register(&first).await.unwrap();
    let mut retired = next_registration(&first.product);
    retired.product.status = Status::Retired;
    store.register(&retired).await.unwrap();
    assert_conflict(store.put_contract(None, &early, None, &entry).await);
    assert_eq!(store.contract(&early.id).await.unwrap(), None);
}

async fn a_contract_on_a_retired_product_can_only_end<S: ContractStore + ProductStore>(store: &S) {
    let first = first_registration("operations.flights");
    store.register(&first).await.unwrap();
    let pending = contract(PORT, "insights", 0);
    put(store, &pending).await;
    let product = store.product(&pending.id.product).await.unwrap().unwrap();
    let mut retired = next_registration(&product);
    retired.product.status = Status::Retired;
    store.register(&retired).await.unwrap();
    let entry = audit(PORT, "contract.revoked", at(5));
    assert_conflict(store.put_contract(Some(&pending), &approved(&pending), None, &entry).await);
    let revoked = Contract { status: ContractStatus::Revoked, revision: 2, ..pending.clone() };
    store.put_contract(Some(&pending), &revoked, None, &entry).await.unwrap();
    assert_eq!(store.contract(&pending.id).await.unwrap(), Some(revoked));
}

async fn a_products_contracts_are_all_found<S: ContractStore + ProductStore>(store: &S) {
    store.register(&first_registration("operations.flights")).await.unwrap();
    store.register(&first_registration("operations.delays")).await.unwrap();
    let mut wanted: Vec<Contract> = (0..7).map(|n| contract(PORT, &format!("consumer{n}"), n)).collect();
    for contract in &wanted {
        put(store, contract).await;
    }
    put(store, &contract("operations.delays/daily@1", "insights", 0)).await;
    let mut found = store.of_product(&"operations.flights".parse().unwrap()).await.unwrap();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    wanted.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, wanted);
}

async fn a_consumers_contracts_come_newest_first<S: ContractStore + ProductStore>(store: &S) {
    // Made in turns on two products: the newest first, whichever product they are on. Two were made at the same time.
    let products = ["operations.flights", "fleet.aircraft"];
    for product in products {
        store.register(&first_registration(product)).await.unwrap();
    }
    let times = [5, 3, 8, 1, 8, 2, 7];
    for (n, time) in times.iter().enumerate() {
        put(store, &contract(&format!("{}/daily@1", products[n % 2]), "insights", *time)).await;
    }
    put(store, &contract(PORT, "weather", 4)).await;
    let insights = domain_name("insights");
    for limit in [1, 2, 3] {
        let (found, pages) =
            follow(limit, async |cursor: Option<&str>| store.of_consumer(&insights, cursor, limit).await).await;
        let created: Vec<i64> =
            found.iter().map(|contract| contract.created_at.as_second() - at(0).as_second()).collect();
        assert_eq!(created, [8, 8, 7, 5, 3, 2, 1], "pages of {limit}");
        assert_eq!(pages, 7_usize.div_ceil(limit));
    }
    let cursor = store.of_consumer(&insights, None, 2).await.unwrap().cursor;
    assert!(cursor.is_some());
    assert_invalid_cursor(store.of_consumer(&domain_name("weather"), cursor.as_deref(), 2).await);
    assert_invalid_cursor(store.of_consumer(&insights, Some("nonsense"), 2).await);
}

async fn of_rivals_one_wins<S: ContractStore + ProductStore>(store: &S) {
    store.register(&first_registration("operations.flights")).await.unwrap();
    let pending = contract(PORT, "insights", 0);
    put(store, &pending).await;
    let entry = audit(PORT, "contract.approved", at(5));
    let active = approved(&pending);
    let answers = join_all((0..5).map(|_| store.put_contract(Some(&pending), &active, None, &entry))).await;
    assert_eq!(winners(answers), 1);
    assert_eq!(revision(store).await, 2);

    // Contracts of different consumers do not hinder one another.
    let others: Vec<Contract> = (0..5).map(|n| contract(PORT, &format!("consumer{n}"), n)).collect();
    let answers = join_all(others.iter().map(|contract| store.put_contract(None, contract, None, &entry))).await;
    assert_eq!(winners(answers), 5);
    assert_eq!(revision(store).await, 7);
}
