//! Tables of the mesh's own shape in the cloud that the environment names, for one figure and gone afterwards.

use std::{
    collections::{BTreeSet, HashMap},
    iter,
};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, PutRequest, ScalarAttributeType, WriteRequest,
    },
};
use mesh_store_dynamodb::{
    DynamoStore,
    tables::{TABLES, Table},
};

/// A stored item.
pub type Item = HashMap<String, AttributeValue>;

/// The most items that DynamoDB writes in one batch.
const BATCH: usize = 25;

/// The cloud, with tables that nobody else uses.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Configured as a function's is.
    pub client: Client,
    prefix: String,
}

impl Cloud {
    /// Does `work` on new tables and removes them, whatever becomes of it.
    pub async fn with_tables<T>(work: impl AsyncFnOnce(Self) -> Result<T>) -> Result<T> {
        let client = Client::new(&mesh_runtime::sdk::load().await);
        let cloud = Self { client, prefix: format!("bench-{}-", ulid::Ulid::new().to_string().to_ascii_lowercase()) };
        for table in &TABLES {
            cloud.create(table).await.with_context(|| format!("the table `{}` cannot be made", table.name))?;
        }
        let done = work(cloud.clone()).await;
        let removed = cloud.remove().await;
        let done = done?;
        removed.map(|()| done)
    }

    async fn remove(&self) -> Result<()> {
        for table in &TABLES {
            self.client.delete_table().table_name(self.name(*table)).send().await?;
        }
        Ok(())
    }

    /// The mesh's store on these tables.
    pub fn store(&self) -> DynamoStore {
        DynamoStore::new(self.client.clone(), self.prefix.clone())
    }

    /// A table's full name.
    pub fn name(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.name)
    }

    /// Writes items in batches, as fast as it goes.
    pub async fn write(&self, table: Table, items: Vec<Item>) -> Result<()> {
        use futures::{StreamExt, TryStreamExt, stream};
        let batches: Vec<Vec<Item>> = items.chunks(BATCH).map(<[Item]>::to_vec).collect();
        stream::iter(batches)
            .map(Ok::<_, anyhow::Error>)
            .try_for_each_concurrent(4, |batch| self.write_batch(table, batch))
            .await
    }

    async fn write_batch(&self, table: Table, items: Vec<Item>) -> Result<()> {
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        let mut open = HashMap::from([(self.name(table), items.into_iter().map(put).collect::<Result<Vec<_>>>()?)]);
        while !open.is_empty() {
            let answer = self.client.batch_write_item().set_request_items(Some(open)).send().await?;
            open = answer.unprocessed_items.unwrap_or_default();
        }
        Ok(())
    }

    /// All items under one hash key, in the order of their range keys.
    pub async fn query(&self, table: Table, hash: &str) -> Result<Vec<Item>> {
        let query = self.client.query().table_name(self.name(table)).consistent_read(true);
        let query = query.key_condition_expression("#hash = :hash").expression_attribute_names("#hash", table.hash);
        let answer = query.expression_attribute_values(":hash", text(hash)).send().await?;
        Ok(answer.items.unwrap_or_default())
    }

    async fn create(&self, table: &Table) -> Result<()> {
        let mut attributes = BTreeSet::from([table.hash]);
        attributes.extend(table.range);
        attributes.extend(table.indexes.iter().flat_map(|index| iter::once(index.hash).chain(index.range)));
        let mut request = self
            .client
            .create_table()
            .table_name(self.name(*table))
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(table.hash, table.range)?));
        for name in attributes {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            request = request.attribute_definitions(definition.build()?);
        }
        for index in table.indexes {
            let index = GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(key_schema(index.hash, index.range)?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build());
            request = request.global_secondary_indexes(index.build()?);
        }
        request.send().await?;
        Ok(())
    }
}

fn key_schema(hash: &str, range: Option<&str>) -> Result<Vec<KeySchemaElement>> {
    let keys = iter::once((hash, KeyType::Hash)).chain(range.map(|range| (range, KeyType::Range)));
    keys.map(|(name, kind)| Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?)).collect()
}

/// A text attribute's value.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A key of text attributes.
pub fn key<const N: usize>(attributes: [(&str, &str); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// The item with `to` for `from` in all of its texts: another record of the same shape and size.
pub fn renamed(item: &Item, changes: &[(&str, &str)]) -> Item {
    let change = |value: &AttributeValue| match value {
        AttributeValue::S(found) => {
            text(changes.iter().fold(found.clone(), |changed, (from, to)| changed.replace(from, to)))
        }
        other => other.clone(),
    };
    item.iter().map(|(name, value)| (name.clone(), change(value))).collect()
}
