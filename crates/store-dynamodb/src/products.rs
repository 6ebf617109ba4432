//! Products and their history: `data_products`; ports: `output_ports`; who uses them: `lineage`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use mesh_core::{
    error::StoreError,
    metrics,
    page::Page,
    product::{Port, Product, ProductStore, Registration, Status},
};
use mesh_manifest::{DomainName, PortAddress, ProductId};

use crate::{
    cursor,
    expression::Expression,
    layout::{Item, Kind, Layout, column, key, number, text},
    query::Query,
    store::{DynamoStore, Updated},
    tables::{BY_DOMAIN, DATA_PRODUCTS, LINEAGE, OUTPUT_PORTS},
};

pub(crate) const PRODUCT: Layout = Layout {
    what: "product",
    columns: &[
        column("id", "product_id", Kind::Text),
        column("version", "version", Kind::Text),
        column("status", "status", Kind::Text),
        column("status_detail", "status_detail", Kind::Text),
        column("manifest_text", "manifest_yaml", Kind::Text),
        column("manifest", "manifest_json", Kind::Json),
        column("digest", "digest", Kind::Text),
        column("revision", "registered_revision", Kind::Number),
        column("registered_at", "registered_at", Kind::Text),
        column("registered_by", "registered_by", Kind::Text),
        column("provisioned_revision", "provisioned_revision", Kind::Number),
        column("indexed_revision", "indexed_revision", Kind::Number),
        column("contracts_revision", "contracts_revision", Kind::Number),
    ],
};

pub(crate) const PORT: Layout = Layout {
    what: "output port",
    columns: &[
        column("address", "port_id", Kind::Text),
        column("version", "version", Kind::Text),
        column("revision", "product_revision", Kind::Number),
        column("schema_id", "schema_id", Kind::Text),
        column("format", "format", Kind::Text),
        column("freshness", "sla_freshness_minutes", Kind::Minutes),
        column("endpoint", "access_endpoint", Kind::Text),
        column("since", "since", Kind::Text),
    ],
};

/// The range key of a product as it is now.
pub(crate) const CURRENT: &str = "current";

/// How many domains' products are asked for at once, at most.
const AT_ONCE: usize = 16;

/// The key of a product as it is now.
pub(crate) fn current_key(id: &ProductId) -> Item {
    key([("product_id", id.to_string()), ("revision", CURRENT.to_owned())])
}

/// The range key of a revision in the history.
pub(crate) fn revision_key(revision: u64) -> String {
    format!("r{revision:010}")
}

impl DynamoStore {
    /// A domain's current products after `after`, `limit` at most. One that cannot be read is told of and passed over: it must
    /// not keep a sweep from all the others.
    async fn current_of(
        &self,
        domain: &DomainName,
        after: Option<&ProductId>,
        limit: usize,
    ) -> Result<Vec<Product>, StoreError> {
        let mut start = after.map(|after| {
            let mut start = current_key(after);
            start.insert("current_domain_id".to_owned(), text(domain));
            start
        });
        let query = Query::index(DATA_PRODUCTS, BY_DOMAIN, domain);
        let mut found = Vec::new();
        while found.len() < limit {
            let missing = limit - found.len();
            let items = self.collect(&query, start, missing).await?;
            found.extend(items.iter().filter_map(readable));
            start = items.last().filter(|_| items.len() == missing).map(index_key);
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The current products of all domains after `after`, `limit` at most: domain by domain, in the order of ids.
    async fn current_of_all(&self, after: Option<ProductId>, limit: usize) -> Result<Vec<Product>, StoreError> {
        let mut found = match &after {
            Some(after) => self.current_of(&after.domain, Some(after), limit).await?,
            None => Vec::new(),
        };
        let mut seen = after.map(|after| after.domain);
        // More domains at once only while few products are found in them: what is read beyond the limit is read for nothing.
        let mut at_once = 1;
        while found.len() < limit {
            let domains = self.domain_ids(seen.as_ref(), at_once).await?;
            let Some(last) = domains.last().cloned() else {
                break;
            };
            let missing = limit - found.len();
            let lists = domains.into_iter().map(|domain| async move { self.current_of(&domain, None, missing).await });
            found.extend(try_join_all(lists).await?.into_iter().flatten());
            seen = Some(last);
            at_once = (at_once * 2).min(AT_ONCE);
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// The product in an item; none, with a line in the log that names it, if it cannot be read.
fn readable(item: &Item) -> Option<Product> {
    match PRODUCT.record(item) {
        Ok(product) => Some(product),
        Err(error) => {
            let id = item.get("product_id").and_then(|id| id.as_s().ok()).map_or("", String::as_str);
            tracing::error!(
                product = id,
                error = &error as &dyn std::error::Error,
                "a product's item cannot be read and is passed over"
            );
            metrics::unreadable();
            None
        }
    }
}

/// Where a list by domain goes on after `item`.
fn index_key(item: &Item) -> Item {
    let keys = ["product_id", "revision", "current_domain_id"];
    keys.into_iter().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}

#[async_trait]
impl ProductStore for DynamoStore {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        self.get(DATA_PRODUCTS, current_key(id)).await?.map(|item| PRODUCT.record(&item)).transpose()
    }

    /// Of all domains: only products of domains that exist.
    async fn products(
        &self,
        domain: Option<&DomainName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Product>, StoreError> {
        let list = domain.map_or_else(|| "products".to_owned(), |domain| format!("products of {domain}"));
        let after = cursor.map(|cursor| {
            let [id] = cursor::decode(&list, cursor)?;
            let id: ProductId = id.parse().map_err(|_| StoreError::InvalidCursor)?;
            if domain.is_some_and(|domain| id.domain != *domain) { Err(StoreError::InvalidCursor) } else { Ok(id) }
        });
        let (after, limit) = (after.transpose()?, limit.clamp(1, 1000));
        let mut items = match domain {
            Some(domain) => self.current_of(domain, after.as_ref(), limit + 1).await?,
            None => self.current_of_all(after, limit + 1).await?,
        };
        let more = items.len() > limit;
        items.truncate(limit);
        let cursor = items.last().filter(|_| more).map(|last| cursor::encode(&list, &[&last.id.to_string()]));
        Ok(Page { items, cursor })
    }

    async fn history(&self, id: &ProductId, cursor: Option<&str>, limit: usize) -> Result<Page<Product>, StoreError> {
        let list = format!("history of {id}");
        let start = cursor.map(|cursor| {
            let [revision] = cursor::decode(&list, cursor)?;
            let revision = revision.parse().map_err(|_| StoreError::InvalidCursor)?;
            Ok(key([("product_id", id.to_string()), ("revision", revision_key(revision))]))
        });
        let query = Query::table(DATA_PRODUCTS, id).beginning("r").newest_first();
        let page = self.page(&query, start.transpose()?, limit).await?;
        let items = page.items.iter().map(|item| PRODUCT.record(item)).collect::<Result<Vec<Product>, _>>()?;
        let cursor =
            items.last().filter(|_| page.more).map(|last| cursor::encode(&list, &[&last.revision.to_string()]));
        Ok(Page { items, cursor })
    }

    async fn ports(&self, id: &ProductId) -> Result<Vec<Port>, StoreError> {
        self.all(&Query::table(OUTPUT_PORTS, id)).await?.iter().map(|item| PORT.record(item)).collect()
    }

    async fn ports_at(&self, addresses: &[PortAddress]) -> Result<BTreeMap<PortAddress, Port>, StoreError> {
        let wanted: BTreeSet<&PortAddress> = addresses.iter().collect();
        let keys = wanted
            .into_iter()
            .map(|address| key([("product_id", address.product.to_string()), ("port_id", address.to_string())]));
        let items = self.get_many(OUTPUT_PORTS, keys.collect()).await?;
        let port = |item| PORT.record(item).map(|port: Port| (port.address.clone(), port));
        items.iter().map(port).collect()
    }

    async fn register(&self, registration: &Registration) -> Result<(), StoreError> {
        self.write_registration(registration).await
    }

    async fn set_provisioned(
        &self,
        id: &ProductId,
        revision: u64,
        status: Status,
        detail: Option<&str>,
    ) -> Result<bool, StoreError> {
        // Writing what is there already would still show in the table's stream, and its consumers would run for nothing.
        let mut same = "#status = :status".to_owned();
        let mut set = "SET #status = :status".to_owned();
        let mut change = Expression::default()
            .name("#status", "status")
            .name("#detail", "status_detail")
            .name("#registered", "registered_revision")
            .value(":status", text(status.as_str()))
            .value(":revision", number(revision));
        if matches!(status, Status::Active | Status::Retired) {
            same.push_str(" AND #provisioned = :revision");
            set.push_str(", #provisioned = :revision");
            change = change.name("#provisioned", "provisioned_revision");
        }
        match detail {
            Some(detail) => {
                same.push_str(" AND #detail = :detail");
                set.push_str(", #detail = :detail");
                change = change.value(":detail", text(detail));
            }
            None => {
                same.push_str(" AND attribute_not_exists(#detail)");
                set.push_str(" REMOVE #detail");
            }
        }
        change.condition = Some(format!("#registered = :revision AND NOT ({same})"));
        self.update_unless_there(id, change.update(set), "registered_revision", revision).await
    }

    async fn set_indexed(&self, id: &ProductId, revision: u64) -> Result<bool, StoreError> {
        let change = Expression::when("#indexed < :revision")
            .update("SET #indexed = :revision")
            .name("#indexed", "indexed_revision")
            .value(":revision", number(revision));
        self.update_unless_there(id, change, "indexed_revision", revision).await
    }

    async fn downstream(&self, port: &PortAddress) -> Result<Vec<ProductId>, StoreError> {
        let product = |item: &Item| {
            let id = item.get("downstream").and_then(|id| id.as_s().ok()).and_then(|id| id.parse().ok());
            id.ok_or_else(|| StoreError::corrupt("lineage", "`downstream` is no product id"))
        };
        self.all(&Query::table(LINEAGE, port)).await?.iter().map(product).collect()
    }
}

impl DynamoStore {
    /// Changes a product as it is now. Where the condition does not hold, tells whether `attribute` says `revision` all the same:
    /// then nothing was left to change.
    async fn update_unless_there(
        &self,
        id: &ProductId,
        change: Expression,
        attribute: &str,
        revision: u64,
    ) -> Result<bool, StoreError> {
        Ok(match self.update(DATA_PRODUCTS, current_key(id), change).await? {
            Updated::Done => true,
            Updated::Refused(item) => item.is_some_and(|item| item.get(attribute) == Some(&number(revision))),
        })
    }
}
