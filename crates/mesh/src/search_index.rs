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

impl ProductDocument {
    /// The compliance as the facet groups it.
    pub fn compliance_bucket(&self) -> ComplianceBucket {
        ComplianceBucket::of(self.compliance)
    }

    /// SHA-256 over all that the document says, with the compliance by its bucket only: what moves by the minute does not
    /// ask for a new document, everything else does.
    pub fn fingerprint(&self) -> String {
        let exact = Self { compliance: None, ..self.clone() };
        mesh_manifest::canonical::digest(&(exact, self.compliance_bucket().as_str()))
    }
}

/// How well promises were kept, in the steps of the facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComplianceBucket {
    /// Kept in at least 99.9 % of the measured time.
    ThreeNines,
    /// Kept in at least 99 % of it.
    TwoNines,
    /// Kept in less.
    Less,
    /// Nothing was measured yet.
    Unmeasured,
}

impl ComplianceBucket {
    /// The bucket of a compliance in percent.
    pub fn of(compliance: Option<f64>) -> Self {
        match compliance {
            None => Self::Unmeasured,
            Some(percent) if percent >= 99.9 => Self::ThreeNines,
            Some(percent) if percent >= 99.0 => Self::TwoNines,
            Some(_) => Self::Less,
        }
    }

    /// The bucket as the facet names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ThreeNines => ">=99.9",
            Self::TwoNines => "99-99.9",
            Self::Less => "<99",
            Self::Unmeasured => "unmeasured",
        }
    }
}

/// What the index holds of a product, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    pub revision: u64,
    /// [`ProductDocument::fingerprint`] of the document when it was written.
    pub fingerprint: String,
}

/// What is searched of a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortDocument {
    pub address: String,
    pub name: String,
    pub description: String,
    pub format: Format,
    pub sla_minutes: u64,
    /// Left out of what a search finds, since there may be thousands.
    #[serde(default)]
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
    /// Field path, such as `ports.fields.description` → HTML fragments with the found words between `<em>` and `</em>`.
    pub highlights: BTreeMap<String, Vec<String>>,
}

/// The answer to a search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchAnswer {
    pub hits: Vec<Hit>,
    pub total: u64,
    /// Facet (`domain`, `classification`, `format`, `compliance`) → value → count of the products found.
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

    /// What the index holds of `products`, tombstones included, as it was last written: what a sweep compares.
    async fn indexed(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, StoreError>;

    /// Makes `documents` all that the index holds, also in place of newer revisions: those who search find either what was there
    /// or what is there now.
    async fn replace(&self, documents: &[ProductDocument]) -> Result<(), StoreError>;
}
