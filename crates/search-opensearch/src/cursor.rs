//! Where the next page of a search starts, as an opaque text that holds for that search only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mesh_core::search_index::{SearchError, SearchQuery};
use mesh_manifest::ProductId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest cursor that is looked at, in bytes; those given out are shorter.
const MAX_LENGTH: usize = 512;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    /// Stands for the search that this is a place in.
    query: String,
    score: f64,
    product: ProductId,
}

/// The cursor behind a hit of `query` with these sort values: its score and product id.
pub fn seal(query: &SearchQuery, sort: &[Value]) -> Option<String> {
    let [score, product] = sort else { return None };
    let position =
        Position { query: identity(query), score: score.as_f64()?, product: product.as_str()?.parse().ok()? };
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&position).ok()?))
}

/// The sort values that `cursor` holds, if it was given out for `query`.
pub fn open(query: &SearchQuery, cursor: &str) -> Result<Value, SearchError> {
    let position = (cursor.len() <= MAX_LENGTH)
        .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Position>(&bytes).ok())
        .filter(|position| position.query == identity(query) && position.score.is_finite())
        .ok_or(SearchError::InvalidCursor)?;
    Ok(json!([position.score, position.product]))
}

/// Sixteen hexadecimal digits that differ between searches, whatever their page.
fn identity(query: &SearchQuery) -> String {
    let SearchQuery { text, domain, sla_minutes, classification, format, acting, cursor: _, limit: _ } = query;
    let digest = mesh_manifest::canonical::digest(&(text, domain, sla_minutes, classification, format, acting));
    digest.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_the_hit_it_was_made_from() {
        let query = SearchQuery { text: "flights".to_owned(), limit: 10, ..Default::default() };
        let sort = [json!(7.256_314_3), json!("operations.flights")];
        let cursor = seal(&query, &sort).expect("a hit has a score and an id");
        assert_eq!(open(&query, &cursor).unwrap(), json!(sort));
        let longer = SearchQuery { limit: 50, cursor: Some(cursor.clone()), ..query.clone() };
        assert_eq!(open(&longer, &cursor).unwrap(), json!(sort), "the same search, at whatever page");
        let other = SearchQuery { text: "flight".to_owned(), ..query };
        assert!(matches!(open(&other, &cursor), Err(SearchError::InvalidCursor)));
    }

    #[test]
    fn what_was_never_given_out_is_refused() {
        let query = SearchQuery::default();
        let mine = identity(&query);
        let encoded = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let forged = [
            String::new(),
            "AAAA".to_owned(),
            "not base64!".to_owned(),
            "A".repeat(1_000_000),
            encoded(json!([])),
            encoded(json!({ "query": mine, "score": 1.0 })),
            encoded(json!({ "query": mine, "score": "1.0", "product": "a.b" })),
            encoded(json!({ "query": mine, "score": 1.0, "product": "A.B" })),
            encoded(json!({ "query": mine, "score": 1.0, "product": { "script": "x" } })),
            encoded(json!({ "query": mine, "score": 1.0, "product": "a.b", "more": 1 })),
            encoded(json!({ "query": "0000000000000000", "score": 1.0, "product": "a.b" })),
        ];
        for cursor in forged {
            let opened = open(&query, &cursor);
            assert!(
                matches!(opened, Err(SearchError::InvalidCursor)),
                "{}: {opened:?}",
                cursor.chars().take(60).collect::<String>()
            );
        }
        assert!(open(&query, &encoded(json!({ "query": mine, "score": 1.0, "product": "a.b" }))).is_ok());
    }
}
