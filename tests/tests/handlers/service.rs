//! All routes on one world of fakes, behind real tokens.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use mesh_api::routes::Function;
use mesh_core::{fakes::FakeSealer, indexing::Indexer, policies::PolicyScope, principal::Role};
use mesh_http::testing::TestIssuer;
use serde_json::Value;
use tower::ServiceExt;

use crate::world::{FLIGHTS, PlainFormat, World, caller, contract_input, insights, operations, two_majors};

/// The functions that serve HTTP, on one world.
pub struct Service {
    pub world: World,
    issuer: TestIssuer,
    routers: Vec<(Function, Router)>,
    /// The id of a pending contract.
    pub pending: String,
    /// The id of an active one.
    pub active: String,
    /// One on a port that has a newer major beside it.
    pub leaving: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

/// A request as somebody sends it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub who: &'static str,
    pub domain: &'static str,
    pub method: &'static str,
    pub path: String,
    pub body: String,
    /// Whether the answer waits for the envelope.
    pub waits: bool,
}

impl Service {
    /// `olga` owns operations with a table and a port of files, `iris` owns insights with contracts on both, `pia` the platform.
    pub async fn new() -> Self {
        let world = World::new().await;
        world.domain(&caller("platform", "pia", &[Role::Owner])).await;
        world.domain(&caller("empty", "emma", &[Role::Owner])).await;
        world.publish(PolicyScope::Domain("operations".parse().unwrap()), Default::default()).await;
        world.active(&operations(), FLIGHTS).await;
        let files = FLIGHTS.replace("name: flights", "name: delays").replace("format: iceberg", "format: csv");
        world.active(&operations(), &files).await;
        world.active(&operations(), &FLIGHTS.replace("name: flights", "name: unused")).await;
        world.storage.put("mesh-operations", "delays/daily/v1/data/one.csv", "rows");
        let contracts = world.contracts();
        let active = world.contract(&[]).await.id.to_string();
        let mut other = contract_input(&[]);
        other.port = "operations.delays/daily@1".parse().unwrap();
        let approved = contracts.request(&insights(), other.clone()).await.unwrap();
        contracts.decide(&operations(), &approved.id, mesh_core::contracts::Verb::Approve, None).await.unwrap();
        other.purpose = "operations".to_owned();
        let pending = contracts.request(&insights(), other).await.unwrap().id.to_string();
        world.active(&operations(), &two_majors("leaving")).await;
        let mut old = contract_input(&[]);
        old.port = "operations.leaving/daily@1".parse().unwrap();
        let old = contracts.request(&insights(), old).await.unwrap();
        contracts.decide(&operations(), &old.id, mesh_core::contracts::Verb::Approve, None).await.unwrap();
        contracts.pin(&insights(), &old.id, &old.port, 5).await.unwrap();
        let leaving = old.id.to_string();
        world.prober().run().await.unwrap();
        let indexer: Indexer = world.indexer();
        indexer.sweep().await.unwrap();
        let issuer = TestIssuer::new();
        let routers = routers(&world, &issuer);
        Self { world, issuer, routers, pending, active, leaving }
    }

    pub async fn send(&self, function: Function, sent: &Sent) -> Answer {
        let (_, router) = self.routers.iter().find(|(served, _)| *served == function).unwrap();
        let mut request = Request::builder()
            .method(sent.method)
            .uri(&sent.path)
            .header("authorization", format!("Bearer {}", self.issuer.token(sent.who)))
            .header("mesh-domain", sent.domain)
            .header("idempotency-key", "one");
        if sent.waits {
            request = request.header("prefer", "wait=20");
        }
        let request = request.body(Body::from(sent.body.clone())).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

fn routers(world: &World, issuer: &TestIssuer) -> Vec<(Function, Router)> {
    let store = world.faulty_store();
    let clock = world.clock();
    let verifier = issuer.verifier();
    let storage = Arc::new(world.script.on(world.storage.clone()));
    let vendor = Arc::new(world.script.on(world.vendor.clone()));
    let sealer = Arc::new(world.script.on(FakeSealer::default()));
    let registry = fn_registry::router(fn_registry::Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        schemas: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        idempotency: store.clone(),
        audit: store.clone(),
        minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
        clock: clock.clone(),
        verifier: verifier.clone(),
    });
    let governance = fn_governance::router(fn_governance::Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        policies: store.clone(),
        audit: store.clone(),
        clock: clock.clone(),
        verifier: verifier.clone(),
    });
    let broker = fn_broker::router(fn_broker::Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        grants: store.clone(),
        audit: store.clone(),
        vendor: vendor.clone(),
        sealer: sealer.clone(),
        storage: storage.clone(),
        clock: clock.clone(),
        verifier: verifier.clone(),
        endpoints: fn_broker::Endpoints {
            api_url: "https://mesh.example.org".to_owned(),
            token_url: "https://idp.example.org/token".to_owned(),
            scope: "mesh/api".to_owned(),
            region: "eu-west-1".to_owned(),
            s3_endpoint: None,
        },
    });
    let iceberg = fn_iceberg::router(fn_iceberg::Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        grants: store.clone(),
        audit: store.clone(),
        vendor,
        sealer,
        storage,
        catalog: Arc::new(world.script.on(world.catalog.clone())),
        format: Arc::new(PlainFormat),
        clock,
        verifier: verifier.clone(),
        region: "eu-west-1".to_owned(),
        s3_endpoint: None,
    });
    let search = Arc::new(world.script.on(world.search.clone()));
    let marketplace = fn_marketplace::router(fn_marketplace::Deps { domains: store, search, verifier });
    vec![
        (Function::Registry, registry),
        (Function::Governance, governance),
        (Function::Broker, broker),
        (Function::Iceberg, iceberg),
        (Function::Marketplace, marketplace),
    ]
}
