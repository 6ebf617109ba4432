//! `GET /marketplace/search` as a client sees it, on the in-memory store and index.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use fn_marketplace::{Deps, router};
use http_body_util::BodyExt;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet},
};
use mesh_core::{
    domain::DomainStore,
    fakes::{FakeSearchIndex, FakeStore},
    search_index::{FieldDocument, PortDocument, ProductDocument, SearchIndex},
    store_suite::samples,
};
use mesh_http::{
    issuer::{Issuer, KeySource},
    token::Verifier,
};
use mesh_manifest::{Classification, Format, ProductId, Visibility};
use serde_json::{Value, json};
use tower::ServiceExt;

const ISSUER: &str = "https://idp.example.org";

/// The issuer's one key.
#[derive(Debug)]
struct Keys(JwkSet);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self, _: &str) -> Result<JwkSet, String> {
        Ok(self.0.clone())
    }
}

struct World {
    search: FakeSearchIndex,
    router: axum::Router,
    key: EncodingKey,
}

impl World {
    /// `alice` owns `insights`, `bob` owns `finance`; three products, of which `finance` keeps one to itself.
    async fn new() -> Self {
        let pair = rcgen::KeyPair::generate().expect("a P-256 key");
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("its public half");
        jwk.common.key_id = Some("one".to_owned());
        let issuer =
            Issuer { issuer: ISSUER.to_owned(), jwks_uri: format!("{ISSUER}/keys"), scope: "mesh/api".to_owned() };
        let (store, search) = (FakeStore::default(), FakeSearchIndex::default());
        for (name, owner) in [("insights", "alice"), ("finance", "bob")] {
            let audit = samples::audit(name, "domain.created", samples::at(0));
            store.put_domain(None, &samples::domain(name, &[owner]), &audit).await.expect("stored");
        }
        for (id, visibility) in [
            ("operations.flights", Visibility::Company),
            ("finance.invoices", Visibility::Company),
            ("finance.wages", Visibility::Domain),
        ] {
            search.put(&document(id, visibility)).await.expect("stored");
        }
        let router = router(Deps {
            domains: Arc::new(store),
            search: Arc::new(search.clone()),
            verifier: Verifier::new(vec![issuer], Arc::new(Keys(JwkSet { keys: vec![jwk] }))),
        });
        Self { search, router, key }
    }

    fn token(&self, subject: &str) -> String {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
        let claims = json!({ "iss": ISSUER, "sub": subject, "exp": 4_102_444_800_u64, "scope": "mesh/api", "token_use": "access" });
        jsonwebtoken::encode(&header, &claims, &self.key).expect("signed")
    }

    async fn get(&self, path: &str, subject: Option<&str>) -> (StatusCode, String, Value) {
        let mut request = Request::get(path);
        if let Some(subject) = subject {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token(subject)));
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, kind, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn found(&self, query: &str, subject: &str) -> Value {
        let (status, _, body) = self.get(&format!("/marketplace/search{query}"), Some(subject)).await;
        assert_eq!(status, StatusCode::OK, "{query}: {body}");
        body
    }

    async fn refused(&self, query: &str) -> Value {
        let (status, kind, body) = self.get(&format!("/marketplace/search{query}"), Some("alice")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::BAD_REQUEST, "application/problem+json"), "{query}: {body}");
        body
    }
}

fn document(id: &str, visibility: Visibility) -> ProductDocument {
    let product_id: ProductId = id.parse().expect("a product id");
    ProductDocument {
        domain: product_id.domain.clone(),
        name: product_id.name.to_string(),
        version: "1.0.0".to_owned(),
        description: "Amounts by month.".to_owned(),
        owner_team: "Accounts".to_owned(),
        owner_contact: "accounts@example.org".to_owned(),
        classification: Classification::Internal,
        visibility,
        tags: Vec::new(),
        status: "active".to_owned(),
        sla_minutes: 60,
        ports: vec![PortDocument {
            address: format!("{product_id}/daily@1"),
            name: "daily".to_owned(),
            description: String::new(),
            format: Format::Parquet,
            sla_minutes: 60,
            fields: vec![FieldDocument { name: "iban".to_owned(), description: "Number of the account".to_owned() }],
        }],
        compliance: Some(99.95),
        revision: 1,
        deleted: false,
        product_id,
    }
}

#[tokio::test]
async fn a_search_answers_with_products_facets_and_highlights() {
    let world = World::new().await;
    let answer = world.found("?q=account&sla_minutes=60&format=parquet", "alice").await;
    assert_eq!(answer["total"], 2);
    let first = &answer["items"][0];
    assert_eq!((&first["product"], &first["domain"]), (&json!("finance.invoices"), &json!("finance")));
    assert_eq!(first["ports"], json!([{ "id": "finance.invoices/daily@1", "format": "parquet", "sla_minutes": 60 }]));
    assert_eq!(first["highlights"]["ports.fields.description"], json!(["Number of the <em>account</em>"]));
    assert_eq!(answer["facets"]["domain"], json!({ "finance": 1, "operations": 1 }));
    assert_eq!(answer["facets"]["compliance"], json!({ ">=99.9": 2 }));
}

#[tokio::test]
async fn filters_and_pages_come_from_the_query() {
    let world = World::new().await;
    assert_eq!(world.found("?domain=operations", "alice").await["items"][0]["product"], "operations.flights");
    assert_eq!(world.found("?sla_minutes=59", "alice").await["total"], 0);
    assert_eq!(world.found("?classification=public", "alice").await["total"], 0);
    let first = world.found("?limit=1", "alice").await;
    let cursor = first["cursor"].as_str().expect("another page follows");
    let second = world.found(&format!("?limit=1&cursor={cursor}"), "alice").await;
    assert_eq!(first["items"][0]["product"], "finance.invoices");
    assert_eq!(second["items"][0]["product"], "operations.flights");
    assert_eq!(second["cursor"], Value::Null);
}

#[tokio::test]
async fn the_domain_that_is_acted_for_decides_what_is_found() {
    let world = World::new().await;
    assert_eq!(world.found("?q=amounts", "alice").await["total"], 2);
    assert_eq!(world.found("?q=amounts", "bob").await["total"], 3);
}

#[tokio::test]
async fn nobody_searches_without_a_token_and_a_domain() {
    let world = World::new().await;
    let (status, kind, _) = world.get("/marketplace/search?q=amounts", None).await;
    assert_eq!((status, kind.as_str()), (StatusCode::UNAUTHORIZED, "application/problem+json"));
    let (status, _, problem) = world.get("/marketplace/search?q=amounts", Some("mallory")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("identity.no_membership")));
}

#[tokio::test]
async fn what_is_wrong_with_a_search_is_said() {
    let world = World::new().await;
    let long = format!("?q={}", "a".repeat(501));
    for (query, code) in [
        (long.as_str(), "search.text_too_long"),
        ("?limit=101", "request.invalid_limit"),
        ("?limit=0", "request.invalid_limit"),
        ("?sla_minutes=0", "search.invalid_sla"),
        ("?domain=Not%20One", "search.invalid_filter"),
        ("?format=xls", "search.invalid_filter"),
        ("?cursor=nonsense", "request.invalid_cursor"),
        ("?limit=many", "request.invalid_query"),
        ("?sla_minutes=-1", "request.invalid_query"),
        ("?colour=blue", "request.invalid_query"),
        ("?q=a&q=b", "request.invalid_query"),
    ] {
        let problem = world.refused(query).await;
        assert_eq!(problem["errors"][0]["code"], code, "{query}: {problem}");
    }
}

#[tokio::test]
async fn an_index_that_is_down_is_not_an_empty_one() {
    let world = World::new().await;
    world.search.fail_next(1);
    let (status, kind, problem) = world.get("/marketplace/search", Some("alice")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "application/problem+json"), "{problem}");
}
