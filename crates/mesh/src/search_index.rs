//! The search index: documents, queries and answers.

use std::{collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;
use mesh_manifest::{Classification, DomainName, Format, ProductId, Visibility};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// What is searched of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductDocument {
    pub product_id: ProductId,
    pub domain: DomainName,
    pub name: String,
    pub version: String,
    pub description: String,
    pub owner_team: String,
    pub owner_contact: String,
    pub classification: Classification,
    pub visibility: Visibility,
    pub tags: Vec<String>,
    pub status: String,
    /// The tightest freshness that a port promises, in minutes.
    pub sla_minutes: u64,
    pub ports: Vec<PortDocument>,
    /// Share of measured time in which the promises were kept, in percent; none before the first measurement.
    pub compliance: Option<f64>,
    /// The registered revision: the document's external version.
    pub revision: u64,
    /// A tombstone stands for a retired product and is never found.
    #[serde(default)]
    pub deleted: bool,
}

/// What is searched of a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortDocument {
    pub address: String,
    pub name: String,
    pub description: String,
    pub format: Format,
    pub sla_minutes: u64,
    pub fields: Vec<FieldDocument>,
}

/// What is searched of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDocument {
    pub name: String,
    pub description: String,
}

/// A search, already bounded and checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchQuery {
    /// Words to find; empty finds everything.
    pub text: String,
    pub domain: Option<DomainName>,
    /// Only products of which a port promises at most this freshness.
    pub sla_minutes: Option<u64>,
    pub classification: Option<Classification>,
    pub format: Option<Format>,
    /// The domain for which the searcher acts: it finds its own `domain`-visible products too.
    pub acting: Option<DomainName>,
    /// Opaque, from the page before.
    pub cursor: Option<String>,
    pub limit: usize,
}

/// One product found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub document: ProductDocument,
    pub score: f64,
    /// Field path → fragments with the found words between `<em>` and `</em>`.
    pub highlights: BTreeMap<String, Vec<String>>,
}

/// The answer to a search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchAnswer {
    pub hits: Vec<Hit>,
    pub total: u64,
    /// Facet (`domain`, `classification`, `format`, `compliance`) → value → count.
    pub facets: BTreeMap<String, BTreeMap<String, u64>>,
    pub cursor: Option<String>,
}

/// Why a search was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The cursor is not one that was given out.
    #[error("the cursor is not valid")]
    InvalidCursor,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds products.
#[async_trait]
pub trait SearchIndex: Debug + Send + Sync {
    /// Writes a document unless a newer revision is there; an older one is no error.
    async fn put(&self, document: &ProductDocument) -> Result<(), StoreError>;

    /// Answers a search.
    async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, SearchError>;

    /// The revisions that the index holds of `products`, tombstones included: what a sweep compares.
    async fn revisions(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, u64>, StoreError>;
}
