//! A new index beside the old one, filled while the old one answers, then put in its place at once.

use futures::{TryStreamExt, stream};
use mesh_core::{error::StoreError, search_index::ProductDocument};
use opensearch::{
    IndexParts,
    indices::{IndicesGetAliasParts, IndicesRefreshParts},
};
use serde_json::{Value, json};

use crate::{
    CREATION_TIMEOUT, OpenSearchIndex,
    connection::{Failure, TIMEOUT, answer as send},
};

/// Documents written at once.
const CONCURRENCY: usize = 8;

impl OpenSearchIndex {
    pub(crate) async fn put_in_place(&self, documents: &[ProductDocument]) -> Result<(), StoreError> {
        let name = format!("{}-{}", self.alias, mesh_core::audit::new_id());
        self.create_index(&name, false).await?;
        let writes = stream::iter(documents.iter().map(Ok::<_, StoreError>));
        writes.try_for_each_concurrent(CONCURRENCY, |document| self.fill(&name, document)).await?;
        // What is written is to be found from the first search on.
        let created = [name.as_str()];
        let indices = self.client.indices();
        send(TIMEOUT, indices.refresh(IndicesRefreshParts::Index(&created)).send()).await?;
        let others = self.own_indices().await?.into_iter().filter(|other| *other != name);
        let mut actions: Vec<Value> = others.map(|other| json!({ "remove_index": { "index": other } })).collect();
        actions.push(json!({ "add": { "index": name, "alias": self.alias } }));
        let swap =
            indices.update_aliases().body(json!({ "actions": actions })).request_timeout(CREATION_TIMEOUT).send();
        send(CREATION_TIMEOUT, swap).await?;
        tracing::info!(index = name, documents = documents.len(), "the search index was replaced");
        Ok(())
    }

    /// Under the same external version that a later update of the document comes with.
    async fn fill(&self, name: &str, document: &ProductDocument) -> Result<(), StoreError> {
        let id = document.product_id.to_string();
        let request = self.index_request(IndexParts::IndexId(name, &id), document)?.send();
        match send(TIMEOUT, request).await {
            Ok(_) | Err(Failure::Outdated) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The indices that this one ever was, and those of replacements that were broken off.
    async fn own_indices(&self) -> Result<Vec<String>, StoreError> {
        let pattern = format!("{}-*", self.alias);
        let pattern = [pattern.as_str()];
        let indices = self.client.indices();
        let answer = send(TIMEOUT, indices.get_alias(IndicesGetAliasParts::Index(&pattern)).send()).await?;
        Ok(answer.as_object().map(|indices| indices.keys().cloned().collect()).unwrap_or_default())
    }
}
