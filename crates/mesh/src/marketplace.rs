//! The marketplace: searches, bounded and checked before they reach the index.

use std::sync::Arc;

use mesh_manifest::{Classification, DomainName, Format};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as ValueError};

use crate::{
    error::{UseCaseError, Violation},
    principal::Caller,
    search_index::{SearchAnswer, SearchError, SearchIndex, SearchQuery},
};

/// The longest text that is searched for, in characters.
pub const MAX_TEXT: usize = 500;
/// Hits a page, where nothing else is asked for.
pub const DEFAULT_LIMIT: usize = 20;
/// Hits a page at most.
pub const MAX_LIMIT: usize = 100;

/// Finds products.
#[derive(Debug, Clone)]
pub struct Marketplace {
    pub search: Arc<dyn SearchIndex>,
}

/// A search as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchInput {
    pub q: Option<String>,
    pub domain: Option<String>,
    pub sla_minutes: Option<u64>,
    pub classification: Option<String>,
    pub format: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

impl Marketplace {
    /// Answers a search with what `caller` may know of.
    pub async fn search(&self, caller: &Caller, input: SearchInput) -> Result<SearchAnswer, UseCaseError> {
        let query = checked(caller, input)?;
        self.search.search(&query).await.map_err(|error| match error {
            SearchError::InvalidCursor => UseCaseError::invalid(
                "request.invalid_cursor",
                "/query/cursor",
                "the cursor is not one that this search gave out",
            ),
            SearchError::Store(error) => error.into(),
        })
    }
}

fn checked(caller: &Caller, input: SearchInput) -> Result<SearchQuery, UseCaseError> {
    let mut violations = Vec::new();
    let text = input.q.unwrap_or_default();
    let length = text.chars().count();
    if length > MAX_TEXT {
        let detail = format!("the search text has {length} characters, more than {MAX_TEXT}");
        violations
            .push(Violation::new("search.text_too_long", "/query/q", detail).with_remedy("search for a few words"));
    }
    let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        violations.push(Violation::new(
            "request.invalid_limit",
            "/query/limit",
            format!("{limit} hits a page are not 1 to {MAX_LIMIT}"),
        ));
    }
    if input.sla_minutes == Some(0) {
        violations.push(Violation::new(
            "search.invalid_sla",
            "/query/sla_minutes",
            "a freshness has at least one minute",
        ));
    }
    let domain: Option<DomainName> = parsed(input.domain, "domain", "the name of a domain", &mut violations);
    let classification: Option<Classification> = parsed(
        input.classification,
        "classification",
        "one of public, internal, confidential, restricted",
        &mut violations,
    );
    let format: Option<Format> =
        parsed(input.format, "format", "one of iceberg, parquet, csv, json, sql, http, kafka", &mut violations);
    if !violations.is_empty() {
        return Err(UseCaseError::Invalid(violations));
    }
    Ok(SearchQuery {
        text,
        domain,
        sla_minutes: input.sla_minutes,
        classification,
        format,
        acting: Some(caller.domain.clone()),
        cursor: input.cursor,
        limit,
    })
}

/// A filter's text as its type, which is the one that manifests use.
fn parsed<T: DeserializeOwned>(
    text: Option<String>,
    name: &str,
    expected: &str,
    violations: &mut Vec<Violation>,
) -> Option<T> {
    let text = text?;
    let shown: String = text.chars().take(80).collect();
    let value: Result<T, ValueError> = T::deserialize(text.into_deserializer());
    match value {
        Ok(value) => Some(value),
        Err(_) => {
            let detail = format!("`{shown}` is not {expected}");
            violations.push(Violation::new("search.invalid_filter", format!("/query/{name}"), detail));
            None
        }
    }
}
