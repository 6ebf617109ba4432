//! Vended credentials against a cloud that enforces IAM: they reach their own port and nothing beside it.
//!
//! Needs `MESH_TEST_CLOUD_ENDPOINT`, which `cargo xtask test` sets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials as Keys, SharedCredentialsProvider},
    error::ProvideErrorMetadata,
    types::{
        ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule,
    },
};
use mesh_access_sts::{KmsSealer, StsVendor};
use mesh_core::{
    credentials::{CredentialVendor, Credentials, Mode, Sealer, VendRequest},
    error::StoreError,
};

const ACCOUNT: &str = "000000000000";
const EXTERNAL_ID: &str = "the-domains-external-id";
const PORT: &str = "flights/daily/v1";

fn endpoint() -> String {
    std::env::var("MESH_TEST_CLOUD_ENDPOINT")
        .expect("set MESH_TEST_CLOUD_ENDPOINT to a local cloud's endpoint, or run `cargo xtask test`")
}

async fn sdk(keys: Keys) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .load()
        .await
}

async fn administrator() -> SdkConfig {
    sdk(Keys::new("test", "test", None, None, "test")).await
}

fn keys(credentials: &Credentials) -> Keys {
    let token = Some(credentials.session_token.clone());
    Keys::new(&credentials.access_key_id, &credentials.secret_access_key, token, None, "test")
}

async fn s3(config: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(config).force_path_style(true).build())
}

async fn s3_with(credentials: &Credentials) -> Client {
    s3(&sdk(keys(credentials)).await).await
}

/// Calls IAM as the administrator; there is no client of it in this workspace.
async fn iam(parameters: &[(&str, &str)]) {
    let form = parameters.iter().copied().chain([("Version", "2010-05-08")]).collect::<Vec<_>>();
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
    let call = reqwest::Client::new().post(endpoint()).header("authorization", authorization).form(&form);
    let answer = call.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

async fn role(name: &str, trust: &str, policy: &str) -> String {
    iam(&[("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)]).await;
    iam(&[("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", policy)]).await;
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// A domain's storage with two ports, a neighbour's bucket, and the broker that vends for it.
struct Cloud {
    administrator: Client,
    vendor: StsVendor,
    domain_role: String,
    bucket: String,
    neighbour: String,
    key_arn: String,
}

impl Cloud {
    async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let unique = format!("{nanos:x}{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let config = administrator().await;
        let s3 = s3(&config).await;
        let (bucket, neighbour) = (format!("a-{unique}"), format!("b-{unique}"));
        for bucket in [&bucket, &neighbour] {
            s3.create_bucket().bucket(bucket).send().await.unwrap();
            for key in ["data/1.parquet", "manifests/m.avro", "metadata/0.json"] {
                for port in [PORT, "flights/daily/v10", "flights/other/v1"] {
                    s3.put_object()
                        .bucket(bucket)
                        .key(format!("{port}/{key}"))
                        .body(b"x".to_vec().into())
                        .send()
                        .await
                        .unwrap();
                }
            }
        }
        let key = aws_sdk_kms::Client::new(&config).create_key().send().await.unwrap().key_metadata.unwrap();
        let key_arn = key.arn.unwrap();
        encrypt(&s3, &bucket, &key_arn).await;

        let anyone_here = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        let may_assume = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"*"}]}"#;
        let broker = role(&format!("broker-{unique}"), &anyone_here, may_assume).await;
        let by_broker = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{broker}"}},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{{"StringEquals":{{"sts:ExternalId":"{EXTERNAL_ID}"}}}}}}]}}"#
        );
        // The role itself may do far more than any port needs: the session policy alone narrows it.
        let everything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*","sts:*"],"Resource":"*"}]}"#;
        let domain_role = role(&format!("domain-{unique}"), &by_broker, everything).await;

        let sts = aws_sdk_sts::Client::new(&config);
        let assumed =
            sts.assume_role().role_arn(&broker).role_session_name("broker").send().await.unwrap().credentials.unwrap();
        let broker_keys =
            Keys::new(assumed.access_key_id, assumed.secret_access_key, Some(assumed.session_token), None, "test");
        let vendor = StsVendor::new(&sdk(broker_keys).await);
        Self { administrator: s3, vendor, domain_role, bucket, neighbour, key_arn }
    }

    fn request(&self, mode: Mode) -> VendRequest {
        VendRequest {
            mode,
            role_arn: self.domain_role.clone(),
            external_id: EXTERNAL_ID.to_owned(),
            session_name: "operations.flights-test".to_owned(),
            bucket: self.bucket.clone(),
            prefix: if mode == Mode::Observe { String::new() } else { PORT.to_owned() },
            key_arn: self.key_arn.clone(),
            lifetime: Duration::from_secs(900),
        }
    }

    async fn vend(&self, mode: Mode) -> Client {
        s3_with(&self.vendor.vend(&self.request(mode)).await.unwrap()).await
    }
}

async fn encrypt(s3: &Client, bucket: &str, key_arn: &str) {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id(key_arn)
        .build()
        .unwrap();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let call = s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(configuration);
    call.send().await.unwrap();
}

/// What came of a request: done, or the error's code.
fn outcome<T, E: ProvideErrorMetadata + std::fmt::Debug>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code().unwrap_or("?").to_owned(),
    }
}

async fn get(s3: &Client, bucket: &str, key: &str) -> String {
    outcome(s3.get_object().bucket(bucket).key(key).send().await)
}

async fn put(s3: &Client, bucket: &str, key: &str) -> String {
    outcome(s3.put_object().bucket(bucket).key(key).body(b"y".to_vec().into()).send().await)
}

async fn list(s3: &Client, bucket: &str, prefix: &str) -> String {
    outcome(s3.list_objects_v2().bucket(bucket).prefix(prefix).send().await)
}

#[tokio::test]
async fn a_reader_reads_its_port_and_nothing_else() {
    let cloud = Cloud::new().await;
    let reader = cloud.vend(Mode::Read).await;
    for key in ["data/1.parquet", "manifests/m.avro", "metadata/0.json"] {
        assert_eq!(get(&reader, &cloud.bucket, &format!("{PORT}/{key}")).await, "done");
    }
    assert_eq!(list(&reader, &cloud.bucket, &format!("{PORT}/data/")).await, "done");
    // A neighbour whose name starts like the port's is a neighbour all the same.
    for neighbour in ["flights/daily/v10", "flights/other/v1"] {
        assert_eq!(get(&reader, &cloud.bucket, &format!("{neighbour}/data/1.parquet")).await, "AccessDenied");
        assert_eq!(list(&reader, &cloud.bucket, &format!("{neighbour}/")).await, "AccessDenied");
    }
    assert_eq!(list(&reader, &cloud.bucket, "").await, "AccessDenied");
    assert_eq!(get(&reader, &cloud.neighbour, &format!("{PORT}/data/1.parquet")).await, "AccessDenied");
    for key in ["data/2.parquet", "manifests/2.avro", "metadata/1.json"] {
        assert_eq!(put(&reader, &cloud.bucket, &format!("{PORT}/{key}")).await, "AccessDenied");
    }
}

#[tokio::test]
async fn a_producer_writes_data_and_manifests_but_no_metadata() {
    let cloud = Cloud::new().await;
    let producer = cloud.vend(Mode::Write).await;
    for key in ["data/2.parquet", "manifests/2.avro"] {
        assert_eq!(put(&producer, &cloud.bucket, &format!("{PORT}/{key}")).await, "done");
    }
    assert_eq!(get(&producer, &cloud.bucket, &format!("{PORT}/metadata/0.json")).await, "done");
    for key in ["metadata/1.json", "elsewhere/1"] {
        assert_eq!(put(&producer, &cloud.bucket, &format!("{PORT}/{key}")).await, "AccessDenied");
    }
    assert_eq!(put(&producer, &cloud.bucket, "flights/other/v1/data/2.parquet").await, "AccessDenied");
    assert_eq!(put(&producer, &cloud.neighbour, &format!("{PORT}/data/2.parquet")).await, "AccessDenied");
    let delete = producer.delete_object().bucket(&cloud.bucket).key(format!("{PORT}/data/1.parquet")).send().await;
    assert_eq!(outcome(delete), "AccessDenied");
    assert_eq!(get(&cloud.administrator, &cloud.bucket, &format!("{PORT}/data/1.parquet")).await, "done");
}

#[tokio::test]
async fn an_observer_sees_metadata_and_encryption_but_no_data() {
    let cloud = Cloud::new().await;
    let observer = cloud.vend(Mode::Observe).await;
    assert_eq!(get(&observer, &cloud.bucket, &format!("{PORT}/metadata/0.json")).await, "done");
    assert_eq!(list(&observer, &cloud.bucket, "").await, "done");
    assert_eq!(outcome(observer.get_bucket_encryption().bucket(&cloud.bucket).send().await), "done");
    assert_eq!(get(&observer, &cloud.bucket, &format!("{PORT}/data/1.parquet")).await, "AccessDenied");
    assert_eq!(put(&observer, &cloud.bucket, &format!("{PORT}/metadata/1.json")).await, "AccessDenied");
    assert_eq!(list(&observer, &cloud.neighbour, "").await, "AccessDenied");
}

#[tokio::test]
async fn credentials_end_and_lead_nowhere() {
    let cloud = Cloud::new().await;
    let day = VendRequest { lifetime: Duration::from_secs(86_400), ..cloud.request(Mode::Read) };
    let credentials = cloud.vendor.vend(&day).await.unwrap();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let left = credentials.expires_at.as_second() - now;
    assert!((3_500..=3_660).contains(&left), "{left} seconds");
    let chained = aws_sdk_sts::Client::new(&sdk(keys(&credentials)).await);
    let next = chained.assume_role().role_arn(&cloud.domain_role).external_id(EXTERNAL_ID).role_session_name("again");
    assert!(next.send().await.is_err(), "vended credentials must not assume roles");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_denied() {
    let cloud = Cloud::new().await;
    let foreign = VendRequest { external_id: "another-domains".to_owned(), ..cloud.request(Mode::Read) };
    let result = cloud.vendor.vend(&foreign).await;
    assert!(matches!(result, Err(StoreError::Denied { service: "STS", .. })), "{result:?}");
}

#[tokio::test]
async fn what_is_sealed_opens_for_its_context_only() {
    let cloud = Cloud::new().await;
    let sealer = KmsSealer::new(&administrator().await, &cloud.key_arn);
    for length in [1, 2_000, 4_096, 10_000] {
        let plain: Vec<u8> = (0..length).map(|i: u32| i.to_be_bytes()[3]).collect();
        let sealed = sealer.seal(&plain, "grant-1").await.unwrap();
        assert_eq!(sealer.open(&sealed, "grant-1").await.unwrap(), plain);
        assert!(sealer.open(&sealed, "grant-2").await.is_err(), "sealed for another context");
        let mut cut = sealed.clone();
        cut.pop();
        assert!(sealer.open(&cut, "grant-1").await.is_err(), "cut short");
    }
}
