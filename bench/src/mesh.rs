//! A small mesh in the store: a domain with an owner, published policies, and manifests for it.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, ensure};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use jiff::Timestamp;
use mesh_core::{
    audit::AuditEntry,
    domain::{Domain, DomainStore, Envelope, Member},
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Principal, Role},
};
use mesh_http::testing::{ISSUER, TestIssuer};
use mesh_manifest::DomainName;
use mesh_store_dynamodb::DynamoStore;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Who does everything.
pub const SUBJECT: &str = "olga";

/// The caller who owns `domain`.
pub fn owner(domain: &DomainName) -> Caller {
    Caller {
        principal: Principal::new(ISSUER, SUBJECT),
        domain: domain.clone(),
        roles: [Role::Owner].into(),
        membership_revision: 1,
    }
}

/// A domain with storage, owned by [`SUBJECT`].
pub fn domain(name: &str, members: bool) -> Result<Domain> {
    let id: DomainName = name.parse()?;
    let role = |role: &str| format!("arn:aws:iam::000000000000:role/mesh-{name}-{role}");
    let member = Member { principal: Principal::new(ISSUER, SUBJECT), roles: [Role::Owner].into() };
    Ok(Domain {
        id,
        description: format!("The {name} team."),
        members: if members { vec![member] } else { Vec::new() },
        external_id: format!("external-{name}"),
        envelope: Some(Envelope {
            bucket: format!("mesh-{name}-000000000000"),
            key_arn: format!("arn:aws:kms:us-east-1:000000000000:key/{name}"),
            glue_database: format!("mesh_{}", name.replace('-', "_")),
            reader_role_arn: role("reader"),
            producer_role_arn: role("producer"),
            observer_role_arn: role("observer"),
            alert_topic_arn: format!("arn:aws:sns:us-east-1:000000000000:mesh-{name}-alerts"),
        }),
        revision: 1,
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    })
}

/// Founds `name` and publishes the policies that the project ships.
pub async fn found(store: &DynamoStore, name: &str) -> Result<()> {
    let domain = domain(name, true)?;
    let caller = owner(&domain.id);
    let entry = |resource: &str, action: &str| AuditEntry::new(Timestamp::now(), resource, action, &caller, json!({}));
    store.put_domain(None, &domain, &entry(name, "domain.created")).await?;
    publish(store, PolicyScope::Global, mesh_policy::defaults::global().modules, &entry("global", "published")).await?;
    let offers = mesh_policy::defaults::product().modules;
    publish(store, PolicyScope::Products, offers, &entry("products", "published")).await
}

async fn publish(
    store: &DynamoStore,
    scope: PolicyScope,
    modules: BTreeMap<String, String>,
    entry: &AuditEntry,
) -> Result<()> {
    let bundle = PolicyBundle {
        scope,
        revision: mesh_manifest::canonical::digest(&modules).chars().take(16).collect(),
        modules,
        published_by: SUBJECT.to_owned(),
        published_at: Timestamp::now(),
    };
    Ok(store.put_bundle(None, &bundle, entry).await?)
}

/// The manifest of the example's flights as another product's, with its two ports.
pub fn manifest(domain: &str, name: &str) -> String {
    const FLIGHTS: &str = include_str!("../../examples/nycflights/manifests/operations/flights/dataproduct.yaml");
    FLIGHTS
        .replace("domain: operations", &format!("domain: {domain}"))
        .replace("name: flights", &format!("name: {name}"))
}

/// A function's router, asked as [`SUBJECT`].
#[derive(Debug, Clone)]
pub struct Asked {
    router: Router,
    authorization: String,
}

impl Asked {
    /// `router`, which trusts `issuer`.
    pub fn new(router: Router, issuer: &TestIssuer) -> Self {
        Self::with_token(router, &issuer.token(SUBJECT))
    }

    /// `router`, asked with a token of any issuer that it trusts.
    pub fn with_token(router: Router, token: &str) -> Self {
        Self { router, authorization: format!("Bearer {token}") }
    }

    /// A request.
    pub fn request(&self, method: &str, path: &str, body: impl Into<Body>) -> Result<Request<Body>> {
        let request = Request::builder().method(method).uri(path);
        Ok(request.header(header::AUTHORIZATION, &self.authorization).body(body.into())?)
    }

    /// The whole answer to a request, which has to be `expected`.
    pub async fn answer(&self, request: Request<Body>, expected: StatusCode) -> Result<Vec<u8>> {
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status == expected, "answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(body.to_vec())
    }

    /// The same, read.
    pub async fn json(&self, request: Request<Body>, expected: StatusCode) -> Result<Value> {
        Ok(serde_json::from_slice(&self.answer(request, expected).await?)?)
    }
}

/// The registry's router on `store`.
pub fn registry(store: &DynamoStore, issuer: &TestIssuer) -> Asked {
    let store = Arc::new(store.clone());
    let deps = fn_registry::Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        schemas: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        idempotency: store.clone(),
        audit: store,
        minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
        clock: Arc::new(mesh_runtime::WallClock),
        verifier: issuer.verifier(),
    };
    Asked::new(fn_registry::router(deps), issuer)
}
