//! A domain's storage on the local cloud, as `modules/domain` makes it: bucket, key, roles, Glue database, topic.

use aws_sdk_glue::types::DatabaseInput;
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use aws_types::SdkConfig;
use mesh_core::domain::Envelope;

pub const ACCOUNT: &str = "000000000000";

/// An S3 client without faults in between.
pub fn s3(direct: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(direct).force_path_style(true).build())
}

/// Storage whose resources carry `unique` in their names.
pub async fn envelope(direct: &SdkConfig, unique: &str, external_id: &str) -> Envelope {
    let key = aws_sdk_kms::Client::new(direct).create_key().send().await.unwrap().key_metadata.unwrap();
    let envelope = Envelope {
        bucket: format!("mesh-{unique}"),
        key_arn: key.arn.unwrap(),
        glue_database: format!("mesh_{}", unique.replace('-', "_")),
        reader_role_arn: role(unique, "reader", external_id).await,
        producer_role_arn: role(unique, "producer", external_id).await,
        observer_role_arn: role(unique, "observer", external_id).await,
        alert_topic_arn: topic(direct, unique).await,
    };
    let s3 = s3(direct);
    s3.create_bucket().bucket(&envelope.bucket).send().await.unwrap();
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id(&envelope.key_arn);
    let rule =
        ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default.build().unwrap()).build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let encrypted = s3.put_bucket_encryption().bucket(&envelope.bucket).server_side_encryption_configuration(rules);
    encrypted.send().await.unwrap();
    let database = DatabaseInput::builder().name(&envelope.glue_database).build().unwrap();
    aws_sdk_glue::Client::new(direct).create_database().database_input(database).send().await.unwrap();
    envelope
}

async fn topic(direct: &SdkConfig, unique: &str) -> String {
    let created = aws_sdk_sns::Client::new(direct).create_topic().name(format!("mesh-{unique}-alerts")).send().await;
    created.unwrap().topic_arn.unwrap()
}

/// A role that the platform may assume by the domain's external id.
async fn role(unique: &str, kind: &str, external_id: &str) -> String {
    let name = format!("mesh-{unique}-{kind}");
    let trust = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": { "StringEquals": { "sts:ExternalId": external_id } },
    }] });
    let rights = serde_json::json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*" },
    ] });
    iam(&[("Action", "CreateRole"), ("RoleName", &name), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let policy = [("PolicyName", "rights"), ("PolicyDocument", &rights.to_string())];
    iam(&[&[("Action", "PutRolePolicy"), ("RoleName", &name)], &policy[..]].concat()).await;
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Calls IAM; there is no client of it in this workspace.
async fn iam(parameters: &[(&str, &str)]) {
    let form = parameters.iter().copied().chain([("Version", "2010-05-08")]).collect::<Vec<_>>();
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
    let call = reqwest::Client::new().post(endpoint("CLOUD")).header("authorization", authorization).form(&form);
    let answer = call.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

/// Where the real service is, by `CLOUD` or `SEARCH`.
pub fn endpoint(of: &str) -> String {
    let variable = format!("MESH_TEST_{of}_ENDPOINT");
    std::env::var(&variable).unwrap_or_else(|_| panic!("set {variable}, or run `cargo xtask test`"))
}
