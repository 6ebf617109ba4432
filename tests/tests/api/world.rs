//! A small mesh behind the functions' real routers: three domains with every role, products of every visibility, contracts.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use jiff::Timestamp;
use mesh_api::{
    Problem, codes,
    problem::PROBLEM_JSON,
    routes::{Function, Route},
};
use mesh_core::{
    audit::AuditEntry,
    contract::{Contract, ContractStore},
    contracts::{ContractInput, Contracts, Verb},
    domain::{Domain, DomainStore, Envelope, Member},
    fakes::{
        FakeClock, FakeCredentialVendor, FakeEventPublisher, FakeObjectStorage, FakeSealer, FakeSearchIndex, FakeStore,
        FakeTableCatalog,
    },
    indexing::Indexer,
    judgement::Judge,
    object_storage::BucketProtection,
    plan::RegisterOptions,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Principal, Role},
    product::ProductStore,
    provisioning::Provisioner,
    registration::Registrar,
};
use mesh_http::testing::{ISSUER, SCOPE, TestIssuer};
use mesh_storage_iceberg::IcebergFormat;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The roles of which every domain has one member, called `<domain>-<role>`.
pub const ROLES: [&str; 5] = ["owner", "steward", "producer", "consumer", "approver"];
/// What the role of the approvers is called.
pub const APPROVER: &str = "data-protection";
pub const DOMAINS: [&str; 4] = ["platform", "operations", "insights", "weather"];
/// Owns `operations` and belongs to `insights`.
pub const BOTH: &str = "dora";

pub struct World {
    pub issuer: TestIssuer,
    pub clock: FakeClock,
    pub store: FakeStore,
    pub storage: FakeObjectStorage,
    pub catalog: FakeTableCatalog,
    pub vendor: FakeCredentialVendor,
    pub search: FakeSearchIndex,
    routers: BTreeMap<&'static str, Router>,
    judge: Judge,
}

pub fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn role(name: &str) -> Role {
    if name == "approver" { APPROVER } else { name }.parse().unwrap()
}

/// The member of `domain` with the role `role`, as the use cases see it.
pub fn caller(domain: &str, name: &str) -> Caller {
    Caller {
        principal: Principal::new(ISSUER, &format!("{domain}-{name}")),
        domain: domain.parse().unwrap(),
        roles: [role(name)].into(),
        membership_revision: 1,
    }
}

/// A manifest with one Iceberg port `daily`.
pub fn manifest(domain: &str, name: &str, visibility: &str, classification: &str) -> String {
    format!(
        r"apiVersion: mesh/v1
kind: DataProduct
domain: {domain}
name: {name}
version: 1.0.0
description: A product of {domain}.
owner: {{ team: The team of {domain}, contact: {domain}@example.org }}
classification: {classification}
retention: 700d
access: {{ visibility: {visibility}, purposes: [operations, analytics] }}
outputPorts:
  - name: daily
    version: 1.0.0
    format: iceberg
    sla: {{ freshness: 60m }}
    schema:
      fields:
        - {{ name: flight, type: int, required: true, description: Flight number }}
        - {{ name: tail_number, type: string, description: Registration of the aircraft }}
"
    )
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The problem, which must be one that the reference explains for this status.
    pub fn problem(&self) -> Problem {
        assert!(self.status.is_client_error() || self.status.is_server_error(), "{self:?}");
        let problem: Problem = serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no problem: {self:?}"));
        let kind = self.headers["content-type"].to_str().unwrap();
        assert!(kind == PROBLEM_JSON || self.json().get("error").is_some(), "{kind}");
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.kind, format!("{}{}", codes::TYPE_PREFIX, problem.code));
        let entry = codes::find(&problem.code).unwrap_or_else(|| panic!("`{}` is not explained", problem.code));
        assert!(entry.is_problem(problem.status), "`{}` is not explained for {}", problem.code, problem.status);
        for error in &problem.errors {
            assert!(codes::find(&error.code).is_some(), "`{}` is not explained", error.code);
        }
        assert!(problem.request_id.is_some() && !problem.instance.is_empty(), "{problem:?}");
        problem
    }
}

/// A request that is still to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub who: String,
    pub function: Function,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Call {
    /// A request of `who` by `route`, at `path`.
    pub fn new(who: &str, route: &Route, path: &str) -> Self {
        Self {
            who: who.to_owned(),
            function: route.function,
            method: route.method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }
}

impl World {
    /// Domains with storage and members, the shipped policies, and no product.
    pub async fn bare() -> Self {
        let clock = FakeClock::at(start());
        let store = FakeStore::new(clock.clone());
        let judge = Judge::new(Arc::new(store.clone()));
        let mut world = Self {
            issuer: TestIssuer::new(),
            storage: FakeObjectStorage::new(clock.clone()),
            catalog: FakeTableCatalog::default(),
            vendor: FakeCredentialVendor::new(clock.clone()),
            search: FakeSearchIndex::default(),
            routers: BTreeMap::new(),
            store,
            clock,
            judge,
        };
        for domain in DOMAINS {
            let mut members: Vec<(String, Role)> =
                ROLES.iter().map(|name| (format!("{domain}-{name}"), role(name))).collect();
            if domain == "operations" || domain == "insights" {
                members.push((BOTH.to_owned(), Role::Owner));
            }
            world.domain(domain, &members).await;
        }
        // A domain without products, to be deleted.
        world.domain("spare", &[("spare-owner".to_owned(), Role::Owner)]).await;
        world.publish(PolicyScope::Global, mesh_policy::defaults::global().modules).await;
        world.publish(PolicyScope::Products, mesh_policy::defaults::product().modules).await;
        world.publish(PolicyScope::Domain("operations".parse().unwrap()), BTreeMap::new()).await;
        world.routers = world.routers();
        world
    }

    /// The same with products of `operations`, active and indexed:
    /// - `flights`, for the company, on which `insights` has a live contract for `analytics`;
    /// - `open`, public; `plain`, for the company, without contracts;
    /// - `team`, for its domain only, and `secret`, hidden.
    pub async fn new() -> Self {
        let world = Self::bare().await;
        for (name, visibility, classification) in [
            ("flights", "company", "internal"),
            ("open", "company", "public"),
            ("plain", "company", "internal"),
            ("team", "domain", "internal"),
            ("secret", "hidden", "internal"),
        ] {
            world.active(&manifest("operations", name, visibility, classification)).await;
        }
        world.written("flights", 1).await;
        let contract = world.requested("insights", "operations.flights/daily@1", "analytics").await;
        let contracts = world.contracts();
        contracts.decide(&caller("operations", "owner"), &contract.id, Verb::Approve, None).await.unwrap();
        world
    }

    async fn domain(&self, id: &str, members: &[(String, Role)]) {
        let arn = |name: &str| format!("arn:aws:iam::000000000000:role/mesh-{id}-{name}");
        let envelope = Envelope {
            bucket: format!("mesh-{id}"),
            key_arn: format!("arn:aws:kms:eu-west-1:000000000000:key/{id}"),
            glue_database: format!("mesh_{id}"),
            reader_role_arn: arn("reader"),
            producer_role_arn: arn("producer"),
            observer_role_arn: arn("observer"),
            alert_topic_arn: format!("arn:aws:sns:eu-west-1:000000000000:mesh-{id}"),
        };
        self.storage.protect(&envelope.bucket, BucketProtection { default_key: Some(envelope.key_arn.clone()) });
        let member = |(name, role): &(String, Role)| Member {
            principal: Principal::new(ISSUER, name),
            roles: [role.clone()].into(),
        };
        let domain = Domain {
            id: id.parse().unwrap(),
            description: format!("The domain {id}"),
            members: members.iter().map(member).collect(),
            external_id: format!("mesh-{id}"),
            envelope: Some(envelope),
            revision: 1,
            created_at: start(),
            updated_at: start(),
        };
        self.store.put_domain(None, &domain, &audit("domain.created")).await.unwrap();
    }

    async fn publish(&self, scope: PolicyScope, modules: BTreeMap<String, String>) {
        let revision = mesh_manifest::canonical::digest(&modules).chars().take(16).collect();
        let bundle = PolicyBundle { scope, modules, revision, published_by: "test".to_owned(), published_at: start() };
        self.store.put_bundle(None, &bundle, &audit("policy.published")).await.unwrap();
    }

    /// Registers a manifest for its domain's owner, converges its envelope and indexes it.
    pub async fn active(&self, manifest: &str) {
        let store = Arc::new(self.store.clone());
        let registrar = Registrar {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            schemas: store.clone(),
            idempotency: store.clone(),
            audit: store.clone(),
            minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
            judge: self.judge.clone(),
            clock: Arc::new(self.clock.clone()),
        };
        let domain = mesh_manifest::parse(manifest).unwrap().manifest.domain;
        let owner = caller(domain.as_str(), "owner");
        let registered = registrar.register(&owner, manifest, RegisterOptions::default()).await.unwrap();
        self.provisioner().converge(&registered.product.id).await.unwrap();
        self.indexer().index(&registered.product.id).await.unwrap();
        let product = self.store.product(&registered.product.id).await.unwrap().unwrap();
        assert_eq!(product.status.as_str(), "active", "{:?}", product.status_detail);
    }

    pub fn provisioner(&self) -> Provisioner {
        let store = Arc::new(self.store.clone());
        Provisioner {
            domains: store.clone(),
            products: store.clone(),
            contracts: store,
            events: Arc::new(FakeEventPublisher::default()),
            catalog: Arc::new(self.catalog.clone()),
            format: Arc::new(IcebergFormat),
            storage: Arc::new(self.storage.clone()),
            vendor: Arc::new(self.vendor.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub fn indexer(&self) -> Indexer {
        let store = Arc::new(self.store.clone());
        Indexer { products: store.clone(), measurements: store, search: Arc::new(self.search.clone()) }
    }

    pub fn contracts(&self) -> Contracts {
        let store = Arc::new(self.store.clone());
        Contracts {
            domains: store.clone(),
            products: store.clone(),
            contracts: store,
            judge: self.judge.clone(),
            clock: Arc::new(self.clock.clone()),
        }
    }

    /// A pending contract of `consumer` on `port`.
    pub async fn requested(&self, consumer: &str, port: &str, purpose: &str) -> Contract {
        let input = ContractInput {
            port: port.parse().unwrap(),
            purpose: purpose.to_owned(),
            fields: Vec::new(),
            agreed_freshness: None,
            contact: format!("{consumer}@example.org"),
            expires_at: None,
        };
        self.contracts().request(&caller(consumer, "consumer"), input).await.unwrap()
    }

    /// The only contract of `consumer` on `product`.
    pub async fn contract(&self, consumer: &str, product: &str) -> Contract {
        let contracts = self.store.of_product(&product.parse().unwrap()).await.unwrap();
        contracts.into_iter().find(|contract| contract.consumer_domain.as_str() == consumer).unwrap()
    }

    fn routers(&self) -> BTreeMap<&'static str, Router> {
        let store = Arc::new(self.store.clone());
        let verifier = self.issuer.verifier();
        let clock = Arc::new(self.clock.clone());
        let (vendor, sealer) = (Arc::new(self.vendor.clone()), Arc::new(FakeSealer::default()));
        let storage = Arc::new(self.storage.clone());
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
                token_url: format!("{ISSUER}/token"),
                scope: SCOPE.to_owned(),
                region: "eu-west-1".to_owned(),
                s3_endpoint: None,
            },
        });
        let marketplace = fn_marketplace::router(fn_marketplace::Deps {
            domains: store.clone(),
            search: Arc::new(self.search.clone()),
            verifier: verifier.clone(),
        });
        let iceberg = fn_iceberg::router(fn_iceberg::Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            policies: store.clone(),
            measurements: store.clone(),
            grants: store.clone(),
            audit: store,
            vendor,
            sealer,
            storage,
            catalog: Arc::new(self.catalog.clone()),
            format: Arc::new(IcebergFormat),
            clock,
            verifier,
            region: "eu-west-1".to_owned(),
            s3_endpoint: None,
        });
        [
            (Function::Registry, registry),
            (Function::Governance, governance),
            (Function::Broker, broker),
            (Function::Marketplace, marketplace),
            (Function::Iceberg, iceberg),
        ]
        .into_iter()
        .map(|(function, router)| (function.as_str(), router))
        .collect()
    }

    /// The router of one function.
    pub fn router(&self, function: Function) -> Router {
        self.routers[function.as_str()].clone()
    }

    /// Sends a request; one of nobody carries no token, and one that has a token of its own keeps it.
    pub async fn send(&self, call: &Call) -> Answer {
        let mut request = Request::builder().method(call.method.as_str()).uri(&call.path);
        let own_token = call.headers.iter().any(|(name, _)| name == "authorization");
        if !call.who.is_empty() && !own_token {
            request = request.header("authorization", format!("Bearer {}", self.issuer.token(&call.who)));
        }
        for (name, value) in &call.headers {
            request = request.header(name, value.as_slice());
        }
        let request = request.body(Body::from(call.body.clone())).unwrap();
        let response = self.router(call.function).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Sends a request that must be refused, with nothing written. Returns why it was.
    pub async fn refused(&self, call: &Call) -> Problem {
        let before = self.content();
        let answer = self.send(call).await;
        assert!(
            answer.status.is_client_error(),
            "{} {} is answered {}: {}",
            call.method,
            call.path,
            answer.status,
            answer.json()
        );
        assert_eq!(self.content(), before, "{} {} was refused and wrote", call.method, call.path);
        answer.problem()
    }

    /// All that is stored, but the audit log, in which refusals stand as well.
    pub fn content(&self) -> String {
        format!("{}\n{:?}\n{:?}\n{:?}", self.store.content(), self.storage, self.catalog, self.search)
    }
}

fn audit(action: &str) -> AuditEntry {
    AuditEntry::new(start(), "test", action, &caller("platform", "owner"), json!({}))
}

/// The code of a problem with the places of its errors.
pub fn places(problem: &Problem) -> Vec<(&str, &str)> {
    problem.errors.iter().map(|error| (error.code.as_str(), error.pointer.as_str())).collect()
}
