//! Turns a checked search into the body of a request: bounded, without any operator that a searcher could type.

use std::collections::BTreeSet;

use mesh_core::{
    product::Status,
    search_index::{SearchError, SearchQuery},
};
use mesh_manifest::Visibility;
use serde_json::{Map, Value, json};

use crate::{
    cursor,
    mapping::{
        CLASSIFICATION, DELETED, DOMAIN, EXACT, FACETS, FORMAT, MAX_WORDS, PORT_FIELDS, PRODUCT_ID_EXACT, SEARCHED,
        SLA_MINUTES, STATUS, VISIBILITY,
    },
};

/// Longest text that is searched for, in characters; the rest is not looked at.
pub const MAX_TEXT: usize = 500;
/// Most products on a page.
pub const MAX_LIMIT: usize = 100;

/// How many products one page of `query` holds.
pub fn limit(query: &SearchQuery) -> usize {
    query.limit.clamp(1, MAX_LIMIT)
}

/// The request's body for `query`. It asks for one product more than the page holds: where there is one, another page follows.
pub fn body(query: &SearchQuery) -> Result<Value, SearchError> {
    let text = bounded(&query.text);
    let mut body = json!({
        "size": limit(query) + 1,
        "timeout": "1500ms",
        "track_total_hits": true,
        "query": { "bool": { "must": [matching(&text)], "should": exact(&text), "filter": filters(query) } },
        "sort": [{ "_score": "desc" }, { PRODUCT_ID_EXACT: "asc" }],
        "_source": { "excludes": [PORT_FIELDS] },
        "aggs": facets(),
    });
    if let Some(body) = body.as_object_mut() {
        if !text.is_empty() {
            body.insert("highlight".to_owned(), highlight());
        }
        if let Some(cursor) = &query.cursor {
            body.insert("search_after".to_owned(), cursor::open(query, cursor)?);
        }
    }
    Ok(body)
}

/// The words of `text`, each once, within the bounds.
fn bounded(text: &str) -> String {
    let text: String = text.chars().take(MAX_TEXT).collect();
    let mut seen = BTreeSet::new();
    text.split_whitespace()
        .filter(|word| seen.insert(word.to_lowercase()))
        .take(MAX_WORDS)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every word counts, wherever in the document it stands; of three words and more, some may be missing.
fn matching(text: &str) -> Value {
    if text.is_empty() {
        return json!({ "match_all": {} });
    }
    let fields: Vec<String> = SEARCHED.iter().map(|(field, weight)| format!("{field}^{weight}")).collect();
    json!({ "multi_match": {
        "query": text,
        "type": "cross_fields",
        "fields": fields,
        "minimum_should_match": "2<-1 5<70%",
    }})
}

fn exact(text: &str) -> Vec<Value> {
    let clauses = EXACT.iter().map(|field| json!({ "term": { *field: { "value": text, "boost": 10 } } }));
    if text.is_empty() { Vec::new() } else { clauses.collect() }
}

fn filters(query: &SearchQuery) -> Vec<Value> {
    let term = |field: &str, value: &str| json!({ "term": { field: value } });
    let findable = [Status::Provisioning, Status::Active, Status::Failed].map(Status::as_str);
    let company = term(VISIBILITY, Visibility::Company.as_str());
    let visible = match &query.acting {
        // What a domain owns it may see, hidden or not.
        Some(own) => json!({ "bool": { "should": [company, term(DOMAIN, own.as_str())], "minimum_should_match": 1 } }),
        None => company,
    };
    let mut filters = vec![visible, json!({ "term": { DELETED: false } }), json!({ "terms": { STATUS: findable } })];
    filters.extend(query.domain.as_ref().map(|domain| term(DOMAIN, domain.as_str())));
    // The engine's numbers end sooner than ours, and a larger one would be an error instead of no bound.
    let longest = |minutes: u64| minutes.min(i64::MAX.unsigned_abs());
    filters.extend(query.sla_minutes.map(|minutes| json!({ "range": { SLA_MINUTES: { "lte": longest(minutes) } } })));
    filters.extend(query.classification.map(|classification| term(CLASSIFICATION, classification.as_str())));
    filters.extend(query.format.map(|format| term(FORMAT, format.as_str())));
    filters
}

fn facets() -> Map<String, Value> {
    FACETS
        .iter()
        .map(|(name, field, size)| ((*name).to_owned(), json!({ "terms": { "field": field, "size": size } })))
        .collect()
}

fn highlight() -> Value {
    let fields: Map<String, Value> = SEARCHED.iter().map(|(field, _)| ((*field).to_owned(), json!({}))).collect();
    json!({
        // Descriptions are anybody's text and end up on web pages.
        "encoder": "html",
        "pre_tags": ["<em>"],
        "post_tags": ["</em>"],
        "number_of_fragments": 3,
        "fragment_size": 150,
        "fields": fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> SearchQuery {
        SearchQuery { text: text.to_owned(), limit: 20, ..Default::default() }
    }

    #[test]
    fn a_search_weighs_names_before_text_and_filters_by_what_may_be_known() {
        let query = SearchQuery {
            domain: Some("fleet".parse().unwrap()),
            sla_minutes: Some(60),
            classification: Some(mesh_manifest::Classification::Internal),
            format: Some(mesh_manifest::Format::Iceberg),
            acting: Some("insights".parse().unwrap()),
            ..query("tail number")
        };
        let body = body(&query).unwrap();
        assert_eq!(
            body["query"]["bool"]["must"][0]["multi_match"]["fields"],
            json!([
                "name^4",
                "product_id^4",
                "tags^3",
                "description^2",
                "owner_team^1",
                "ports.name^1",
                "ports.description^1",
                "ports.fields.name^1",
                "ports.fields.description^1"
            ])
        );
        assert_eq!(
            body["query"]["bool"]["filter"],
            json!([
                { "bool": {
                    "should": [{ "term": { "visibility": "company" } }, { "term": { "domain": "insights" } }],
                    "minimum_should_match": 1
                } },
                { "term": { "deleted": false } },
                { "terms": { "status": ["provisioning", "active", "failed"] } },
                { "term": { "domain": "fleet" } },
                { "range": { "sla_minutes": { "lte": 60 } } },
                { "term": { "classification": "internal" } },
                { "term": { "ports.format": "iceberg" } }
            ])
        );
        assert_eq!(body["size"], 21, "one more than the page, to know whether another follows");
    }

    #[test]
    fn nobodys_search_sees_what_everyone_may_see() {
        let body = body(&query("")).unwrap();
        assert_eq!(body["query"]["bool"]["filter"][0], json!({ "term": { "visibility": "company" } }));
        assert_eq!(body["query"]["bool"]["must"], json!([{ "match_all": {} }]));
        assert_eq!(body.get("highlight"), None);
    }

    #[test]
    fn no_query_language_is_spoken() {
        for text in ["a OR b", "name:x", "*", "\"a b\"~3"] {
            let body = body(&query(text)).unwrap().to_string();
            for operator in ["query_string", "wildcard", "regexp", "fuzzy", "prefix", "script"] {
                assert!(!body.contains(&format!("\"{operator}\":")), "{operator} in {body}");
            }
        }
    }

    #[test]
    fn text_is_bounded() {
        assert_eq!(bounded("  Flights \t flights\n FLIGHTS daily "), "Flights daily");
        assert_eq!(bounded(&"é".repeat(600)).chars().count(), MAX_TEXT);
        let many: String = (0..100).map(|n| format!("w{n} ")).collect();
        assert_eq!(bounded(&many).split(' ').count(), MAX_WORDS);
    }

    #[test]
    fn every_field_that_is_asked_for_is_mapped() {
        let mapping = crate::mapping::definition();
        let asked =
            SEARCHED.iter().map(|(field, _)| *field).chain(EXACT).chain(FACETS.iter().map(|(_, field, _)| *field));
        let others = [STATUS, DELETED, SLA_MINUTES, VISIBILITY, PORT_FIELDS, PRODUCT_ID_EXACT];
        for field in asked.chain(others).chain([crate::mapping::REVISION, crate::mapping::FINGERPRINT]) {
            let mut at = &mapping["mappings"];
            for part in field.split('.') {
                at = at["properties"].get(part).or_else(|| at["fields"].get(part)).unwrap_or(&Value::Null);
            }
            assert!(at.is_object(), "`{field}` is not mapped");
        }
    }
}
