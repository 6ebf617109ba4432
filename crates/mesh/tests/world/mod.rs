//! A small mesh on the in-memory fakes: two domains with storage, policies published, a clock that the test sets.
#![allow(dead_code, reason = "each test binary uses its own part of the fixture")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use mesh_core::{
    access::Broker,
    audit::AuditEntry,
    clock::Clock,
    contract::{Contract, ContractStatus},
    contracts::{ContractInput, Contracts, Verb},
    domain::{Domain, DomainStore, Envelope, Member},
    fakes::{
        FakeClock, FakeCredentialVendor, FakeEventPublisher, FakeObjectStorage, FakeSealer, FakeSearchIndex, FakeStore,
        FakeTableCatalog, Faulty, Script,
    },
    governance::Governance,
    indexing::Indexer,
    judgement::Judge,
    object_storage::BucketProtection,
    plan::RegisterOptions,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Principal, Role},
    probing::Prober,
    product::{Product, ProductStore, Status},
    provisioning::Provisioner,
    registration::Registrar,
    table_catalog::{Commit, CommitError, TableFormat},
};
use mesh_manifest::{DomainName, Schema};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct World {
    pub clock: FakeClock,
    pub store: FakeStore,
    pub storage: FakeObjectStorage,
    pub catalog: FakeTableCatalog,
    pub vendor: FakeCredentialVendor,
    pub events: FakeEventPublisher,
    pub search: FakeSearchIndex,
    /// Compiles each revision of the policies once.
    judge: Judge,
    /// Goes before everything that a use case of this world calls.
    pub script: Script,
}

/// A world as it was at some time.
pub struct Saved {
    world: World,
    now: Timestamp,
}

pub fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub fn caller(domain: &str, name: &str, roles: &[Role]) -> Caller {
    Caller {
        principal: Principal::new("https://idp.example.org", name),
        domain: domain.parse().unwrap(),
        roles: roles.iter().cloned().collect(),
        membership_revision: 1,
    }
}

/// Owner and producer of `operations`.
pub fn operations() -> Caller {
    caller("operations", "olga", &[Role::Owner, Role::Producer])
}

/// Steward of `operations`.
pub fn steward() -> Caller {
    caller("operations", "stefan", &[Role::Steward])
}

/// Consumer in `insights`.
pub fn insights() -> Caller {
    caller("insights", "iris", &[Role::Owner, Role::Consumer, Role::Producer])
}

impl World {
    /// Two domains with storage, and the policies that the platform ships.
    pub async fn new() -> Self {
        let clock = FakeClock::at(start());
        let store = FakeStore::new(clock.clone());
        let world = Self {
            judge: Judge::new(Arc::new(store.clone())),
            store,
            storage: FakeObjectStorage::new(clock.clone()),
            catalog: FakeTableCatalog::default(),
            vendor: FakeCredentialVendor::new(clock.clone()),
            events: FakeEventPublisher::default(),
            search: FakeSearchIndex::default(),
            script: Script::default(),
            clock,
        };
        for caller in [operations(), insights()] {
            world.domain(&caller).await;
        }
        world.publish(PolicyScope::Global, mesh_policy::defaults::global().modules).await;
        world.publish(PolicyScope::Products, mesh_policy::defaults::product().modules).await;
        world
    }

    /// The same world, as a process sees it that `script` goes before.
    pub fn by(&self, script: &Script) -> Self {
        Self { script: script.clone(), ..self.clone() }
    }

    /// What this world is now, to come back to.
    pub fn saved(&self) -> Saved {
        let world = Self {
            store: self.store.saved(),
            storage: self.storage.saved(),
            catalog: self.catalog.saved(),
            search: self.search.saved(),
            events: self.events.saved(),
            ..self.clone()
        };
        Saved { world, now: self.clock.now() }
    }

    /// Goes back to what was saved.
    pub fn restore(&self, saved: &Saved) {
        self.store.restore(&saved.world.store);
        self.storage.restore(&saved.world.storage);
        self.catalog.restore(&saved.world.catalog);
        self.search.restore(&saved.world.search);
        self.events.restore(&saved.world.events);
        self.clock.set(saved.now);
    }

    pub fn faulty_store(&self) -> Arc<Faulty<FakeStore>> {
        Arc::new(self.script.on(self.store.clone()))
    }

    pub async fn domain(&self, owner: &Caller) {
        let id = owner.domain.clone();
        let envelope = envelope(&id);
        self.storage.protect(&envelope.bucket, BucketProtection { default_key: Some(envelope.key_arn.clone()) });
        let domain = Domain {
            description: format!("The domain {id}"),
            members: vec![Member { principal: owner.principal.clone(), roles: owner.roles.clone() }],
            external_id: format!("mesh-{id}"),
            envelope: Some(envelope),
            revision: 1,
            created_at: start(),
            updated_at: start(),
            id,
        };
        let audit = AuditEntry::new(start(), &domain.id, "domain.created", owner, json!({}));
        self.store.put_domain(None, &domain, &audit).await.unwrap();
    }

    pub async fn publish(&self, scope: PolicyScope, modules: BTreeMap<String, String>) {
        let revision = mesh_manifest::canonical::digest(&modules).chars().take(16).collect();
        let before = self.store.bundles(std::slice::from_ref(&scope)).await.unwrap().remove(0);
        let bundle = PolicyBundle { scope, modules, revision, published_by: "test".to_owned(), published_at: start() };
        let audit = AuditEntry::new(start(), "policy", "policy.published", &operations(), json!({}));
        let before = before.map(|before| before.revision);
        self.store.put_bundle(before.as_deref(), &bundle, &audit).await.unwrap();
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    pub fn registrar(&self) -> Registrar {
        let store = self.faulty_store();
        Registrar {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            schemas: store.clone(),
            idempotency: store.clone(),
            audit: store.clone(),
            minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
            judge: self.judge.over(store),
            clock: self.clock(),
        }
    }

    pub fn contracts(&self) -> Contracts {
        let store = self.faulty_store();
        Contracts {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            judge: self.judge.over(store),
            clock: self.clock(),
        }
    }

    pub fn governance(&self) -> Governance {
        let store = self.faulty_store();
        Governance {
            policies: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            audit: store.clone(),
            judge: self.judge.over(store),
            clock: self.clock(),
        }
    }

    pub fn broker(&self) -> Broker {
        let store = self.faulty_store();
        Broker {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            measurements: store.clone(),
            grants: store.clone(),
            audit: store.clone(),
            vendor: Arc::new(self.script.on(self.vendor.clone())),
            sealer: Arc::new(self.script.on(FakeSealer::default())),
            judge: self.judge.over(store),
            clock: self.clock(),
        }
    }

    pub fn provisioner(&self) -> Provisioner {
        let store = self.faulty_store();
        Provisioner {
            domains: store.clone(),
            products: store.clone(),
            contracts: store,
            events: Arc::new(self.script.on(self.events.clone())),
            catalog: Arc::new(self.script.on(self.catalog.clone())),
            format: Arc::new(PlainFormat),
            storage: Arc::new(self.script.on(self.storage.clone())),
            vendor: Arc::new(self.script.on(self.vendor.clone())),
            clock: self.clock(),
        }
    }

    pub fn indexer(&self) -> Indexer {
        let store = self.faulty_store();
        Indexer { products: store.clone(), measurements: store, search: Arc::new(self.script.on(self.search.clone())) }
    }

    pub fn prober(&self) -> Prober {
        let store = self.faulty_store();
        Prober {
            domains: store.clone(),
            products: store.clone(),
            measurements: store,
            catalog: Arc::new(self.script.on(self.catalog.clone())),
            storage: Arc::new(self.script.on(self.storage.clone())),
            vendor: Arc::new(self.script.on(self.vendor.clone())),
            events: Arc::new(self.script.on(self.events.clone())),
            clock: self.clock(),
        }
    }

    /// Registers a manifest for `caller` and converges its envelope.
    pub async fn active(&self, caller: &Caller, manifest: &str) -> Product {
        let registered = self.registrar().register(caller, manifest, RegisterOptions::default()).await.unwrap();
        self.provisioner().converge(&registered.product.id).await.unwrap();
        let product = self.store.product(&registered.product.id).await.unwrap().unwrap();
        assert_eq!(product.status, Status::Active, "{:?}", product.status_detail);
        product
    }

    /// An active contract of `insights` on `operations.flights/daily@1`, using `fields`.
    pub async fn contract(&self, fields: &[&str]) -> Contract {
        let contracts = self.contracts();
        let requested = contracts.request(&insights(), contract_input(fields)).await.unwrap();
        let mut contract = contracts.decide(&operations(), &requested.id, Verb::Approve, None).await.unwrap();
        if contract.status == ContractStatus::Pending {
            contract = contracts.decide(&steward(), &requested.id, Verb::Approve, None).await.unwrap();
        }
        assert_eq!(contract.status, ContractStatus::Active);
        contract
    }
}

pub fn contract_input(fields: &[&str]) -> ContractInput {
    ContractInput {
        port: "operations.flights/daily@1".parse().unwrap(),
        purpose: "analytics".to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        agreed_freshness: None,
        contact: "insights@example.org".to_owned(),
        expires_at: None,
    }
}

pub fn envelope(domain: &DomainName) -> Envelope {
    let role = |name: &str| format!("arn:aws:iam::000000000000:role/mesh-{domain}-{name}");
    Envelope {
        bucket: format!("mesh-{domain}"),
        key_arn: format!("arn:aws:kms:eu-west-1:000000000000:key/{domain}"),
        glue_database: format!("mesh_{domain}"),
        reader_role_arn: role("reader"),
        producer_role_arn: role("producer"),
        observer_role_arn: role("observer"),
        alert_topic_arn: format!("arn:aws:sns:eu-west-1:000000000000:mesh-{domain}-alerts"),
    }
}

/// `operations.flights` with one Iceberg port that promises an hour.
pub const FLIGHTS: &str = r"apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: 1.0.0
description: Every departure from the New York airports.
owner: { team: Flight Operations, contact: flight-ops@example.org }
classification: internal
retention: 730d
access: { visibility: company, purposes: [operations, analytics] }
outputPorts:
  - name: daily
    version: 1.0.0
    format: iceberg
    sla: { freshness: 60m }
    schema:
      fields:
        - { name: flight, type: int, required: true, description: Flight number }
        - { name: tail_number, type: string, description: Registration of the aircraft }
        - { name: carrier, type: string, description: Airline }
";

/// The manifest of a product called `name` with another major of its port beside the first.
pub fn two_majors(name: &str) -> String {
    let (head, port) = FLIGHTS.split_once("  - name: daily").unwrap();
    let port = format!("  - name: daily{port}");
    let next = port
        .replace("version: 1.0.0", "version: 2.0.0")
        .replace("name: flight, type: int", "name: flight, type: string");
    format!("{head}{port}{next}").replace("name: flights", &format!("name: {name}")).replacen(
        "version: 1.0.0",
        "version: 1.1.0",
        1,
    )
}

/// Table metadata that says no more than which fields there are.
#[derive(Debug)]
pub struct PlainFormat;

impl TableFormat for PlainFormat {
    fn create(&self, location: &str, schema: &Schema, _: Timestamp) -> Result<Vec<u8>, CommitError> {
        Ok(serde_json::to_vec(&json!({ "location": location, "schema": schema, "snapshots": [] })).unwrap())
    }

    fn evolve(&self, metadata: &[u8], schema: &Schema, _: Timestamp) -> Result<Option<Vec<u8>>, CommitError> {
        let mut metadata: Value = serde_json::from_slice(metadata).unwrap();
        let wanted = serde_json::to_value(schema).unwrap();
        if metadata["schema"] == wanted {
            return Ok(None);
        }
        metadata["schema"] = wanted;
        Ok(Some(serde_json::to_vec(&metadata).unwrap()))
    }

    fn adopt(&self, metadata: &[u8], _: &str, schema: &Schema, now: Timestamp) -> Result<Option<Vec<u8>>, CommitError> {
        self.evolve(metadata, schema, now)
    }

    fn describe(&self, metadata: &[u8]) -> Result<Schema, CommitError> {
        let metadata: Value = serde_json::from_slice(metadata).unwrap();
        Ok(serde_json::from_value(metadata["schema"].clone()).unwrap())
    }

    /// Each table has snapshot 1.
    fn pinned(&self, metadata: &[u8], snapshot: i64) -> Result<Option<Vec<u8>>, CommitError> {
        Ok((snapshot == 1).then(|| metadata.to_vec()))
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Vec<u8>, CommitError> {
        Ok(commit.metadata.to_vec())
    }
}

/// The codes of a refusal.
pub fn codes(violations: &[mesh_core::error::Violation]) -> BTreeSet<&str> {
    violations.iter().map(|violation| violation.code.as_str()).collect()
}
