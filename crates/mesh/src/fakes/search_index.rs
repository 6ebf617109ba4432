//! A search index in memory: plain substring search with the filters, facets, tombstones and versions of the real one.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use mesh_manifest::{ProductId, Visibility};

use super::Failures;
use crate::{
    error::StoreError,
    search_index::{Hit, Indexed, ProductDocument, SearchAnswer, SearchError, SearchIndex, SearchQuery},
};

type Documents = BTreeMap<ProductId, ProductDocument>;

/// The most hits on one page, however many are asked for: callers must follow cursors.
pub const PAGE_CAP: usize = 3;

/// Documents in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeSearchIndex {
    documents: Arc<Mutex<Documents>>,
    failures: Failures,
}

impl FakeSearchIndex {
    /// The stored document of a product, tombstones included.
    pub fn document(&self, product: &ProductId) -> Option<ProductDocument> {
        self.lock().get(product).cloned()
    }

    /// A copy of what is stored now, which goes its own way.
    pub fn saved(&self) -> Self {
        Self { documents: Arc::new(Mutex::new(self.lock().clone())), ..self.clone() }
    }

    /// Goes back to what was saved.
    pub fn restore(&self, saved: &Self) {
        let before = saved.lock().clone();
        *self.lock() = before;
    }

    /// Makes the next `calls` calls fail.
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }

    fn lock(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<MutexGuard<'_, Documents>, StoreError> {
        self.failures.check("fake search index")?;
        Ok(self.lock())
    }
}

#[async_trait]
impl SearchIndex for FakeSearchIndex {
    async fn put(&self, document: &ProductDocument) -> Result<(), StoreError> {
        let mut documents = self.enter()?;
        let newer = documents.get(&document.product_id).is_some_and(|stored| stored.revision > document.revision);
        if !newer {
            documents.insert(document.product_id.clone(), document.clone());
        }
        Ok(())
    }

    async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, SearchError> {
        let documents = self.enter()?;
        let start = match &query.cursor {
            None => 0,
            Some(cursor) => {
                cursor.strip_prefix("from-").and_then(|n| n.parse().ok()).ok_or(SearchError::InvalidCursor)?
            }
        };
        let words: Vec<String> = query.text.split_whitespace().map(str::to_lowercase).collect();
        let found = documents.values().filter(|document| passes(document, query));
        let mut hits: Vec<Hit> = found.filter_map(|document| hit(document, &words)).collect();
        // Whole numbers of matched words: comparing them as floats is exact.
        hits.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| a.document.product_id.cmp(&b.document.product_id))
        });
        let total = hits.len();
        let facets = facets(&hits);
        let size = query.limit.min(PAGE_CAP);
        let hits: Vec<Hit> = hits.into_iter().skip(start).take(size).collect();
        let end = start.saturating_add(hits.len());
        Ok(SearchAnswer { hits, total: total as u64, facets, cursor: (end < total).then(|| format!("from-{end}")) })
    }

    async fn indexed(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, StoreError> {
        let documents = self.enter()?;
        let known = |id: &ProductId| {
            let document = documents.get(id)?;
            Some((id.clone(), Indexed { revision: document.revision, fingerprint: document.fingerprint() }))
        };
        Ok(products.iter().filter_map(known).collect())
    }

    async fn replace(&self, documents: &[ProductDocument]) -> Result<(), StoreError> {
        let mut held = self.enter()?;
        *held = documents.iter().map(|document| (document.product_id.clone(), document.clone())).collect();
        Ok(())
    }
}

/// Whether the searcher may find the document and it passes all filters.
fn passes(document: &ProductDocument, query: &SearchQuery) -> bool {
    let own = query.acting.as_ref() == Some(&document.domain);
    (own || document.visibility == Visibility::Company)
        && !document.deleted
        && query.domain.as_ref().is_none_or(|domain| *domain == document.domain)
        && query.sla_minutes.is_none_or(|minutes| document.ports.iter().any(|port| port.sla_minutes <= minutes))
        && query.classification.is_none_or(|classification| classification == document.classification)
        && query.format.is_none_or(|format| document.ports.iter().any(|port| port.format == format))
}

/// What is searched of a document: field path and text.
fn texts(document: &ProductDocument) -> Vec<(&'static str, &str)> {
    let mut texts = vec![
        ("name", document.name.as_str()),
        ("description", &document.description),
        ("owner_team", &document.owner_team),
    ];
    texts.extend(document.tags.iter().map(|tag| ("tags", tag.as_str())));
    for port in &document.ports {
        texts.extend([("ports.name", port.name.as_str()), ("ports.description", &port.description)]);
        for field in &port.fields {
            texts
                .extend([("ports.fields.name", field.name.as_str()), ("ports.fields.description", &field.description)]);
        }
    }
    texts
}

/// The document as a hit, if every word is found in it; its score is the number of texts that hold a word.
fn hit(document: &ProductDocument, words: &[String]) -> Option<Hit> {
    let mut highlights: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut score = 0.0;
    let texts = texts(document);
    for word in words {
        let mut found = false;
        for (path, text) in &texts {
            if let Some(fragment) = highlight(text, word) {
                found = true;
                score += 1.0;
                highlights.entry((*path).to_owned()).or_default().push(fragment);
            }
        }
        if !found {
            return None;
        }
    }
    let mut document = document.clone();
    document.ports.iter_mut().for_each(|port| port.fields.clear());
    Some(Hit { document, score, highlights })
}

fn highlight(text: &str, word: &str) -> Option<String> {
    // Lower-casing may move byte positions outside of ASCII; such a text is found, but shown without marks.
    let at = text.to_lowercase().find(word)?;
    let parts = (text.get(..at), text.get(at..at + word.len()), text.get(at + word.len()..));
    match parts {
        (Some(before), Some(found), Some(after)) => Some(format!("{before}<em>{found}</em>{after}")),
        _ => Some(text.to_owned()),
    }
}

fn facets(hits: &[Hit]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut facets: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut count = |facet: &str, value: &str| {
        *facets.entry(facet.to_owned()).or_default().entry(value.to_owned()).or_default() += 1;
    };
    for Hit { document, .. } in hits {
        count("domain", document.domain.as_str());
        count("classification", document.classification.as_str());
        let mut formats: Vec<&str> = document.ports.iter().map(|port| port.format.as_str()).collect();
        formats.sort_unstable_by_key(|format| Reverse(*format));
        formats.dedup();
        formats.into_iter().for_each(|format| count("format", format));
        count("compliance", document.compliance_bucket().as_str());
    }
    facets
}

#[cfg(test)]
mod tests {
    use mesh_manifest::{Classification, Format};

    use super::*;
    use crate::search_index::{FieldDocument, PortDocument};

    fn document(id: &str, revision: u64) -> ProductDocument {
        let product_id: ProductId = id.parse().unwrap();
        ProductDocument {
            domain: product_id.domain.clone(),
            name: product_id.name.to_string(),
            product_id,
            version: "1.0.0".into(),
            description: "Every departure from New York".into(),
            owner_team: "Flight Operations".into(),
            owner_contact: "ops@example.org".into(),
            classification: Classification::Internal,
            visibility: Visibility::Company,
            tags: vec![],
            status: "active".into(),
            sla_minutes: 60,
            ports: vec![PortDocument {
                address: format!("{id}/daily@1"),
                name: "daily".into(),
                description: String::new(),
                format: Format::Iceberg,
                sla_minutes: 60,
                fields: vec![FieldDocument { name: "tail_number".into(), description: "Registration".into() }],
            }],
            compliance: None,
            revision,
            deleted: false,
        }
    }

    #[tokio::test]
    async fn finds_words_of_fields_and_marks_them() {
        let index = FakeSearchIndex::default();
        index.put(&document("operations.flights", 1)).await.unwrap();
        let query = SearchQuery { text: "registration departure".into(), limit: 10, ..SearchQuery::default() };
        let answer = index.search(&query).await.unwrap();
        assert_eq!(answer.total, 1);
        assert_eq!(answer.hits[0].highlights["ports.fields.description"], ["<em>Registration</em>"]);
        assert_eq!(answer.facets["format"]["iceberg"], 1);
        let query = SearchQuery { sla_minutes: Some(59), limit: 10, ..SearchQuery::default() };
        assert_eq!(index.search(&query).await.unwrap().total, 0);
    }

    #[tokio::test]
    async fn an_older_revision_does_not_bring_back_a_retired_product() {
        let index = FakeSearchIndex::default();
        let retired = ProductDocument { deleted: true, ..document("operations.flights", 2) };
        index.put(&retired).await.unwrap();
        index.put(&document("operations.flights", 1)).await.unwrap();
        let query = SearchQuery { limit: 10, ..SearchQuery::default() };
        assert_eq!(index.search(&query).await.unwrap().total, 0);
        let indexed = index.indexed(std::slice::from_ref(&retired.product_id)).await.unwrap();
        assert_eq!(indexed[&retired.product_id].revision, 2);
    }

    #[tokio::test]
    async fn pages_hold_every_hit_once() {
        let index = FakeSearchIndex::default();
        for n in 0..8 {
            index.put(&document(&format!("operations.p{n}"), 1)).await.unwrap();
        }
        let mut query = SearchQuery { limit: 100, ..SearchQuery::default() };
        let mut found = Vec::new();
        loop {
            let answer = index.search(&query).await.unwrap();
            found.extend(answer.hits.into_iter().map(|hit| hit.document.name));
            match answer.cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(found, (0..8).map(|n| format!("p{n}")).collect::<Vec<_>>());
        query.cursor = Some("nonsense".into());
        assert!(matches!(index.search(&query).await, Err(SearchError::InvalidCursor)));
    }
}
