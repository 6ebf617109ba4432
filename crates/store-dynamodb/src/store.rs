//! The store: a client, the prefix of its tables' names, and writes of single items.

use aws_sdk_dynamodb::{Client, operation::update_item::UpdateItemError};
use aws_types::SdkConfig;
use mesh_core::error::StoreError;

use crate::{
    errors::{error, failure, patiently},
    expression::Expression,
    layout::Item,
    tables::Table,
};

/// Keeps everything that the mesh keeps, in the tables of [`crate::tables::TABLES`].
#[derive(Debug, Clone)]
pub struct DynamoStore {
    pub(crate) client: Client,
    prefix: String,
}

/// What became of a conditional update.
#[derive(Debug)]
pub(crate) enum Updated {
    Done,
    /// The condition did not hold; the item as it is, if there is one.
    Refused(Option<Item>),
}

impl DynamoStore {
    /// A store on the tables whose names begin with `table_prefix`, such as `mesh-`.
    pub fn new(client: Client, table_prefix: impl Into<String>) -> Self {
        Self { client, prefix: table_prefix.into() }
    }

    /// The same, with a client of its own by the SDK's configuration.
    pub fn connect(sdk: &SdkConfig, table_prefix: &str) -> Self {
        Self::new(Client::new(sdk), table_prefix)
    }

    /// The full name of the table that is called `table`, such as `data_products`.
    pub fn table_name(&self, table: &str) -> String {
        format!("{}{table}", self.prefix)
    }

    pub(crate) fn name(&self, table: Table) -> String {
        self.table_name(table.name)
    }

    /// The item under `key`, read consistently.
    pub(crate) async fn get(&self, table: Table, key: Item) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(self.name(table)).set_key(Some(key)).consistent_read(true);
        Ok(request.send().await.map_err(error)?.item)
    }

    /// Writes one item under a condition; [`StoreError::Conflict`] if it does not hold.
    pub(crate) async fn put_when(&self, table: Table, item: Item, condition: Expression) -> Result<(), StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(item))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values);
        patiently(|| {
            let request = request.clone();
            async move { request.send().await.map(drop).map_err(failure) }
        })
        .await
    }

    /// Changes one item under a condition.
    pub(crate) async fn update(&self, table: Table, key: Item, change: Expression) -> Result<Updated, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(self.name(table))
            .set_key(Some(key))
            .set_update_expression(change.update)
            .set_condition_expression(change.condition)
            .set_expression_attribute_names(change.names)
            .set_expression_attribute_values(change.values)
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
        patiently(|| {
            let request = request.clone();
            async move {
                match request.send().await {
                    Ok(_) => Ok(Updated::Done),
                    Err(failed) => match failed.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                            Ok(Updated::Refused(refused.item.clone()))
                        }
                        _ => Err(failure(failed)),
                    },
                }
            }
        })
        .await
    }
}
