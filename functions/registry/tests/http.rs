//! The registry over HTTP: real tokens, in-memory stores.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode},
};
use fn_registry::{Deps, router};
use http_body_util::BodyExt;
use mesh_api::routes::{self, Function};
use mesh_core::{
    audit::AuditEntry,
    domain::{Domain, DomainStore, Envelope, Member},
    fakes::{FakeClock, FakeStore},
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Principal, Role},
};
use mesh_http::testing::{ISSUER, TestIssuer};
use serde_json::{Value, json};
use tower::ServiceExt;

const FLIGHTS: &str = include_str!("flights.yaml");

struct Registry {
    issuer: TestIssuer,
    router: Router,
}

impl Registry {
    /// `olga` owns operations; `iris` owns insights and is a consumer in weather; `pia` is the platform's owner.
    async fn new() -> Self {
        let clock = FakeClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let store = FakeStore::new(clock.clone());
        for (domain, members) in [
            ("platform", vec![("pia", Role::Owner)]),
            ("operations", vec![("olga", Role::Owner)]),
            ("insights", vec![("iris", Role::Owner)]),
            ("weather", vec![("iris", Role::Consumer), ("wim", Role::Owner)]),
        ] {
            put_domain(&store, domain, &members).await;
        }
        publish(&store, PolicyScope::Global, mesh_policy::defaults::global().modules).await;
        publish(&store, PolicyScope::Products, mesh_policy::defaults::product().modules).await;
        let (issuer, store) = (TestIssuer::new(), Arc::new(store));
        let deps = Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            schemas: store.clone(),
            policies: store.clone(),
            measurements: store.clone(),
            idempotency: store.clone(),
            audit: store,
            minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
            clock: Arc::new(clock),
            verifier: issuer.verifier(),
        };
        Self { router: router(deps), issuer }
    }

    async fn send(
        &self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.issuer.token(who)));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()).await
    }
}

async fn answer(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{status}");
        assert_eq!(body["status"], status.as_u16());
        assert!(body["code"].is_string() && body["request_id"].is_string(), "{body}");
    }
    (status, body)
}

async fn put_domain(store: &FakeStore, id: &str, members: &[(&str, Role)]) {
    let role = |name: &str| format!("arn:aws:iam::000000000000:role/mesh-{id}-{name}");
    let members: Vec<_> = members
        .iter()
        .map(|(name, role)| Member { principal: Principal::new(ISSUER, name), roles: [role.clone()].into() })
        .collect();
    let caller = Caller {
        principal: Principal::new(ISSUER, "pia"),
        domain: "platform".parse().unwrap(),
        roles: [Role::Owner].into(),
        membership_revision: 1,
    };
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let domain = Domain {
        id: id.parse().unwrap(),
        description: id.to_owned(),
        members,
        external_id: format!("mesh-{id}"),
        envelope: Some(Envelope {
            bucket: format!("mesh-{id}"),
            key_arn: format!("arn:aws:kms:eu-west-1:000000000000:key/{id}"),
            glue_database: format!("mesh_{id}"),
            reader_role_arn: role("reader"),
            producer_role_arn: role("producer"),
            observer_role_arn: role("observer"),
            alert_topic_arn: format!("arn:aws:sns:eu-west-1:000000000000:{id}"),
        }),
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    store.put_domain(None, &domain, &AuditEntry::new(now, id, "domain.created", &caller, json!({}))).await.unwrap();
}

async fn publish(store: &FakeStore, scope: PolicyScope, modules: BTreeMap<String, String>) {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let bundle = PolicyBundle {
        revision: "test".to_owned(),
        published_by: "test".to_owned(),
        published_at: now,
        modules,
        scope,
    };
    let caller = Caller {
        principal: Principal::new(ISSUER, "pia"),
        domain: "platform".parse().unwrap(),
        roles: [Role::Owner].into(),
        membership_revision: 1,
    };
    store
        .put_bundle(None, &bundle, &AuditEntry::new(now, "policy", "policy.published", &caller, json!({})))
        .await
        .unwrap();
}

#[tokio::test]
async fn every_route_but_the_description_refuses_a_request_without_token() {
    let registry = Registry::new().await;
    let (status, document) = registry.send("", "GET", "/openapi.json", &[], "").await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));
    for route in routes::of(Function::Registry).filter(|route| route.token) {
        let path = route.path.replace(['{', '}'], "");
        let (status, problem) = registry.send("", route.method, &path, &[], "{}").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{} {path}: {problem}", route.method);
    }
}

#[tokio::test]
async fn a_manifest_is_planned_registered_and_read_back() {
    let registry = Registry::new().await;
    let (status, plan) = registry.send("olga", "POST", "/products?dry_run=true", &[], FLIGHTS).await;
    assert_eq!((status, &plan["accepted"]), (StatusCode::OK, &json!(true)), "{plan}");
    let (status, _) = registry.send("olga", "GET", "/products/operations.flights", &[], "").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a plan writes nothing");
    let (status, product) = registry.send("olga", "POST", "/products", &[], FLIGHTS).await;
    assert_eq!((status, &product["status"]), (StatusCode::ACCEPTED, &json!("provisioning")), "{product}");
    let (status, again) = registry.send("olga", "POST", "/products", &[], FLIGHTS).await;
    assert_eq!((status, &again["revision"]), (StatusCode::OK, &json!(1)), "equal content is a no-op");
    let (status, read) =
        registry.send("iris", "GET", "/products/operations.flights", &[("mesh-domain", "insights")], "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(read["ports"][0]["id"], "operations.flights/daily@1");
    let schema = read["ports"][0]["schema_id"].as_str().unwrap();
    let (status, schema) = registry.send("olga", "GET", &format!("/schemas/{schema}"), &[], "").await;
    assert_eq!((status, &schema["subject"]), (StatusCode::OK, &json!("operations.flights/daily")));
    // A port goes by its name, or as its address ends.
    for (port, found) in [
        ("daily", true),
        ("daily@1", true),
        ("daily@1?version=1", true),
        ("daily@2", false),
        ("daily@1?version=2", false),
    ] {
        let (name, query) =
            port.split_once('?').map_or((port, String::new()), |(name, query)| (name, format!("?{query}")));
        let path = format!("/products/operations.flights/ports/{name}/sla{query}");
        let (status, sla) = registry.send("olga", "GET", &path, &[], "").await;
        let expected = if found { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(status, expected, "{port}: {sla}");
    }
    let next =
        FLIGHTS.replace("\nversion: 1.0.0", "\nversion: 1.0.1").replacen("description: ", "description: Now ", 1);
    let (status, answer) = registry.send("olga", "POST", "/products", &[], &next).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let (_, history) = registry.send("olga", "GET", "/products/operations.flights/history", &[], "").await;
    assert_eq!(
        (&history["items"][0]["status"], &history["items"][1]["status"]),
        (&json!("provisioning"), &json!("superseded"))
    );
}

#[tokio::test]
async fn a_malformed_manifest_is_told_line_and_column() {
    let registry = Registry::new().await;
    let broken = FLIGHTS.replace("retention: 730d", "retension: 730d");
    let (status, problem) = registry.send("olga", "POST", "/products", &[], &broken).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let errors = problem["errors"].as_array().unwrap();
    let unknown = errors.iter().find(|error| error["pointer"] == "/retension").unwrap();
    assert_eq!(unknown["line"], 9, "{unknown}");
    assert!(unknown.to_string().contains("retention"), "the nearest name is suggested: {unknown}");
}

#[tokio::test]
async fn a_principal_of_several_domains_says_for_which_it_acts() {
    let registry = Registry::new().await;
    let (status, problem) = registry.send("iris", "GET", "/products", &[], "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("identity.ambiguous_domain")));
    let (status, _) = registry.send("iris", "GET", "/products", &[("mesh-domain", "insights")], "").await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = registry.send("iris", "GET", "/products", &[("mesh-domain", "operations")], "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("identity.not_a_member")));
    let (status, problem) = registry.send("nobody", "GET", "/products", &[], "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("identity.no_membership")));
}

#[tokio::test]
async fn what_is_unknown_or_not_yours_is_told_so() {
    let registry = Registry::new().await;
    for path in [
        "/products/operations.nothing",
        "/products/..",
        "/products/operations.flights/ports/none/sla",
        "/contracts/x",
        "/schemas/sch_0",
    ] {
        let (status, problem) = registry.send("olga", "GET", path, &[], "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {problem}");
    }
    let (status, problem) =
        registry.send("olga", "POST", "/domains", &[], r#"{"id":"new","description":"x","members":[]}"#).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("domain.platform_only")));
    let (status, problem) = registry.send("wim", "POST", "/products", &[], FLIGHTS).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("product.not_a_producer")));
    let (status, _) = registry.send("olga", "GET", "/nowhere", &[], "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = registry.send("olga", "PUT", "/products", &[], "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, problem) = registry.send("olga", "GET", "/products?colour=red", &[], "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("request.invalid_query")));
}

#[tokio::test]
async fn domains_are_created_bound_and_deleted_by_the_platform() {
    let registry = Registry::new().await;
    let member = json!([{ "principal": format!("{ISSUER}|fay"), "roles": ["owner"] }]);
    let body = json!({ "id": "fleet", "description": "Aircraft", "members": member }).to_string();
    let (status, domain) = registry.send("pia", "POST", "/domains", &[], &body).await;
    assert_eq!(status, StatusCode::CREATED, "{domain}");
    assert!(!domain["external_id"].as_str().unwrap().is_empty());
    let (status, problem) = registry.send("pia", "POST", "/domains", &[], &body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("domain.exists")));
    let (_, envelope) = registry.send("pia", "GET", "/domains/operations/envelope", &[], "").await;
    let (status, problem) = registry.send("pia", "PUT", "/domains/fleet/envelope", &[], &envelope.to_string()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("domain.envelope_conflict")),
        "storage belongs to one domain"
    );
    let (_, seen) = registry.send("olga", "GET", "/domains/fleet", &[], "").await;
    assert!(seen.get("external_id").is_none() && seen["members"] == json!([]), "others see no members: {seen}");
    let (status, _) = registry.send("pia", "DELETE", "/domains/fleet", &[], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let registry = Registry::new().await;
    let key = [("idempotency-key", "one")];
    let (status, _) = registry.send("olga", "POST", "/products", &key, FLIGHTS).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, problem) = registry.send("olga", "POST", "/products", &key, &format!("{FLIGHTS}# more\n")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency.other_body")));
}

#[tokio::test]
async fn a_body_of_another_type_is_not_looked_at() {
    let registry = Registry::new().await;
    for kind in ["application/x-www-form-urlencoded", "text/plain; charset=utf-8", ""] {
        let (status, problem) = registry.send("olga", "POST", "/products", &[("content-type", kind)], FLIGHTS).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        let remedy = problem["remedy"].as_str().unwrap();
        assert!(remedy.starts_with("send it as `Content-Type: application/yaml` or `application/json` or"), "{remedy}");
        let (status, _) = registry.send("olga", "POST", "/contracts", &[("content-type", kind)], "{}").await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let declared = [("content-type", "Application/YAML; charset=utf-8")];
    let (status, body) = registry.send("olga", "POST", "/products?dry_run=true", &declared, FLIGHTS).await;
    assert_eq!((status, &body["accepted"]), (StatusCode::OK, &json!(true)), "{body}");
}

#[tokio::test]
async fn a_plan_refuses_the_headers_that_registering_refuses() {
    let registry = Registry::new().await;
    let long = "k".repeat(256);
    for (header, code) in [
        (("idempotency-key", long.as_str()), "idempotency.invalid_key"),
        (("prefer", "wait=soon"), "request.invalid_prefer"),
    ] {
        let (status, problem) = registry.send("olga", "POST", "/products?dry_run=true", &[header], FLIGHTS).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)));
    }
}

#[tokio::test]
async fn a_domain_that_is_no_text_is_not_taken_for_none() {
    let registry = Registry::new().await;
    let mut request =
        Request::get("/domains").header("authorization", format!("Bearer {}", registry.issuer.token("olga")));
    request = request.header("mesh-domain", HeaderValue::from_bytes(b"\xff").unwrap());
    let (status, problem) =
        answer(registry.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("request.invalid_domain")));
}

#[tokio::test]
async fn a_schema_is_asked_for_by_its_id_only() {
    let registry = Registry::new().await;
    for id in ["x", "sch_0123456789abcdef0123456", "sch_0123456789ABCDEF01234567", &"s".repeat(3000)] {
        let (status, problem) = registry.send("olga", "GET", &format!("/schemas/{id}"), &[], "").await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::NOT_FOUND, Some("schema.not_found")), "{id}");
    }
}
