//! Reads what the search engine answers.

use std::collections::BTreeMap;

use mesh_core::{
    error::StoreError,
    search_index::{Hit, Indexed, ProductDocument, SearchAnswer, SearchQuery},
};
use mesh_manifest::ProductId;
use serde::Deserialize;
use serde_json::Value;

use crate::{cursor, mapping, query::limit};

/// The service as errors name it.
pub const SERVICE: &str = "OpenSearch";

/// The answer to `query` that `body` holds.
pub fn search(query: &SearchQuery, body: Value) -> Result<SearchAnswer, StoreError> {
    let body: SearchBody = parse(body)?;
    if body.timed_out || body.shards.failed > 0 {
        return Err(StoreError::unavailable(SERVICE, "the search was cut short"));
    }
    let limit = limit(query);
    let more = body.hits.hits.len() > limit;
    let page: Vec<RawHit> = body.hits.hits.into_iter().take(limit).collect();
    let cursor = page.last().filter(|_| more).and_then(|last| cursor::seal(query, &last.sort));
    let facets = body
        .aggregations
        .into_iter()
        .map(|(name, facet)| (name, facet.buckets.into_iter().map(|bucket| (bucket.key, bucket.doc_count)).collect()))
        .collect();
    let found = page.len();
    let hits: Vec<Hit> = page.into_iter().filter_map(hit).collect();
    if hits.is_empty() && found > 0 {
        // Not a defect of what is stored: the index is made from that, and the next sweep or rebuild makes it anew.
        return Err(StoreError::unavailable(SERVICE, "not one document that was found can be read"));
    }
    Ok(SearchAnswer { hits, total: body.hits.total.value, facets, cursor })
}

/// What the index holds of products, by the answer to a request for several documents; none if there is no index.
pub fn indexed(body: Value) -> Result<Option<BTreeMap<ProductId, Indexed>>, StoreError> {
    let body: ManyBody = parse(body)?;
    if body.docs.iter().any(|doc| doc.error.as_ref().is_some_and(|error| error.kind == INDEX_NOT_FOUND)) {
        return Ok(None);
    }
    if body.docs.iter().any(|doc| doc.error.is_some()) {
        return Err(StoreError::unavailable(SERVICE, "not every document could be read"));
    }
    let held = body.docs.into_iter().filter_map(|doc| {
        // A document that cannot be read is as good as missing: it is written again.
        let source = doc.source?;
        let revision = source.get(mapping::REVISION)?.as_u64()?;
        let fingerprint = source.get(mapping::FINGERPRINT)?.as_str()?.to_owned();
        Some((doc.id.parse().ok()?, Indexed { revision, fingerprint }))
    });
    Ok(Some(held.collect()))
}

/// The engine's name for a missing index.
pub const INDEX_NOT_FOUND: &str = "index_not_found_exception";
/// The engine's name for an index that is there already.
pub const ALREADY_EXISTS: &str = "resource_already_exists_exception";

/// An error as the engine describes it.
#[derive(Debug, Deserialize)]
pub struct EngineError {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub reason: String,
}

impl EngineError {
    /// The error that `body` describes, if it does.
    pub fn of(body: &Value) -> Option<Self> {
        Self::deserialize(body.get("error")?).ok()
    }
}

fn parse<T: for<'de> Deserialize<'de>>(body: Value) -> Result<T, StoreError> {
    serde_json::from_value(body).map_err(|error| StoreError::unavailable(SERVICE, error))
}

fn hit(raw: RawHit) -> Option<Hit> {
    match serde_json::from_value::<ProductDocument>(raw.source) {
        Ok(document) => {
            let score = raw.sort.first().and_then(Value::as_f64).unwrap_or_default();
            Some(Hit { document, score, highlights: raw.highlight })
        }
        // One unreadable document must not take the others with it; the sweep writes it anew.
        Err(error) => {
            tracing::warn!(product = raw.id, %error, "a search document cannot be read");
            None
        }
    }
}

#[derive(Deserialize)]
struct SearchBody {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
    #[serde(default)]
    aggregations: BTreeMap<String, Facet>,
}

#[derive(Deserialize)]
struct Shards {
    failed: u64,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    hits: Vec<RawHit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct RawHit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: Value,
    sort: Vec<Value>,
    #[serde(default)]
    highlight: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Facet {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
}

#[derive(Deserialize)]
struct ManyBody {
    docs: Vec<OneOfMany>,
}

#[derive(Deserialize)]
struct OneOfMany {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: Option<Value>,
    error: Option<EngineError>,
}
