//! Products, ports, schemas and lineage in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use async_trait::async_trait;
use mesh_manifest::{DomainName, PortAddress, ProductId};

use super::{FakeStore, MANIFEST_BYTES, Order, check_transaction, first_of, page, page_size, place};
use crate::{
    error::StoreError,
    page::Page,
    product::{Port, Product, ProductStore, Registration, Status},
    schema_registry::{RegisteredSchema, SchemaStore},
};

#[async_trait]
impl ProductStore for FakeStore {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        Ok(self.enter()?.products.get(id).cloned())
    }

    async fn products(
        &self,
        domain: Option<&DomainName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Product>, StoreError> {
        let state = self.enter()?;
        let list = domain.map_or_else(|| "products".to_owned(), |domain| format!("products of {domain}"));
        // Only the page is looked at, so that lists of any length are as quick as the real store's.
        let start = match (cursor.map(|cursor| place::<ProductId>(&list, cursor)).transpose()?, domain) {
            (Some(place), _) => Bound::Excluded(place),
            // The least name of all.
            (None, Some(domain)) => {
                "a".parse().map_or(Bound::Unbounded, |name| Bound::Included(ProductId::new(domain.clone(), name)))
            }
            (None, None) => Bound::Unbounded,
        };
        let listed = state.products.range((start, Bound::Unbounded)).map(|(id, product)| (id.clone(), product));
        let listed = listed.take_while(|(id, _)| domain.is_none_or(|domain| id.domain == *domain));
        let listed = listed.take(page_size(limit) + 1).map(|(id, product)| (id, product.clone())).collect();
        Ok(first_of(&list, listed, limit))
    }

    async fn history(&self, id: &ProductId, cursor: Option<&str>, limit: usize) -> Result<Page<Product>, StoreError> {
        let state = self.enter()?;
        let revisions = state.history.values().filter(|product| product.id == *id);
        let revisions = revisions.map(|product| (product.revision, product.clone())).collect();
        page(&format!("history of {id}"), revisions, Order::Falling, cursor, limit)
    }

    async fn ports(&self, id: &ProductId) -> Result<Vec<Port>, StoreError> {
        Ok(self.enter()?.ports.values().filter(|port| port.address.product == *id).cloned().collect())
    }

    async fn ports_at(&self, addresses: &[PortAddress]) -> Result<BTreeMap<PortAddress, Port>, StoreError> {
        let state = self.enter()?;
        let port = |address: &PortAddress| state.ports.get(address).map(|port| (address.clone(), port.clone()));
        Ok(addresses.iter().filter_map(port).collect())
    }

    async fn register(&self, registration: &Registration) -> Result<(), StoreError> {
        let Registration { product, before, ports, schemas, .. } = registration;
        let inputs: BTreeSet<&PortAddress> = registration.inputs.iter().collect();
        let removed_ports: BTreeSet<&PortAddress> = registration.removed_ports.iter().collect();
        let removed_inputs: BTreeSet<&PortAddress> = registration.removed_inputs.iter().collect();

        let mut state = self.enter()?;
        let size = product.manifest_text.len() + product.manifest.canonical().len();
        if size > MANIFEST_BYTES {
            let detail = format!("the manifest takes {size} bytes; {MANIFEST_BYTES} at most are kept");
            return Err(StoreError::TooLarge { detail });
        }
        let edges = inputs.len() + removed_inputs.difference(&inputs).count();
        let remembered = usize::from(registration.remember.is_some());
        let upstream = &registration.upstream;
        let others = edges + upstream.len() + remembered;
        check_transaction(3 + ports.len() + removed_ports.len() + schemas.len() + others)?;

        let current = state.products.get(&product.id);
        let moved = match (current, before) {
            (None, None) => false,
            (Some(current), Some(before)) => {
                current.revision != before.revision || current.contracts_revision != before.contracts_revision
            }
            _ => true,
        };
        let taken =
            schemas.iter().any(|schema| state.schemas.contains_key(&(schema.subject.clone(), schema.version.clone())));
        let answered =
            registration.remember.as_ref().is_some_and(|remember| self.live(&state, &remember.key).is_some());
        let away = upstream.iter().any(|used| {
            let now = state.products.get(&used.id);
            now.is_none_or(|now| now.status == Status::Retired || now.revision != used.revision)
        });
        if moved || taken || answered || away || state.history.contains_key(&(product.id.clone(), product.revision)) {
            return Err(StoreError::Conflict);
        }

        let mut stored = product.clone();
        if let Some(current) = current {
            stored.contracts_revision = current.contracts_revision;
            stored.provisioned_revision = current.provisioned_revision;
            stored.indexed_revision = current.indexed_revision;
        }
        state.products.insert(product.id.clone(), stored);
        state.history.insert((product.id.clone(), product.revision), product.clone());
        for port in removed_ports {
            state.ports.remove(port);
        }
        for port in ports {
            state.ports.insert(port.address.clone(), port.clone());
        }
        for schema in schemas {
            state.schemas.insert((schema.subject.clone(), schema.version.clone()), schema.clone());
        }
        for used in upstream {
            if let Some(used) = state.products.get_mut(&used.id) {
                used.contracts_revision += 1;
            }
        }
        for input in removed_inputs {
            state.lineage.remove(&(input.clone(), product.id.clone()));
        }
        for input in inputs {
            state.lineage.insert((input.clone(), product.id.clone()));
        }
        if let Some(remember) = &registration.remember {
            state.remembered.insert(remember.key.clone(), remember.clone());
        }
        state.audit.push(registration.audit.clone());
        Ok(())
    }

    async fn set_provisioned(
        &self,
        id: &ProductId,
        revision: u64,
        status: Status,
        detail: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut state = self.enter()?;
        let Some(product) = state.products.get_mut(id).filter(|product| product.revision == revision) else {
            return Ok(false);
        };
        product.status = status;
        product.status_detail = detail.map(str::to_owned);
        if matches!(status, Status::Active | Status::Retired) {
            product.provisioned_revision = revision;
        }
        Ok(true)
    }

    async fn set_indexed(&self, id: &ProductId, revision: u64) -> Result<bool, StoreError> {
        let mut state = self.enter()?;
        let Some(product) = state.products.get_mut(id).filter(|product| product.indexed_revision <= revision) else {
            return Ok(false);
        };
        product.indexed_revision = revision;
        Ok(true)
    }

    async fn downstream(&self, port: &PortAddress) -> Result<Vec<ProductId>, StoreError> {
        let state = self.enter()?;
        Ok(state.lineage.iter().filter(|(upstream, _)| upstream == port).map(|(_, product)| product.clone()).collect())
    }
}

#[async_trait]
impl SchemaStore for FakeStore {
    async fn schema(&self, id: &str) -> Result<Option<RegisteredSchema>, StoreError> {
        Ok(self.enter()?.schemas.values().find(|schema| schema.id == id).cloned())
    }

    async fn versions(&self, subject: &str) -> Result<Vec<RegisteredSchema>, StoreError> {
        Ok(self.enter()?.schemas.values().filter(|schema| schema.subject == subject).cloned().collect())
    }
}
