//! Consumption contracts in memory.

use async_trait::async_trait;
use mesh_manifest::{DomainName, ProductId};

use super::{FakeStore, Order, page};
use crate::{
    audit::AuditEntry,
    contract::{Contract, ContractId, ContractStore},
    error::StoreError,
    page::Page,
    product::{Product, Status},
};

#[async_trait]
impl ContractStore for FakeStore {
    async fn contract(&self, id: &ContractId) -> Result<Option<Contract>, StoreError> {
        Ok(self.enter()?.contracts.get(id).cloned())
    }

    async fn of_product(&self, product: &ProductId) -> Result<Vec<Contract>, StoreError> {
        Ok(self.enter()?.contracts.values().filter(|contract| contract.id.product == *product).cloned().collect())
    }

    async fn of_consumer(
        &self,
        domain: &DomainName,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Contract>, StoreError> {
        let state = self.enter()?;
        let own = state.contracts.values().filter(|contract| contract.consumer_domain == *domain);
        // The id makes the place unique where two contracts were made at the same time.
        let own =
            own.map(|contract| (format!("{:.9} {}", contract.created_at, contract.id), contract.clone())).collect();
        page(&format!("contracts of {domain}"), own, Order::Falling, cursor, limit)
    }

    async fn put_contract(
        &self,
        before: Option<&Contract>,
        after: &Contract,
        judged: Option<&Product>,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        if state.contracts.get(&after.id).map(|stored| stored.revision) != before.map(|before| before.revision) {
            return Err(StoreError::Conflict);
        }
        let ends = after.status.has_ended();
        let product = state.products.get_mut(&after.id.product).filter(|product| {
            let same = |judged: &Product| {
                (product.revision, product.contracts_revision) == (judged.revision, judged.contracts_revision)
            };
            (ends || product.status != Status::Retired) && judged.is_none_or(same)
        });
        product.ok_or(StoreError::Conflict)?.contracts_revision += 1;
        state.contracts.insert(after.id.clone(), after.clone());
        state.audit.push(audit.clone());
        Ok(())
    }
}
