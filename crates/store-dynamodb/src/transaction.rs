//! Transactions: all of their writes or none.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use mesh_core::{audit::new_id, error::StoreError};

use crate::{
    errors::{SERVICE, patiently, transaction_failure},
    expression::Expression,
    layout::Item,
    store::DynamoStore,
    tables::Table,
};

/// The most items that DynamoDB writes together.
const MOST_ITEMS: usize = 100;

/// Writes that are made together.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    store: &'a DynamoStore,
    writes: Vec<Write>,
}

#[derive(Debug)]
enum Write {
    Put(Table, Item, Expression),
    Delete(Table, Item, Expression),
    Update(Table, Item, Expression),
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(store: &'a DynamoStore) -> Self {
        Self { store, writes: Vec::new() }
    }

    /// Writes an item, whatever was there.
    pub(crate) fn put(&mut self, table: Table, item: Item) {
        self.put_when(table, item, Expression::default());
    }

    /// Writes an item under a condition.
    pub(crate) fn put_when(&mut self, table: Table, item: Item, condition: Expression) {
        self.writes.push(Write::Put(table, item, condition));
    }

    /// Removes an item, if there is one.
    pub(crate) fn delete(&mut self, table: Table, key: Item) {
        self.delete_when(table, key, Expression::default());
    }

    /// Removes an item under a condition.
    pub(crate) fn delete_when(&mut self, table: Table, key: Item, condition: Expression) {
        self.writes.push(Write::Delete(table, key, condition));
    }

    /// Changes an item.
    pub(crate) fn update(&mut self, table: Table, key: Item, change: Expression) {
        self.writes.push(Write::Update(table, key, change));
    }

    /// Makes all writes, or none: [`StoreError::Conflict`] if a condition did not hold, [`StoreError::TooLarge`] before anything is
    /// sent if there are too many.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let count = self.writes.len();
        if count > MOST_ITEMS {
            let detail = format!("it writes {count} items; {MOST_ITEMS} at most are written together");
            return Err(StoreError::TooLarge { detail });
        }
        let writes = self.writes.into_iter().map(|write| write.build(self.store)).collect::<Result<Vec<_>, _>>()?;
        // One token for all attempts: where an answer was lost on its way, the next one is told that all is written already,
        // and not that its conditions do not hold. A transaction that was cancelled is made anew under the same token.
        let request =
            self.store.client.transact_write_items().set_transact_items(Some(writes)).client_request_token(new_id());
        patiently(|| {
            let request = request.clone();
            async move { request.send().await.map(drop).map_err(transaction_failure) }
        })
        .await
    }
}

impl Write {
    fn build(self, store: &DynamoStore) -> Result<TransactWriteItem, StoreError> {
        // The builders refuse a write without table, key or update, which no write here is without.
        let incomplete = |error| StoreError::unavailable(SERVICE, error);
        let write = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(table, item, condition) => write.put(
                Put::builder()
                    .table_name(store.name(table))
                    .set_item(Some(item))
                    .set_condition_expression(condition.condition)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(incomplete)?,
            ),
            Self::Delete(table, key, condition) => write.delete(
                Delete::builder()
                    .table_name(store.name(table))
                    .set_key(Some(key))
                    .set_condition_expression(condition.condition)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(incomplete)?,
            ),
            Self::Update(table, key, change) => write.update(
                Update::builder()
                    .table_name(store.name(table))
                    .set_key(Some(key))
                    .set_update_expression(change.update)
                    .set_condition_expression(change.condition)
                    .set_expression_attribute_names(change.names)
                    .set_expression_attribute_values(change.values)
                    .build()
                    .map_err(incomplete)?,
            ),
        }
        .build())
    }
}
