//! The search index on OpenSearch.
//!
//! The index is created when it is first used and absent. Its name ends with a digest of its definition: a changed
//! analyzer or mapping is a new, empty index, which the indexer's sweep fills; the old one stays until somebody removes it.

mod answer;
mod connection;
mod cursor;
mod mapping;
mod query;
mod replacement;

use std::{collections::BTreeMap, future::Future, time::Duration};

use async_trait::async_trait;
use mesh_core::{
    error::StoreError,
    search_index::{Indexed, ProductDocument, SearchAnswer, SearchError, SearchIndex, SearchQuery},
};
use mesh_manifest::ProductId;
use opensearch::{
    Index, IndexParts, MgetParts, OpenSearch, SearchParts,
    cluster::ClusterHealthParts,
    http::request::JsonBody,
    indices::IndicesCreateParts,
    params::{VersionType, WaitForStatus},
};
use serde_json::{Value, json};

pub use crate::connection::{Auth, ConnectError};
use crate::connection::{Failure, TIMEOUT, answer as send};

/// Creating an index moves the whole cluster's state: it takes longer than a search, and happens once.
const CREATION_TIMEOUT: Duration = Duration::from_secs(15);
/// Most documents that one request looks up.
const LOOK_UP: usize = 100;

/// The search index of one mesh.
#[derive(Debug)]
pub struct OpenSearchIndex {
    client: OpenSearch,
    /// What requests name. An alias, because a write can insist on one: it then never creates an index without mapping.
    alias: String,
}

impl OpenSearchIndex {
    /// The index called `index` at `endpoint`, such as `https://search.example.org`; nothing is sent yet.
    pub fn connect(endpoint: &str, index: &str, auth: Auth) -> Result<Self, ConnectError> {
        let definition: String = mesh_manifest::canonical::digest(&mapping::definition()).chars().take(8).collect();
        Ok(Self { client: connection::client(endpoint, auth)?, alias: format!("{index}-{definition}") })
    }

    /// The index's name at the search engine, for those who look into it by other means.
    pub fn name(&self) -> &str {
        &self.alias
    }

    /// The body of the request that a search for `query` is.
    pub fn request(query: &SearchQuery) -> Result<Value, SearchError> {
        query::body(query)
    }

    /// Sends `request`, and once more after creating the index where that is missing.
    async fn on_index<T, F>(&self, request: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        T: Send,
        F: Future<Output = Result<T, Failure>> + Send,
    {
        match request().await {
            Err(Failure::NoIndex) => {
                self.create().await?;
                Ok(request().await?)
            }
            done => Ok(done?),
        }
    }

    /// Creates the index; of several who try, one does and the others wait for it.
    async fn create(&self) -> Result<(), StoreError> {
        self.create_index(&format!("{}-1", self.alias), true).await
    }

    /// Creates an index called `name`, which requests reach only if it is `in_place`.
    async fn create_index(&self, name: &str, in_place: bool) -> Result<(), StoreError> {
        let mut definition = mapping::definition();
        if let (true, Some(definition)) = (in_place, definition.as_object_mut()) {
            definition.insert("aliases".to_owned(), json!({ &self.alias: {} }));
        }
        let request = async {
            let indices = self.client.indices();
            let create = indices.create(IndicesCreateParts::Index(name));
            create.body(definition).request_timeout(CREATION_TIMEOUT).send().await
        };
        match send(CREATION_TIMEOUT, request).await {
            Ok(_) => tracing::info!(index = name, "the search index was created"),
            Err(Failure::IndexExists) => {}
            Err(failure) => return Err(failure.into()),
        }
        // Whoever came second may be here before the index can be searched.
        let request = async {
            let cluster = self.client.cluster();
            let created = [name];
            let health = cluster.health(ClusterHealthParts::Index(&created));
            health.wait_for_status(WaitForStatus::Yellow).request_timeout(CREATION_TIMEOUT).send().await
        };
        send(CREATION_TIMEOUT, request).await?;
        Ok(())
    }

    async fn write(&self, document: &ProductDocument) -> Result<(), Failure> {
        let id = document.product_id.to_string();
        let request = self.index_request(IndexParts::IndexId(&self.alias, &id), document)?.require_alias(true);
        match send(TIMEOUT, request.send()).await {
            Ok(_) | Err(Failure::Outdated) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Writes `document` with its revision as version: an older one never takes a newer one's place.
    fn index_request<'a>(
        &'a self,
        place: IndexParts<'a>,
        document: &'a ProductDocument,
    ) -> Result<Index<'a, 'a, JsonBody<mapping::Stored<'a>>>, StoreError> {
        let version = i64::try_from(document.revision)
            .map_err(|_| StoreError::corrupt("revision", format!("`{}` is too large", document.revision)))?;
        let request = self.client.index(place).version(version).version_type(VersionType::ExternalGte);
        Ok(request.body(mapping::Stored::new(document)))
    }

    async fn find(&self, query: &SearchQuery, body: &Value) -> Result<SearchAnswer, Failure> {
        // Pages of one search ask one copy of the index: copies may rank a little differently.
        let preference = query.acting.as_ref().map_or("mesh", |acting| acting.as_str());
        let index = [self.alias.as_str()];
        let request = self.client.search(SearchParts::Index(&index)).preference(preference).body(body).send();
        Ok(answer::search(query, send(TIMEOUT, request).await?)?)
    }

    async fn look_up(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, Failure> {
        let request = self
            .client
            .mget(MgetParts::Index(&self.alias))
            ._source_includes(&[mapping::REVISION, mapping::FINGERPRINT])
            .body(json!({ "ids": products }))
            .send();
        answer::indexed(send(TIMEOUT, request).await?)?.ok_or(Failure::NoIndex)
    }
}

#[async_trait]
impl SearchIndex for OpenSearchIndex {
    async fn put(&self, document: &ProductDocument) -> Result<(), StoreError> {
        self.on_index(|| self.write(document)).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, SearchError> {
        let body = query::body(query)?;
        Ok(self.on_index(|| self.find(query, &body)).await?)
    }

    async fn indexed(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, StoreError> {
        let mut held = BTreeMap::new();
        for products in products.chunks(LOOK_UP) {
            held.extend(self.on_index(|| self.look_up(products)).await?);
        }
        Ok(held)
    }

    async fn replace(&self, documents: &[ProductDocument]) -> Result<(), StoreError> {
        self.put_in_place(documents).await
    }
}
