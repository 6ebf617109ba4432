//! Objects in a cloud that enforces IAM. Needs `MESH_TEST_CLOUD_ENDPOINT`, which `cargo xtask test` sets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials as Keys, SharedCredentialsProvider},
    types::{
        ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule,
    },
};
use jiff::Timestamp;
use mesh_core::{credentials::Credentials, error::StoreError, object_storage::ObjectStorage};
use mesh_storage_s3::S3Storage;

fn endpoint() -> String {
    std::env::var("MESH_TEST_CLOUD_ENDPOINT")
        .expect("set MESH_TEST_CLOUD_ENDPOINT to a local cloud's endpoint, or run `cargo xtask test`")
}

async fn administrator() -> SdkConfig {
    let keys = Keys::new("test", "test", None, None, "test");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .load()
        .await
}

fn s3(config: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(config).force_path_style(true).build())
}

async fn bucket(config: &SdkConfig) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("objects-{nanos:x}{}", COUNT.fetch_add(1, Ordering::Relaxed));
    s3(config).create_bucket().bucket(&name).send().await.unwrap();
    name
}

/// Temporary credentials of a new role under a session policy that lets them read one object.
async fn access_to(config: &SdkConfig, bucket: &str, key: &str) -> Credentials {
    let role = bucket.replace("objects", "role");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}"#;
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    iam(&[("Action", "CreateRole"), ("RoleName", &role), ("AssumeRolePolicyDocument", trust)]).await;
    iam(&[("Action", "PutRolePolicy"), ("RoleName", &role), ("PolicyName", "p"), ("PolicyDocument", all)]).await;
    let one = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/{key}"}}]}}"#
    );
    let call = aws_sdk_sts::Client::new(config).assume_role().role_session_name("test").policy(one);
    let answer = call.role_arn(format!("arn:aws:iam::000000000000:role/{role}")).send().await.unwrap();
    let credentials = answer.credentials.unwrap();
    Credentials {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key,
        session_token: credentials.session_token,
        expires_at: Timestamp::from_second(credentials.expiration.secs()).unwrap(),
    }
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

#[tokio::test]
async fn an_object_is_created_once_and_read() {
    let config = administrator().await;
    let bucket = bucket(&config).await;
    let storage = S3Storage::new(&config, None);
    assert_eq!(storage.get(None, &bucket, "a/b").await.unwrap(), None);
    storage.create(&bucket, "a/b", b"first".to_vec(), "application/json").await.unwrap();
    let again = storage.create(&bucket, "a/b", b"second".to_vec(), "application/json").await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(storage.get(None, &bucket, "a/b").await.unwrap().unwrap(), b"first");
    let head = s3(&config).head_object().bucket(&bucket).key("a/b").send().await.unwrap();
    assert_eq!(head.content_type(), Some("application/json"));
}

#[tokio::test]
async fn a_listing_goes_over_pages_and_stops_at_its_limit() {
    let config = administrator().await;
    let bucket = bucket(&config).await;
    let storage = S3Storage::new(&config, None);
    for index in 0..1100 {
        storage.create(&bucket, &format!("p/{index:05}"), b"x".to_vec(), "text/plain").await.unwrap();
    }
    storage.create(&bucket, "q/1", b"x".to_vec(), "text/plain").await.unwrap();
    let all = storage.list(None, &bucket, "p/", 10_000).await.unwrap();
    assert_eq!(all.len(), 1100);
    assert!(all.is_sorted_by(|a, b| a.key < b.key));
    assert_eq!(all[0].size, 1);
    assert_eq!(storage.list(None, &bucket, "p/", 1001).await.unwrap().len(), 1001);
    assert_eq!(storage.list(None, &bucket, "none/", 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_signed_url_gets_its_object_and_no_other() {
    let config = administrator().await;
    let bucket = bucket(&config).await;
    let storage = S3Storage::new(&config, Some(endpoint()));
    for key in ["open/1.csv", "closed/1.csv"] {
        storage.create(&bucket, key, b"a,b\n".to_vec(), "text/csv").await.unwrap();
    }
    let access = access_to(&config, &bucket, "open/*").await;
    let minute = Duration::from_secs(60);
    let url = storage.presign(&access, &bucket, "open/1.csv", minute).await.unwrap();
    assert!(url.starts_with(&endpoint()), "{url}");
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "a,b\n"));

    let closed = storage.presign(&access, &bucket, "closed/1.csv", minute).await.unwrap();
    assert_eq!(reqwest::get(&closed).await.unwrap().status(), 403);
    let turned = url.replace("open/1.csv", "closed/1.csv");
    assert_eq!(reqwest::get(&turned).await.unwrap().status(), 403, "a signature is for one object");

    assert_eq!(storage.get(Some(&access), &bucket, "open/1.csv").await.unwrap().unwrap(), b"a,b\n");
    let denied = storage.get(Some(&access), &bucket, "closed/1.csv").await;
    assert!(matches!(denied, Err(StoreError::Denied { service: "S3", .. })), "{denied:?}");
    let denied = storage.list(Some(&access), &bucket, "open/", 10).await;
    assert!(matches!(denied, Err(StoreError::Denied { .. })), "{denied:?}");
}

#[tokio::test]
async fn a_buckets_protection_is_what_is_set_on_it() {
    let config = administrator().await;
    let bucket = bucket(&config).await;
    let storage = S3Storage::new(&config, None);
    assert_eq!(storage.protection(None, &bucket).await.unwrap().default_key, None);
    let key = "arn:aws:kms:us-east-1:000000000000:key/0f6f8a0e-6a0e-4c65-9b60-0f3f4d6a7b11";
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id(key)
        .build()
        .unwrap();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let call = s3(&config).put_bucket_encryption().bucket(&bucket).server_side_encryption_configuration(configuration);
    call.send().await.unwrap();
    assert_eq!(storage.protection(None, &bucket).await.unwrap().default_key.as_deref(), Some(key));
    let gone = storage.protection(None, "no-such-bucket-anywhere").await;
    assert!(matches!(gone, Err(StoreError::Denied { .. })), "{gone:?}");
}
