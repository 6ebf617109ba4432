//! Calls of AWS APIs that are too few to build an SDK for: one signed POST each.

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use mesh_api::types;
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Signed calls with an SDK's region, credentials and endpoint.
#[derive(Debug)]
pub struct AwsApi {
    sdk: SdkConfig,
    http: reqwest::Client,
}

impl AwsApi {
    pub fn new(sdk: SdkConfig) -> Result<Self> {
        Ok(Self { sdk, http: reqwest::Client::builder().timeout(LIMIT).build()? })
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
        let mut form = vec![("Action", operation), ("Version", "2010-03-31")];
        form.extend(parameters);
        let body = reqwest::Url::parse_with_params("http://localhost/", form)?;
        let body = body.query().unwrap_or_default().to_owned();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.post("sns", operation, &headers, body).await
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
        let body = if body.is_null() { String::new() } else { serde_json::to_string(body)? };
        let what = format!("{service}: {method} {path}");
        let answer = self.send(service, method, path, &what, &[("content-type", "application/json")], body).await?;
        serde_json::from_str(&answer).with_context(|| format!("the answer to `{what}` is no JSON: {answer}"))
    }

    async fn post(&self, service: &str, what: &str, headers: &[(&str, &str)], body: String) -> Result<String> {
        self.send(service, Method::POST, "", what, headers, body).await
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        what: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<String> {
        let region = self.sdk.region().context("no AWS region is set")?.to_string();
        let base = match self.sdk.endpoint_url() {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => format!("https://{service}.{region}.amazonaws.com/"),
        };
        let url = format!("{base}{}", path.trim_start_matches('/'));
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
        let mut request = self.http.request(method, &url);
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
