//! Calls of AWS APIs that are too few to build an SDK for: one signed request each.

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use mesh_api::types;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How long a function that is waited for may run: what Lambda lets one run at the most.
const INVOCATION_LIMIT: Duration = Duration::from_secs(900);

/// One call: a method, a path below the service's endpoint, and what is sent there.
struct Call<'a> {
    service: &'a str,
    /// As errors name it.
    what: &'a str,
    method: Method,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: String,
    limit: Duration,
}

/// Signed calls with an SDK's region, credentials and endpoint.
#[derive(Debug)]
pub struct AwsApi {
    sdk: SdkConfig,
    http: reqwest::Client,
}

impl AwsApi {
    pub fn new(sdk: SdkConfig) -> Result<Self> {
        Ok(Self { sdk, http: reqwest::Client::new() })
    }

    /// An operation of Cognito user pools, such as `CreateUserPoolClient`.
    pub async fn cognito(&self, operation: &str, body: &Value) -> Result<Value> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.json("cognito-idp", &target, "application/x-amz-json-1.1", body).await
    }

    /// An operation of SQS, such as `ReceiveMessage`.
    pub async fn sqs(&self, operation: &str, body: &Value) -> Result<Value> {
        self.json("sqs", &format!("AmazonSQS.{operation}"), "application/x-amz-json-1.0", body).await
    }

    /// An operation of SNS, such as `Subscribe`, with its parameters; the answer is XML.
    pub async fn sns(&self, operation: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.query("sns", "2010-03-31", operation, parameters).await
    }

    /// An operation of IAM, such as `UpdateAssumeRolePolicy`, with its parameters; the answer is XML.
    pub async fn iam(&self, operation: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.query("iam", "2010-05-08", operation, parameters).await
    }

    /// An operation of STS, such as `AssumeRole`, with its parameters; the answer is XML.
    pub async fn sts(&self, operation: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.query("sts", "2011-06-15", operation, parameters).await
    }

    async fn query(
        &self,
        service: &str,
        version: &str,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let mut form = vec![("Action", operation), ("Version", version)];
        form.extend(parameters);
        let body = reqwest::Url::parse_with_params("http://localhost/", form)?;
        let body = body.query().unwrap_or_default().to_owned();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.post(service, operation, &headers, body).await
    }

    /// An operation of Glue, such as `DeleteTable`.
    pub async fn glue(&self, operation: &str, body: &Value) -> Result<Value> {
        self.json("glue", &format!("AWSGlue.{operation}"), "application/x-amz-json-1.1", body).await
    }

    /// What `function` answers to `event`; an error if it fails.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = self.rest_within(INVOCATION_LIMIT, "lambda", Method::POST, &path, event).await?;
        match answer.get("errorMessage").and_then(Value::as_str) {
            Some(message) => bail!("`{function}` failed: {message}"),
            None => Ok(answer),
        }
    }

    /// Replaces the code of `function` by `package`, a zip archive of at most 50 MB, and answers its configuration then.
    pub async fn update_code(&self, function: &str, package: &[u8]) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/code");
        let body = json!({ "ZipFile": BASE64.encode(package) });
        self.rest("lambda", Method::PUT, &path, &body).await
    }

    /// The configuration of `function`, with the state of its last update.
    pub async fn function(&self, function: &str) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        self.rest("lambda", Method::GET, &path, &Value::Null).await
    }

    async fn json(&self, service: &str, target: &str, media_type: &str, body: &Value) -> Result<Value> {
        let headers = [("content-type", media_type), ("x-amz-target", target)];
        let answer = self.post(service, target, &headers, serde_json::to_string(body)?).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).with_context(|| format!("the answer to `{target}` is no JSON"))
    }

    /// An operation of an API that is told by method and path, such as `PUT /schedules/probe`; the answer is JSON.
    pub async fn rest(&self, service: &str, method: Method, path: &str, body: &Value) -> Result<Value> {
        self.rest_within(LIMIT, service, method, path, body).await
    }

    async fn rest_within(
        &self,
        limit: Duration,
        service: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { serde_json::to_string(body)? };
        let what = format!("{service}: {method} {path}");
        let headers = [("content-type", "application/json")];
        let answer = self.send(Call { service, what: &what, method, path, headers: &headers, body, limit }).await?;
        serde_json::from_str(&answer).with_context(|| format!("the answer to `{what}` is no JSON: {answer}"))
    }

    async fn post(&self, service: &str, what: &str, headers: &[(&str, &str)], body: String) -> Result<String> {
        self.send(Call { service, what, method: Method::POST, path: "/", headers, body, limit: LIMIT }).await
    }

    async fn send(&self, call: Call<'_>) -> Result<String> {
        let Call { service, what, method, path, headers, body, limit } = call;
        let region = self.sdk.region().context("no AWS region is set")?.to_string();
        let base = match self.sdk.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.amazonaws.com"),
        };
        let url = format!("{base}/{}", path.trim_start_matches('/'));
        let provider = self.sdk.credentials_provider().context("no AWS credentials were found")?;
        let identity = provider.provide_credentials().await.context("no AWS credentials were found")?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable =
            SignableRequest::new(method.as_str(), &url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()))?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let mut request = self.http.request(method, &url).timeout(limit);
        for (name, value) in headers.iter().copied().chain(signature.headers()) {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.with_context(|| format!("`{what}` got no answer"))?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("`{what}` was refused ({status}): {}", text.chars().take(400).collect::<String>());
        }
        Ok(text)
    }
}

/// The HTTP status of `GET` for an object's first byte with vended credentials: 206 or 200 where they open it, 403 where not.
pub async fn object_status(vended: &types::Credentials, bucket: &str, key: &str) -> Result<u16> {
    let base = match &vended.endpoint {
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{}.amazonaws.com", vended.region),
    };
    let url = format!("{base}/{key}");
    let token = Some(vended.session_token.clone());
    let identity =
        Credentials::new(&vended.access_key_id, &vended.secret_access_key, token, None, "vended by the mesh").into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&vended.region)
        .name("s3")
        .time(SystemTime::now())
        .settings(settings)
        .build()?
        .into();
    let headers = [("range", "bytes=0-0")];
    let signable = SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::Bytes(&[]))?;
    let (signature, _) = sign(signable, &parameters)?.into_parts();
    let mut request = reqwest::Client::builder().timeout(LIMIT).build()?.get(&url);
    for (name, value) in headers.into_iter().chain(signature.headers()) {
        request = request.header(name, value);
    }
    Ok(request.send().await?.status().as_u16())
}
