//! One in-memory store for everything that the mesh keeps, with the semantics of the real one.
//!
//! Writes are conditional on what was read before, lists come in small pages with opaque cursors, and a transaction has the real
//! store's limits.

mod contracts;
mod domains;
mod products;
mod records;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use mesh_manifest::{DomainName, PortAddress, ProductId};
use semver::Version;

use super::{Failures, FakeClock};
use crate::{
    audit::AuditEntry,
    contract::{Contract, ContractId},
    credentials::Grant,
    domain::Domain,
    error::StoreError,
    idempotency::Remembered,
    measurement::{Measurement, PortState},
    page::Page,
    policies::{PolicyBundle, PolicyScope},
    principal::{Membership, Principal},
    product::{Port, Product},
    schema_registry::RegisteredSchema,
};

/// The most items on one page, however many are asked for: callers must follow cursors.
pub const PAGE_CAP: usize = 3;

/// The most items that one transaction may write, as in DynamoDB.
pub const TRANSACTION_ITEMS: usize = 100;

/// The most bytes that a manifest may have as text and as canonical JSON together.
pub const MANIFEST_BYTES: usize = 256 * 1024;

/// Implements every store trait in memory; clones share what is stored.
#[derive(Debug, Clone, Default)]
pub struct FakeStore {
    clock: FakeClock,
    state: Arc<Mutex<State>>,
    failures: Failures,
}

#[derive(Debug, Clone, Default)]
struct State {
    domains: BTreeMap<DomainName, Domain>,
    memberships: BTreeMap<(Principal, DomainName), Membership>,
    bindings: BTreeMap<String, DomainName>,
    products: BTreeMap<ProductId, Product>,
    history: BTreeMap<(ProductId, u64), Product>,
    ports: BTreeMap<PortAddress, Port>,
    schemas: BTreeMap<(String, Version), RegisteredSchema>,
    lineage: BTreeSet<(PortAddress, ProductId)>,
    contracts: BTreeMap<ContractId, Contract>,
    bundles: BTreeMap<PolicyScope, Vec<PolicyBundle>>,
    states: BTreeMap<PortAddress, PortState>,
    measurements: BTreeMap<(PortAddress, Timestamp), Measurement>,
    grants: BTreeMap<String, Grant>,
    remembered: BTreeMap<String, Remembered>,
    audit: Vec<AuditEntry>,
}

impl FakeStore {
    /// An empty store in which idempotency keys expire by `clock`.
    pub fn new(clock: FakeClock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Makes the next `calls` calls fail with [`StoreError::Unavailable`].
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }

    /// The whole audit log in the order in which it was written.
    pub fn audit_log(&self) -> Vec<AuditEntry> {
        self.lock().audit.clone()
    }

    /// A copy of what is stored now, which goes its own way.
    pub fn saved(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().clone())), ..self.clone() }
    }

    /// Goes back to what was saved.
    pub fn restore(&self, saved: &Self) {
        let before = saved.lock().clone();
        *self.lock() = before;
    }

    /// How much is stored of everything, revisions summed up: a write of half a thing shows.
    pub fn sizes(&self) -> BTreeMap<&'static str, u64> {
        let state = self.lock();
        let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
        [
            ("domains", count(state.domains.len())),
            ("revisions of domains", state.domains.values().map(|domain| domain.revision).sum()),
            ("memberships", count(state.memberships.len())),
            ("bindings", count(state.bindings.len())),
            ("products", count(state.products.len())),
            ("revisions of products", state.products.values().map(|product| product.revision).sum()),
            ("changes of contracts", state.products.values().map(|product| product.contracts_revision).sum()),
            ("history", count(state.history.len())),
            ("ports", count(state.ports.len())),
            ("schemas", count(state.schemas.len())),
            ("lineage", count(state.lineage.len())),
            ("contracts", count(state.contracts.len())),
            ("revisions of contracts", state.contracts.values().map(|contract| contract.revision).sum()),
            ("policies", state.bundles.values().map(|bundles| count(bundles.len())).sum()),
            ("remembered answers", count(state.remembered.len())),
        ]
        .into()
    }

    /// The id of the first registered version of a subject's schema.
    pub fn first_schema(&self, subject: &str) -> Option<String> {
        self.lock().schemas.values().find(|schema| schema.subject == subject).map(|schema| schema.id.clone())
    }

    /// Takes all published policies away, as a table that was lost.
    pub fn forget_policies(&self) {
        self.lock().bundles.clear();
    }

    /// All that is stored but the audit log, as a text: what was refused must leave it as it is.
    pub fn content(&self) -> String {
        let state = State { audit: Vec::new(), ..self.lock().clone() };
        format!("{state:?}")
    }

    /// Every bundle that was published for `scope`, oldest first.
    pub fn published(&self, scope: &PolicyScope) -> Vec<PolicyBundle> {
        self.lock().bundles.get(scope).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a call: the state, unless the call is one that was told to fail.
    fn enter(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.failures.check("fake store")?;
        Ok(self.lock())
    }
}

/// Whether a list starts with its smallest key or its greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Rising,
    Falling,
}

/// One page of the list called `list`: the items after the place that `cursor` names.
fn page<K, T>(
    list: &str,
    mut items: Vec<(K, T)>,
    order: Order,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<T>, StoreError>
where
    K: Ord + Display + FromStr,
{
    items.sort_by(|(a, _), (b, _)| if order == Order::Rising { a.cmp(b) } else { b.cmp(a) });
    if let Some(place) = cursor.map(|cursor| place(list, cursor)).transpose()? {
        items.retain(|(key, _)| if order == Order::Rising { *key > place } else { *key < place });
    }
    items.truncate(page_size(limit) + 1);
    Ok(first_of(list, items, limit))
}

/// How many items a page has where `limit` are asked for.
fn page_size(limit: usize) -> usize {
    limit.clamp(1, PAGE_CAP)
}

/// The place in the list called `list` that `cursor` names.
fn place<K: FromStr>(list: &str, cursor: &str) -> Result<K, StoreError> {
    let place = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = place.as_deref().and_then(|place| place.strip_prefix(list)?.strip_prefix('|')?.parse().ok());
    place.ok_or(StoreError::InvalidCursor)
}

/// A page of `items`, which are in order and begin where the page does; one more than it holds says that another follows.
fn first_of<K: Display, T>(list: &str, mut items: Vec<(K, T)>, limit: usize) -> Page<T> {
    let more = items.len() > page_size(limit);
    items.truncate(page_size(limit));
    let cursor = items.last().filter(|_| more).map(|(key, _)| hex::encode(format!("{list}|{key}")));
    Page { items: items.into_iter().map(|(_, item)| item).collect(), cursor }
}

/// The real store refuses a transaction of more items before it writes any.
fn check_transaction(items: usize) -> Result<(), StoreError> {
    if items > TRANSACTION_ITEMS {
        return Err(StoreError::TooLarge {
            detail: format!("it writes {items} items; {TRANSACTION_ITEMS} at most are written together"),
        });
    }
    Ok(())
}
