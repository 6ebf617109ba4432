//! The HTTP client of the mesh's API: what the Terraform provider and the developer commands speak through.

mod error;
mod token;

use std::{sync::Arc, time::Duration};

use mesh_api::types;
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

pub use crate::{
    error::ClientError,
    token::{ClientCredentials, TokenSource},
};

/// How often a request is tried when a service is unavailable or the connection breaks.
const ATTEMPTS: u32 = 4;
/// How long one attempt may take: the gateway answers within 30 s.
const TIMEOUT: Duration = Duration::from_secs(35);

/// A client of one mesh. Cheap to clone; clones share connections and the token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Url,
    token: Arc<TokenSource>,
    acting_domain: Option<String>,
}

/// How to register.
#[derive(Debug, Clone, Default)]
pub struct RegisterOptions<'a> {
    pub idempotency_key: Option<&'a str>,
    /// The digest of the findings that a plan showed.
    pub findings_digest: Option<&'a str>,
    /// Seconds to wait for the product to be active or failed; the server waits 20 at most.
    pub wait: Option<u64>,
}

impl Client {
    /// A client of the API at `endpoint`, with tokens from `token`, acting for `acting_domain` if the principal belongs to several.
    pub fn new(endpoint: &str, token: TokenSource, acting_domain: Option<String>) -> Result<Self, ClientError> {
        let mut endpoint = Url::parse(endpoint)
            .map_err(|error| ClientError::Configuration(format!("`{endpoint}` is not a URL: {error}")))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(ClientError::Configuration(format!("`{endpoint}` is neither an http nor an https URL")));
        }
        if !endpoint.path().ends_with('/') {
            endpoint.set_path(&format!("{}/", endpoint.path()));
        }
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("mesh-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Configuration(error.to_string()))?;
        Ok(Self { http, endpoint, token: Arc::new(token), acting_domain })
    }

    /// The same client acting for another domain, on the same connections and token.
    #[must_use]
    pub fn acting_for(&self, domain: &str) -> Self {
        Self { acting_domain: Some(domain.to_owned()), ..self.clone() }
    }

    /// What registering `manifest` would do and why it would be refused. Nothing is written.
    pub async fn plan(&self, manifest: &str) -> Result<types::Plan, ClientError> {
        self.send(Method::POST, "products?dry_run=true", |request| manifest_body(request, manifest)).await
    }

    /// Registers a manifest.
    pub async fn register(&self, manifest: &str, options: &RegisterOptions<'_>) -> Result<types::Product, ClientError> {
        self.send(Method::POST, "products", |mut request| {
            if let Some(key) = options.idempotency_key {
                request = request.header("Idempotency-Key", key);
            }
            if let Some(digest) = options.findings_digest {
                request = request.header("Mesh-Findings-Digest", digest);
            }
            if let Some(seconds) = options.wait {
                request = request.header("Prefer", format!("wait={seconds}"));
            }
            manifest_body(request, manifest)
        })
        .await
    }

    /// A product; none if it does not exist, or the caller may not know of it.
    pub async fn product(&self, id: &str) -> Result<Option<types::Product>, ClientError> {
        found(self.get(&format!("products/{}", segment(id))).await)
    }

    /// Retires a product.
    pub async fn retire(&self, id: &str) -> Result<types::Product, ClientError> {
        self.send(Method::DELETE, &format!("products/{}", segment(id)), |request| request).await
    }

    /// A manifest that would take over a table of the domain's catalogue database.
    pub async fn draft_manifest(&self, domain: &str, table: &str) -> Result<types::ManifestDraft, ClientError> {
        self.get(&format!("domains/{}/tables/{}/manifest", segment(domain), segment(table))).await
    }

    /// Moves a contract to another major of its port.
    pub async fn move_contract(&self, id: &str, input: &types::ContractMove) -> Result<types::Contract, ClientError> {
        self.send_json(Method::POST, &format!("contracts/{}/move", segment(id)), input).await
    }

    /// Reads one snapshot of the contract's table, whatever is written since.
    pub async fn pin_contract(&self, id: &str, snapshot: i64) -> Result<types::Contract, ClientError> {
        self.send_json(Method::PUT, &format!("contracts/{}/pin", segment(id)), &types::ContractPin { snapshot }).await
    }

    /// Lets a contract follow its table again.
    pub async fn unpin_contract(&self, id: &str) -> Result<types::Contract, ClientError> {
        self.send(Method::DELETE, &format!("contracts/{}/pin", segment(id)), |request| request).await
    }

    /// Says that the consumer knows of the announced end of its contract's port.
    pub async fn acknowledge_contract(&self, id: &str) -> Result<types::Contract, ClientError> {
        self.send(Method::POST, &format!("contracts/{}/acknowledge", segment(id)), |request| request).await
    }

    /// A domain; none if it does not exist.
    pub async fn domain(&self, id: &str) -> Result<Option<types::Domain>, ClientError> {
        found(self.get(&format!("domains/{}", segment(id))).await)
    }

    /// Creates a domain.
    pub async fn create_domain(&self, input: &types::DomainInput) -> Result<types::Domain, ClientError> {
        self.send_json(Method::POST, "domains", input).await
    }

    /// Sets a domain's description and members.
    pub async fn update_domain(&self, input: &types::DomainInput) -> Result<types::Domain, ClientError> {
        self.send_json(Method::PUT, &format!("domains/{}", segment(input.id.as_str())), input).await
    }

    /// Deletes a domain.
    pub async fn delete_domain(&self, id: &str) -> Result<(), ClientError> {
        self.send_empty(Method::DELETE, &format!("domains/{}", segment(id))).await
    }

    /// A domain's storage; none if it has none, or the domain does not exist.
    pub async fn envelope(&self, domain: &str) -> Result<Option<types::Envelope>, ClientError> {
        found(self.get(&format!("domains/{}/envelope", segment(domain))).await)
    }

    /// Binds a domain to its storage.
    pub async fn bind_envelope(
        &self,
        domain: &str,
        envelope: &types::Envelope,
    ) -> Result<types::Envelope, ClientError> {
        self.send_json(Method::PUT, &format!("domains/{}/envelope", segment(domain)), envelope).await
    }

    /// Releases a domain's storage.
    pub async fn release_envelope(&self, domain: &str) -> Result<(), ClientError> {
        self.send_empty(Method::DELETE, &format!("domains/{}/envelope", segment(domain))).await
    }

    /// Asks for a contract.
    pub async fn request_contract(&self, input: &types::ContractInput) -> Result<types::Contract, ClientError> {
        self.send_json(Method::POST, "contracts", input).await
    }

    /// A contract; none if it does not exist, or the caller is no party to it.
    pub async fn contract(&self, id: &str) -> Result<Option<types::Contract>, ClientError> {
        found(self.get(&format!("contracts/{}", segment(id))).await)
    }

    /// Approves (`approve`), rejects (`reject`) or ends (`revoke`) a contract.
    pub async fn decide_contract(
        &self,
        id: &str,
        verb: &str,
        reason: Option<&str>,
    ) -> Result<types::Contract, ClientError> {
        let body = types::ContractDecision { reason: reason.map(str::to_owned) };
        self.send_json(Method::POST, &format!("contracts/{}/{}", segment(id), segment(verb)), &body).await
    }

    /// Publishes policies; `scope` is `global`, `products` or `domains/DOMAIN`.
    pub async fn publish_policies(
        &self,
        scope: &str,
        input: &types::PolicyInput,
    ) -> Result<types::PolicyBundle, ClientError> {
        self.send_json(Method::PUT, &format!("governance/policies/{scope}"), input).await
    }

    /// Gets `path` (relative, with its query) as JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, path, |request| request).await
    }

    /// Sends a JSON body and reads a JSON answer.
    pub async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.send(method, path, |request| request.json(body)).await
    }

    async fn send_empty(&self, method: Method, path: &str) -> Result<(), ClientError> {
        self.exchange(method, path, |request| request).await.map(|_| ())
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        shape: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, ClientError> {
        let body = self.exchange(method, path, shape).await?;
        serde_json::from_slice(&body)
            .map_err(|error| ClientError::Unexpected(format!("the answer cannot be read: {error}")))
    }

    /// One request with retries. Only what is safe to repeat is repeated: every request of this API is idempotent by its meaning,
    /// and registrations carry their own key.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        shape: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Vec<u8>, ClientError> {
        let url = self
            .endpoint
            .join(path)
            .map_err(|error| ClientError::Configuration(format!("`{path}` is not a path: {error}")))?;
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(method.clone(), url.clone(), &shape).await;
            let retry = match &outcome {
                Err(ClientError::Unreachable { .. }) => true,
                Err(ClientError::Problem(problem)) => matches!(problem.status, 429 | 502 | 503 | 504),
                _ => false,
            };
            if !retry || attempt == ATTEMPTS {
                return outcome;
            }
            tokio::time::sleep(Duration::from_millis(200 * 2_u64.pow(attempt))).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        method: Method,
        url: Url,
        shape: &impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Vec<u8>, ClientError> {
        let mut request = self.http.request(method, url.clone()).header(header::ACCEPT, "application/json");
        request = request.bearer_auth(self.token.token(&self.http).await?);
        if let Some(domain) = &self.acting_domain {
            request = request.header("Mesh-Domain", domain);
        }
        let unreachable = |error| ClientError::unreachable(self.endpoint.as_str(), error);
        let response = shape(request).send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        if status == StatusCode::UNAUTHORIZED {
            self.token.forget();
        }
        Err(ClientError::from_answer(status.as_u16(), &url, &body))
    }
}

fn manifest_body(request: RequestBuilder, manifest: &str) -> RequestBuilder {
    request.header(header::CONTENT_TYPE, "application/yaml").body(manifest.to_owned())
}

fn found<T>(result: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ClientError::Problem(problem)) if problem.status == 404 => Ok(None),
        Err(error) => Err(error),
    }
}

/// A path segment: names of the mesh pass as they are, anything else is encoded.
fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
