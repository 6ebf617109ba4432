//! Items that earlier and later versions of the platform wrote.
//!
//! `golden/vN` holds an item of every kind as a version wrote it. A version that writes another form gets a new folder; the
//! old ones stay, since what is stored is never rewritten as a whole. `MESH_WRITE_GOLDEN=vN` makes the folder `vN` anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod cloud;

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use mesh_core::{
    audit::{AuditEntry, AuditLog},
    contract::{Agreed, Contract, ContractStore},
    credentials::{Grant, GrantStore},
    deprecation::{Acknowledgement, Deprecation, GonePort, Notice, NoticeKind},
    domain::{Domain, DomainStore},
    events::Event,
    idempotency::{IdempotencyStore, Remembered},
    measurement::{MeasurementStore, PortState},
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    product::{Port, Product, ProductStore, Registration, Status},
    schema_registry::{RegisteredSchema, SchemaStore},
    store_suite::samples::{self, at},
};
use mesh_store_dynamodb::{DynamoStore, tables::TABLES};
use serde_json::{Value, json};

/// The newest form, which this code writes.
const NEWEST: &str = "v2";
const PRODUCT: &str = "operations.flights";
const PORT: &str = "operations.flights/daily@1";
const ID: &str = "01jd3v5x5x5x5x5x5x5x5x5x5x";

/// One of everything that is kept.
struct Everything {
    domain: Domain,
    registration: Registration,
    contract: Contract,
    bundle: PolicyBundle,
    state: PortState,
    grant: Grant,
    remembered: Remembered,
}

fn audit(resource: &str, action: &str) -> AuditEntry {
    AuditEntry { id: ID.to_owned(), ..samples::audit(resource, action, at(0)) }
}

impl Everything {
    /// As `version` could say it: what came later is not set.
    fn of(version: &str) -> Self {
        match version {
            "v1" => Self::first(),
            _ => Self::first().with_ends_and_pins(),
        }
    }

    /// With what is kept of ports that are left, and of contracts beside: since `v2`.
    fn with_ends_and_pins(mut self) -> Self {
        let announced = Deprecation {
            sunset: "2030-01-31".parse().unwrap(),
            announced_at: at(0),
            successor: Some("operations.flights/daily@2".parse().unwrap()),
        };
        let product = &mut self.registration.product;
        product.gone = vec![GonePort {
            port: "operations.flights/hourly@1".parse().unwrap(),
            removed_at: at(0),
            successor: None,
            deprecation: Some(announced.clone()),
        }];
        product.notices = vec![Notice {
            kind: NoticeKind::Deprecated,
            port: PORT.parse().unwrap(),
            revision: product.revision,
            sunset: Some(announced.sunset),
            successor: announced.successor.clone(),
        }];
        self.registration.ports[0].deprecation = Some(announced.clone());
        self.contract.agreed = Agreed {
            availability: Some("99.5%".parse().unwrap()),
            completeness: Some("98%".parse().unwrap()),
            latency: Some("200ms".parse().unwrap()),
            retention: Some("365d".parse().unwrap()),
        };
        self.contract.acknowledged =
            Some(Acknowledgement { at: at(60), by: samples::principal("bob"), sunset: announced.sunset });
        self.contract.pinned_snapshot = Some(i64::MAX);
        self
    }

    fn first() -> Self {
        let event = Event::new("event-1".to_owned(), "mesh.sla.breached", PORT, at(0), json!({ "minutes": 61 }));
        let remembered = samples::remembered("key-1", "2100-01-01T00:00:00Z".parse().unwrap());
        let first = samples::first_registration(PRODUCT);
        Self {
            domain: Domain {
                envelope: Some(samples::envelope("operations")),
                ..samples::domain("operations", &["alice"])
            },
            registration: Registration {
                inputs: vec!["weather.hourly/observations@1".parse().unwrap()],
                audit: audit(PRODUCT, "product.registered"),
                remember: Some(remembered.clone()),
                ..first
            },
            contract: Contract {
                id: format!("{PRODUCT}.{ID}").parse().unwrap(),
                ..samples::contract(PORT, "insights", 0)
            },
            bundle: samples::bundle(PolicyScope::Global, "rev-1", 0),
            state: PortState { unsent: vec![event.clone()], unalerted: vec![event], ..samples::port_state(PORT, 1, 0) },
            grant: Grant {
                key: "grant-1".to_owned(),
                decision_id: ID.to_owned(),
                issued_at: at(0),
                expires_at: at(3600),
                sealed: vec![0, 1, 254, 255],
            },
            remembered,
        }
    }

    async fn write(&self, store: &DynamoStore) {
        store.put_domain(None, &self.domain, &audit("operations", "domain.created")).await.unwrap();
        store.register(&self.registration).await.unwrap();
        store.put_contract(None, &self.contract, None, &audit(PORT, "contract.requested")).await.unwrap();
        store.put_bundle(None, &self.bundle, &audit("policy:global", "policy.published")).await.unwrap();
        store.put_state(&self.state, true).await.unwrap();
        store.put_grant(&self.grant).await.unwrap();
    }

    /// Asks for each thing, and gets it as it was.
    async fn assert_is_in(&self, store: &DynamoStore) {
        let id = PRODUCT.parse().unwrap();
        assert_eq!(store.domain(&self.domain.id).await.unwrap().as_ref(), Some(&self.domain));
        let memberships = store.memberships(&samples::principal("alice")).await.unwrap();
        assert_eq!(memberships.len(), 1);
        let product = Product { contracts_revision: 1, ..self.registration.product.clone() };
        assert_eq!(store.product(&id).await.unwrap(), Some(product.clone()));
        assert_eq!(store.products(None, None, 10).await.unwrap().items, [product]);
        let history = store.history(&id, None, 10).await.unwrap().items;
        assert_eq!(history, std::slice::from_ref(&self.registration.product));
        let ports: Vec<Port> = store.ports(&id).await.unwrap();
        assert_eq!(ports, self.registration.ports);
        let versions: Vec<RegisteredSchema> = store.versions("operations.flights/daily").await.unwrap();
        assert_eq!(versions, self.registration.schemas);
        assert_eq!(store.downstream(&self.registration.inputs[0]).await.unwrap(), [id]);
        assert_eq!(store.contract(&self.contract.id).await.unwrap().as_ref(), Some(&self.contract));
        let bundles = store.bundles(&[PolicyScope::Global]).await.unwrap();
        assert_eq!(bundles, [Some(self.bundle.clone())]);
        let states = store.states(&[PORT.parse().unwrap()]).await.unwrap();
        assert_eq!(states.into_values().next().as_ref(), Some(&self.state));
        let measurements = store.measurements(&PORT.parse().unwrap(), 10).await.unwrap();
        assert_eq!(measurements, std::slice::from_ref(&self.state.measurement));
        assert_eq!(store.grant("grant-1").await.unwrap().as_ref(), Some(&self.grant));
        assert_eq!(store.remembered("key-1").await.unwrap().as_ref(), Some(&self.remembered));
        for (resource, action) in
            [("operations", "domain.created"), (PRODUCT, "product.registered"), (PORT, "contract.requested")]
        {
            assert_eq!(store.entries(resource, 10).await.unwrap(), [audit(resource, action)]);
        }
    }
}

type Attributes = BTreeMap<String, Value>;

/// Table → its items, in the order of their texts.
type Items = BTreeMap<String, Vec<Attributes>>;

fn folder() -> PathBuf {
    PathBuf::from("tests/golden")
}

fn golden(version: &str) -> Items {
    let read = |table: &str| {
        let file = folder().join(version).join(format!("{table}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (table.to_owned(), serde_json::from_str(&text).unwrap())
    };
    TABLES.iter().map(|table| read(table.name)).collect()
}

fn versions() -> Vec<String> {
    let mut versions: Vec<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    versions.sort();
    versions
}

async fn stored(store: &DynamoStore) -> Items {
    let mut all = Items::new();
    for table in &TABLES {
        let answer = cloud::client().scan().table_name(store.table_name(table.name)).send().await.unwrap();
        let attributes = |item: std::collections::HashMap<String, AttributeValue>| -> Attributes {
            item.into_iter().map(|(name, value)| (name, to_json(&value))).collect()
        };
        let mut items: Vec<Attributes> = answer.items.unwrap().into_iter().map(attributes).collect();
        items.sort_by_key(|item| serde_json::to_string(item).unwrap());
        all.insert(table.name.to_owned(), items);
    }
    all
}

async fn put(store: &DynamoStore, items: &Items) {
    for (table, items) in items {
        for item in items {
            let item = item.iter().map(|(name, value)| (name.clone(), from_json(value))).collect();
            let request = cloud::client().put_item().table_name(store.table_name(table)).set_item(Some(item));
            request.send().await.unwrap();
        }
    }
}

/// As DynamoDB's own JSON has it; the bytes of a blob as a list of numbers.
fn to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::B(bytes) => json!({ "B": bytes.as_ref() }),
        other => panic!("a kind of attribute that is not in use: {other:?}"),
    }
}

fn from_json(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(number)) => AttributeValue::N(number.clone()),
        ("BOOL", Value::Bool(value)) => AttributeValue::Bool(*value),
        ("B", bytes) => AttributeValue::B(Blob::new(serde_json::from_value::<Vec<u8>>(bytes.clone()).unwrap())),
        other => panic!("{other:?}"),
    }
}

/// The items as a version writes them that knows more: an attribute, a field of each record, keys at every depth of manifests and
/// schemas.
fn of_a_newer_version(mut items: Items) -> Items {
    for item in items.values_mut().flatten() {
        item.insert(ADDED.to_owned(), json!({ "S": "x" }));
        for name in ["body", "manifest_json", "schema_json"] {
            if let Some(text) = item.get(name).and_then(|value| value["S"].as_str()) {
                let mut value: Value = serde_json::from_str(text).unwrap();
                add(&mut value);
                item.insert(name.to_owned(), json!({ "S": value.to_string() }));
            }
        }
    }
    items
}

const ADDED: &str = "from_a_newer_version";

fn add(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // What an event tells is anybody's, and is passed on as it is.
            members.iter_mut().filter(|(key, _)| *key != "data").for_each(|(_, member)| add(member));
            members.insert(ADDED.to_owned(), json!({ "more": true }));
        }
        Value::Array(list) => list.iter_mut().for_each(add),
        _ => {}
    }
}

#[tokio::test]
async fn what_is_written_is_what_the_newest_golden_items_hold() {
    let store = cloud::store().await;
    Everything::of(NEWEST).write(&store).await;
    let written = stored(&store).await;
    if let Ok(version) = env::var("MESH_WRITE_GOLDEN") {
        fs::create_dir_all(folder().join(&version)).unwrap();
        for (table, items) in &written {
            let text = serde_json::to_string_pretty(items).unwrap() + "\n";
            fs::write(folder().join(&version).join(format!("{table}.json")), text).unwrap();
        }
        return;
    }
    assert!(written.values().all(|items| !items.is_empty()), "no item of {:?}", written.keys());
    for (table, golden) in golden(NEWEST) {
        assert_eq!(
            written[&table], golden,
            "the form of `{table}` changed: keep {NEWEST}, and add a version beside it"
        );
    }
}

#[tokio::test]
async fn items_of_every_version_are_read() {
    let versions = versions();
    assert_eq!(versions.last().map(String::as_str), Some(NEWEST));
    for version in versions {
        let store = cloud::store().await;
        put(&store, &golden(&version)).await;
        Everything::of(&version).assert_is_in(&store).await;
    }
}

#[tokio::test]
async fn items_of_a_newer_version_are_read_and_partial_updates_leave_what_it_added() {
    let store = cloud::store().await;
    put(&store, &of_a_newer_version(golden(NEWEST))).await;
    let everything = Everything::of(NEWEST);
    everything.assert_is_in(&store).await;

    let id = PRODUCT.parse().unwrap();
    assert!(store.set_provisioned(&id, 1, Status::Active, None).await.unwrap());
    assert!(store.set_indexed(&id, 1).await.unwrap());
    let second = samples::contract(PORT, "weather", 1);
    store.put_contract(None, &second, None, &samples::audit(PORT, "contract.requested", at(1))).await.unwrap();
    let before = store.product(&id).await.unwrap().unwrap();
    assert_eq!((before.status, before.indexed_revision, before.contracts_revision), (Status::Active, 1, 2));
    store.register(&samples::next_registration(&before)).await.unwrap();
    assert_eq!(store.product(&id).await.unwrap().unwrap().revision, 2);

    let products = &stored(&store).await["data_products"];
    let current = products.iter().find(|item| item["revision"] == json!({ "S": "current" })).unwrap();
    assert_eq!(current.get(ADDED), Some(&json!({ "S": "x" })), "{current:?}");
}
