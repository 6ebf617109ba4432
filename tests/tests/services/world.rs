//! The functions in process, put together as their `main.rs` does it, with a proxy between them and each service.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_config::BehaviorVersion;
use aws_types::{SdkConfig, region::Region};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request},
};
use http_body_util::BodyExt;
use mesh_access_sts::{KmsSealer, StsVendor};
use mesh_catalog_glue::GlueCatalog;
use mesh_core::{
    audit::AuditEntry,
    clock::Clock,
    domain::{Domain, DomainStore, Envelope, Member},
    indexing::Indexer,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Principal, Role},
    probing::Prober,
    product::{Product, ProductStore},
    provisioning::Provisioner,
};
use mesh_e2e::fault_proxy::FaultProxy;
use mesh_events_aws::AwsEvents;
use mesh_http::testing::{ISSUER, SCOPE, TestIssuer};
use mesh_runtime::{WallClock, sdk};
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use mesh_storage_iceberg::IcebergFormat;
use mesh_storage_s3::S3Storage;
use mesh_store_dynamodb::DynamoStore;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{cloud, log, setup};

/// `operations.flights` with a table and a port of files.
pub const FLIGHTS: &str = include_str!("flights.yaml");
/// Well below the 30 s after which the gateway gives up.
pub const BOUND: Duration = Duration::from_secs(22);

/// One domain, `operations`, owned by `olga`, with storage of its own on the local cloud.
pub struct World {
    /// In front of all of AWS.
    pub cloud: FaultProxy,
    pub search: FaultProxy,
    pub issuer: TestIssuer,
    /// The same tables as the functions', without faults in between.
    pub store: Arc<DynamoStore>,
    pub envelope: Envelope,
    direct: SdkConfig,
    sdk: SdkConfig,
    key: String,
    index: String,
}

/// What a function answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub took: Duration,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A failure that passes: said in time, with when to come back, and with nothing of the inside.
    #[track_caller]
    pub fn assert_unavailable(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        self.assert_tells_nothing();
    }

    #[track_caller]
    pub fn assert_tells_nothing(&self) {
        assert!(self.headers.contains_key("retry-after"), "{self:?}");
        assert!(self.took < BOUND, "{self:?}");
        for inside in ["arn:", "made up by a test", "127.0.0.1", "dispatch failure", "Exception\"", "garbage"] {
            let told = self.text.replace("ServiceUnavailableException", "").replace("CommitStateUnknownException", "");
            assert!(!told.contains(inside), "`{inside}` in {}", self.text);
        }
    }
}

async fn configuration(endpoint: &str) -> SdkConfig {
    let keys = aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    sdk::bounded(loader.endpoint_url(endpoint).credentials_provider(keys)).load().await
}

impl World {
    pub async fn new() -> Self {
        log::log();
        let store = Arc::new(cloud::store().await);
        let cloud = FaultProxy::in_front_of(&setup::endpoint("CLOUD")).await.unwrap();
        let search = FaultProxy::in_front_of(&setup::endpoint("SEARCH")).await.unwrap();
        let direct = configuration(&setup::endpoint("CLOUD")).await;
        let unique = ulid::Ulid::new().to_string().to_ascii_lowercase();
        let envelope = setup::envelope(&direct, &unique, "mesh-operations").await;
        let key = aws_sdk_kms::Client::new(&direct).create_key().send().await.unwrap();
        let world = Self {
            sdk: configuration(&cloud.endpoint()).await,
            key: key.key_metadata.unwrap().arn.unwrap(),
            index: format!("test-{unique}"),
            issuer: TestIssuer::new(),
            cloud,
            search,
            store,
            envelope,
            direct,
        };
        world.domain().await;
        world.publish(PolicyScope::Global, mesh_policy::defaults::global().modules).await;
        world.publish(PolicyScope::Products, mesh_policy::defaults::product().modules).await;
        world
    }

    /// With `operations.flights` registered and provisioned.
    pub async fn with_flights() -> Self {
        let world = Self::new().await;
        assert_eq!(world.register(FLIGHTS).await.status, 202);
        assert_eq!(world.deliver(&["operations.flights"]).await, [""; 0]);
        world.cloud.heal();
        world
    }

    async fn domain(&self) {
        let now = WallClock.now();
        let roles = BTreeSet::from([Role::Owner, Role::Producer, Role::Consumer]);
        let domain = Domain {
            id: "operations".parse().unwrap(),
            description: "Runs the airports.".to_owned(),
            members: vec![Member { principal: Principal::new(ISSUER, "olga"), roles }],
            external_id: "mesh-operations".to_owned(),
            envelope: Some(self.envelope.clone()),
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        self.store.put_domain(None, &domain, &self.audit("domain.created")).await.unwrap();
    }

    async fn publish(&self, scope: PolicyScope, modules: BTreeMap<String, String>) {
        let (published_by, published_at) = ("test".to_owned(), WallClock.now());
        let bundle = PolicyBundle { scope, modules, revision: "1".to_owned(), published_by, published_at };
        self.store.put_bundle(None, &bundle, &self.audit("policy.published")).await.unwrap();
    }

    fn audit(&self, action: &str) -> AuditEntry {
        let caller = Caller {
            principal: Principal::new(ISSUER, "olga"),
            domain: "operations".parse().unwrap(),
            roles: BTreeSet::new(),
            membership_revision: 1,
        };
        AuditEntry::new(WallClock.now(), "operations", action, &caller, json!({}))
    }

    fn dynamo(&self) -> Arc<DynamoStore> {
        Arc::new(DynamoStore::connect(&self.sdk, &self.store.table_name("")))
    }

    fn opensearch(&self) -> Arc<OpenSearchIndex> {
        Arc::new(OpenSearchIndex::connect(&self.search.endpoint(), &self.index, Auth::None).unwrap())
    }

    pub fn registry(&self) -> Router {
        let store = self.dynamo();
        fn_registry::router(fn_registry::Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            schemas: store.clone(),
            policies: store.clone(),
            measurements: store.clone(),
            idempotency: store.clone(),
            audit: store,
            minimum_notice: mesh_core::deprecation::MINIMUM_NOTICE,
            clock: Arc::new(WallClock),
            verifier: self.issuer.verifier(),
        })
    }

    pub fn marketplace(&self) -> Router {
        let verifier = self.issuer.verifier();
        fn_marketplace::router(fn_marketplace::Deps { domains: self.dynamo(), search: self.opensearch(), verifier })
    }

    pub fn governance(&self) -> Router {
        let store = self.dynamo();
        fn_governance::router(fn_governance::Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            policies: store.clone(),
            audit: store,
            clock: Arc::new(WallClock),
            verifier: self.issuer.verifier(),
        })
    }

    pub fn broker(&self) -> Router {
        let store = self.dynamo();
        fn_broker::router(fn_broker::Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            policies: store.clone(),
            measurements: store.clone(),
            grants: store.clone(),
            audit: store,
            vendor: Arc::new(StsVendor::new(&self.sdk)),
            sealer: Arc::new(KmsSealer::new(&self.sdk, &self.key)),
            storage: Arc::new(S3Storage::new(&self.sdk, None)),
            clock: Arc::new(WallClock),
            endpoints: fn_broker::Endpoints {
                api_url: "https://mesh.example.org".to_owned(),
                token_url: "https://idp.example.org/token".to_owned(),
                scope: SCOPE.to_owned(),
                region: "us-east-1".to_owned(),
                s3_endpoint: None,
            },
            verifier: self.issuer.verifier(),
        })
    }

    pub fn iceberg(&self) -> Router {
        let store = self.dynamo();
        fn_iceberg::router(fn_iceberg::Deps {
            domains: store.clone(),
            products: store.clone(),
            contracts: store.clone(),
            policies: store.clone(),
            measurements: store.clone(),
            grants: store.clone(),
            audit: store,
            vendor: Arc::new(StsVendor::new(&self.sdk)),
            sealer: Arc::new(KmsSealer::new(&self.sdk, &self.key)),
            storage: Arc::new(S3Storage::new(&self.sdk, None)),
            catalog: Arc::new(GlueCatalog::new(&self.sdk)),
            format: Arc::new(IcebergFormat),
            clock: Arc::new(WallClock),
            region: "us-east-1".to_owned(),
            s3_endpoint: None,
            verifier: self.issuer.verifier(),
        })
    }

    pub fn indexer(&self) -> Indexer {
        let store = self.dynamo();
        Indexer { products: store.clone(), measurements: store, search: self.opensearch() }
    }

    pub fn provisioner(&self) -> Provisioner {
        let store = self.dynamo();
        Provisioner {
            domains: store.clone(),
            products: store.clone(),
            contracts: store,
            events: Arc::new(AwsEvents::new(&self.sdk, "default")),
            catalog: Arc::new(GlueCatalog::new(&self.sdk)),
            format: Arc::new(IcebergFormat),
            storage: Arc::new(S3Storage::new(&self.sdk, None)),
            vendor: Arc::new(StsVendor::new(&self.sdk)),
            clock: Arc::new(WallClock),
        }
    }

    pub fn prober(&self, clock: Arc<dyn Clock>) -> Prober {
        let store = self.dynamo();
        Prober {
            domains: store.clone(),
            products: store.clone(),
            measurements: store,
            catalog: Arc::new(GlueCatalog::new(&self.sdk)),
            storage: Arc::new(S3Storage::new(&self.sdk, None)),
            vendor: Arc::new(StsVendor::new(&self.sdk)),
            events: Arc::new(AwsEvents::new(&self.sdk, "default")),
            clock,
        }
    }

    /// What `router` answers to `olga`; `path` with its method, such as `GET /products`.
    pub async fn ask(&self, router: &Router, path: &str, body: &str) -> Answer {
        ask_with(router, &self.issuer.token("olga"), path, body).await
    }

    pub async fn register(&self, manifest: &str) -> Answer {
        self.ask(&self.registry(), "POST /products", manifest).await
    }

    pub async fn product(&self, id: &str) -> Product {
        self.store.product(&id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// Hands the records of registrations to the provisioner; answers those that are to be delivered again.
    pub async fn deliver(&self, products: &[&str]) -> Vec<String> {
        redelivered(&fn_provisioner::handle(&self.provisioner(), &records(products)).await.unwrap())
    }

    /// Makes what was indexed findable at once.
    pub async fn refresh_index(&self) {
        let name = self.opensearch().name().to_owned();
        let url = format!("{}/{name}/_refresh", setup::endpoint("SEARCH"));
        assert!(reqwest::Client::new().post(url).send().await.unwrap().status().is_success());
    }

    /// Puts an object beside the functions.
    pub async fn put_object(&self, key: &str, body: &str) {
        let call = setup::s3(&self.direct).put_object().bucket(&self.envelope.bucket).key(key);
        call.body(body.as_bytes().to_vec().into()).send().await.unwrap();
    }
}

/// What `router` answers to the bearer of `token`.
pub async fn ask_with(router: &Router, token: &str, path: &str, body: &str) -> Answer {
    let (method, path) = path.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let start = Instant::now();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text, took: start.elapsed() }
}

/// Records of the stream of `data_products`, one for each registration, numbered from 1.
pub fn records(products: &[&str]) -> Value {
    let record = |(index, product): (usize, &&str)| {
        json!({ "eventName": "INSERT", "dynamodb": {
            "SequenceNumber": (index + 1).to_string(),
            "Keys": { "product_id": { "S": product }, "revision": { "S": "current" } },
            "NewImage": { "registered_revision": { "N": "1" }, "provisioned_revision": { "N": "0" }, "status": { "S": "provisioning" } },
        } })
    };
    json!({ "Records": products.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// The records that a stream consumer wants delivered again.
pub fn redelivered(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}
