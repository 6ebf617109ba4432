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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fakes::FakeSearchIndex,
        principal::{Principal, Role},
        search_index::ProductDocument,
    };

    fn caller(domain: &str) -> Caller {
        Caller {
            principal: Principal::new("https://idp.example.org", "iris"),
            domain: domain.parse().unwrap(),
            roles: [Role::Consumer].into(),
            membership_revision: 1,
        }
    }

    fn document(id: &str, visibility: mesh_manifest::Visibility) -> ProductDocument {
        let product_id: mesh_manifest::ProductId = id.parse().unwrap();
        ProductDocument {
            domain: product_id.domain.clone(),
            name: product_id.name.to_string(),
            product_id,
            version: "1.0.0".to_owned(),
            description: "Wages by month.".to_owned(),
            owner_team: "Payroll".to_owned(),
            owner_contact: "payroll@example.org".to_owned(),
            classification: Classification::Internal,
            visibility,
            tags: Vec::new(),
            status: "active".to_owned(),
            sla_minutes: 60,
            ports: Vec::new(),
            compliance: None,
            revision: 1,
            deleted: false,
        }
    }

    async fn violations(input: SearchInput) -> Vec<(String, String)> {
        let marketplace = Marketplace { search: Arc::new(FakeSearchIndex::default()) };
        match marketplace.search(&caller("insights"), input).await {
            Err(UseCaseError::Invalid(violations)) => violations.into_iter().map(|v| (v.code, v.pointer)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_said_at_once() {
        let input = SearchInput {
            q: Some("é".repeat(501)),
            domain: Some("Fleet!".to_owned()),
            sla_minutes: Some(0),
            classification: Some("secret".to_owned()),
            format: Some("ICEBERG".to_owned()),
            cursor: None,
            limit: Some(101),
        };
        let mut pointers: Vec<_> = violations(input).await.into_iter().map(|(_, pointer)| pointer).collect();
        pointers.sort();
        let expected = ["classification", "domain", "format", "limit", "q", "sla_minutes"];
        assert_eq!(pointers, expected.map(|name| format!("/query/{name}")));
    }

    #[tokio::test]
    async fn the_bounds_themselves_are_allowed() {
        let marketplace = Marketplace { search: Arc::new(FakeSearchIndex::default()) };
        for (q, sla_minutes, limit) in [("é".repeat(500), 1, 1), (String::new(), u64::MAX, 100)] {
            let input = SearchInput {
                q: Some(q),
                sla_minutes: Some(sla_minutes),
                limit: Some(limit),
                format: Some("csv".to_owned()),
                classification: Some("restricted".to_owned()),
                ..SearchInput::default()
            };
            assert_eq!(marketplace.search(&caller("insights"), input).await.unwrap().total, 0);
        }
    }

    #[tokio::test]
    async fn a_cursor_from_elsewhere_is_the_askers_mistake() {
        let input = SearchInput { cursor: Some("from elsewhere".to_owned()), ..SearchInput::default() };
        assert_eq!(violations(input).await, [("request.invalid_cursor".to_owned(), "/query/cursor".to_owned())]);
    }

    #[tokio::test]
    async fn who_asks_decides_what_is_found() {
        use mesh_manifest::Visibility::{Company, Domain, Hidden};
        let search = FakeSearchIndex::default();
        for (id, visibility) in [("finance.wages", Domain), ("finance.secret", Hidden), ("finance.report", Company)] {
            search.put(&document(id, visibility)).await.unwrap();
        }
        let marketplace = Marketplace { search: Arc::new(search) };
        let found = async |domain: &str| {
            let input = SearchInput { q: Some("wages".to_owned()), ..SearchInput::default() };
            let answer = marketplace.search(&caller(domain), input).await.unwrap();
            answer.hits.into_iter().map(|hit| hit.document.name).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(found("insights").await, ["report".to_owned()].into());
        assert_eq!(found("finance").await, ["report".to_owned(), "secret".to_owned(), "wages".to_owned()].into());
    }
}
