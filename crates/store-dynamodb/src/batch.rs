//! Reads of many items by their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures::{StreamExt, TryStreamExt, stream};
use mesh_core::error::StoreError;

use crate::{
    errors::{Failure, SERVICE, error, patiently},
    layout::Item,
    store::DynamoStore,
    tables::Table,
};

/// The most keys that DynamoDB takes at once.
const KEYS: usize = 100;

/// How many batches are under way at once.
const AT_ONCE: usize = 4;

impl DynamoStore {
    /// The items under `keys`, those that exist, in no particular order, read consistently. No key may be given twice.
    pub(crate) async fn get_many(&self, table: Table, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        self.get_attributes(table, keys, &[]).await
    }

    /// The same, but of each item only `attributes`, which are all where none is named.
    pub(crate) async fn get_attributes(
        &self,
        table: Table,
        keys: Vec<Item>,
        attributes: &[&str],
    ) -> Result<Vec<Item>, StoreError> {
        let batches: Vec<Vec<Item>> = keys.chunks(KEYS).map(<[Item]>::to_vec).collect();
        let reads = stream::iter(batches).map(|batch| self.get_batch(table, batch, attributes));
        let reads = reads.buffer_unordered(AT_ONCE);
        reads
            .try_fold(Vec::new(), async |mut found, items| {
                found.extend(items);
                Ok(found)
            })
            .await
    }

    /// The items of one batch: keys that DynamoDB leaves unprocessed are asked for again.
    async fn get_batch(&self, table: Table, keys: Vec<Item>, attributes: &[&str]) -> Result<Vec<Item>, StoreError> {
        let name = self.name(table);
        let names: HashMap<String, String> =
            attributes.iter().enumerate().map(|(n, attribute)| (format!("#a{n}"), (*attribute).to_owned())).collect();
        let (names, projection) = match attributes.len() {
            0 => (None, None),
            some => (Some(names), Some((0..some).map(|n| format!("#a{n}")).collect::<Vec<_>>().join(", "))),
        };
        let progress = tokio::sync::Mutex::new((keys, Vec::new()));
        patiently(|| async {
            let mut progress = progress.lock().await;
            let (open, found) = &mut *progress;
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(open.clone()))
                .set_projection_expression(projection.clone())
                .set_expression_attribute_names(names.clone())
                .consistent_read(true);
            let keys =
                keys.build().map_err(|incomplete| Failure::Final(StoreError::unavailable(SERVICE, incomplete)))?;
            let request = self.client.batch_get_item().request_items(name.as_str(), keys);
            let answer = request.send().await.map_err(|failed| Failure::Final(error(failed)))?;
            let unprocessed = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&name));
            found.extend(answer.responses.and_then(|mut tables| tables.remove(&name)).unwrap_or_default());
            *open = unprocessed.map(|unprocessed| unprocessed.keys).unwrap_or_default();
            if open.is_empty() {
                Ok(())
            } else {
                let detail = format!("{} keys were left unread", open.len());
                Err(Failure::Throttled(StoreError::unavailable(SERVICE, detail)))
            }
        })
        .await?;
        Ok(progress.into_inner().1)
    }
}
