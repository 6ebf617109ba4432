//! Consumption contracts: `consumption_contracts`.

use async_trait::async_trait;
use mesh_core::{
    audit::AuditEntry,
    contract::{Contract, ContractId, ContractStore},
    error::StoreError,
    page::Page,
    product::{Product, Status},
};
use mesh_manifest::{DomainName, ProductId};

use crate::{
    audit, cursor,
    expression::Expression,
    layout::{Item, Kind, Layout, column, instant, key, number, text},
    products::current_key,
    query::Query,
    store::DynamoStore,
    tables::{AUDIT_LOG, BY_CONSUMER, CONSUMPTION_CONTRACTS, DATA_PRODUCTS},
    transaction::Transaction,
};

const CONTRACT: Layout = Layout {
    what: "contract",
    columns: &[
        column("id", "contract_id", Kind::Text),
        column("port", "port_id", Kind::Text),
        column("consumer_domain", "consumer_domain_id", Kind::Text),
        column("agreed_freshness", "agreed_sla", Kind::Minutes),
        column("status", "status", Kind::Text),
        column("created_at", "created_at", Kind::Instant),
        column("revision", "revision", Kind::Number),
    ],
};

fn contract_key(id: &ContractId) -> Item {
    key([("producer_product_id", id.product.to_string()), ("contract_id", id.to_string())])
}

#[async_trait]
impl ContractStore for DynamoStore {
    async fn contract(&self, id: &ContractId) -> Result<Option<Contract>, StoreError> {
        self.get(CONSUMPTION_CONTRACTS, contract_key(id)).await?.map(|item| CONTRACT.record(&item)).transpose()
    }

    async fn of_product(&self, product: &ProductId) -> Result<Vec<Contract>, StoreError> {
        self.all(&Query::table(CONSUMPTION_CONTRACTS, product))
            .await?
            .iter()
            .map(|item| CONTRACT.record(item))
            .collect()
    }

    async fn of_consumer(
        &self,
        domain: &DomainName,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Contract>, StoreError> {
        let list = format!("contracts of {domain}");
        let start = cursor.map(|cursor| {
            let [created_at, id] = cursor::decode(&list, cursor)?;
            let id: ContractId = id.parse().map_err(|_| StoreError::InvalidCursor)?;
            let created_at = created_at.parse().map(instant).map_err(|_| StoreError::InvalidCursor)?;
            let mut start = contract_key(&id);
            start.extend(key([("consumer_domain_id", domain.to_string()), ("created_at", created_at)]));
            Ok(start)
        });
        let query = Query::index(CONSUMPTION_CONTRACTS, BY_CONSUMER, domain).newest_first();
        let page = self.page(&query, start.transpose()?, limit).await?;
        let items = page.items.iter().map(|item| CONTRACT.record(item)).collect::<Result<Vec<Contract>, _>>()?;
        let last = items.last().filter(|_| page.more);
        let cursor = last.map(|last| cursor::encode(&list, &[&last.created_at.to_string(), &last.id.to_string()]));
        Ok(Page { items, cursor })
    }

    async fn put_contract(
        &self,
        before: Option<&Contract>,
        after: &Contract,
        judged: Option<&Product>,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut item = CONTRACT.item(after)?;
        item.extend(contract_key(&after.id));
        let unchanged = match before {
            None => Expression::absent("contract_id"),
            Some(before) => Expression::when("#revision = :revision")
                .name("#revision", "revision")
                .value(":revision", number(before.revision)),
        };
        let mut conditions = vec!["attribute_exists(#product)"];
        let mut product = Expression::default().name("#product", "product_id").name("#contracts", "contracts_revision");
        if !after.status.has_ended() {
            conditions.push("#status <> :retired");
            product = product.name("#status", "status").value(":retired", text(Status::Retired.as_str()));
        }
        if let Some(judged) = judged {
            conditions.push("#registered = :registered AND #contracts = :contracts");
            product = product
                .name("#registered", "registered_revision")
                .value(":registered", number(judged.revision))
                .value(":contracts", number(judged.contracts_revision));
        }
        product.condition = Some(conditions.join(" AND "));
        let count = product.update("SET #contracts = #contracts + :one").value(":one", number(1));

        let mut transaction = Transaction::new(self);
        transaction.put_when(CONSUMPTION_CONTRACTS, item, unchanged);
        transaction.update(DATA_PRODUCTS, current_key(&after.id.product), count);
        transaction.put(AUDIT_LOG, audit::item(entry)?);
        transaction.commit().await
    }
}
