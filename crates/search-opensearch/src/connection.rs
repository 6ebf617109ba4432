//! One bounded request to the search engine, and what its failures mean.

use std::{future::Future, time::Duration};

use aws_config::SdkConfig;
use mesh_core::error::StoreError;
use opensearch::{
    OpenSearch,
    auth::Credentials,
    http::{
        response::Response,
        transport::{SingleNodeConnectionPool, TransportBuilder},
    },
};
use serde_json::Value;
use url::Url;

use crate::answer::{ALREADY_EXISTS, EngineError, INDEX_NOT_FOUND, SERVICE};

/// How long a request may take, from the search for credentials to the last byte of the answer.
pub const TIMEOUT: Duration = Duration::from_secs(2);

/// How requests prove who sends them.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all: a node that listens to this machine only.
    None,
    /// Signed by the credentials and for the region of this configuration.
    SigV4(Box<SdkConfig>),
}

/// Why there can be no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("`{endpoint}` is not an endpoint: write a URL such as `https://search.example.org`")]
    Endpoint { endpoint: String },
    #[error("requests to the search endpoint cannot be signed: {0}")]
    Signing(String),
    #[error("no connection to the search endpoint can be made: {0}")]
    Client(String),
}

/// A client for `endpoint`; nothing is sent yet.
pub fn client(endpoint: &str, auth: Auth) -> Result<OpenSearch, ConnectError> {
    let url = Url::parse(endpoint)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| ConnectError::Endpoint { endpoint: endpoint.chars().take(200).collect() })?;
    // Proxies of the environment are not for a neighbour in the same network.
    let builder = TransportBuilder::new(SingleNodeConnectionPool::new(url)).timeout(TIMEOUT).disable_proxy();
    let builder = match auth {
        Auth::None => builder,
        Auth::SigV4(config) => {
            let credentials =
                Credentials::try_from(config.as_ref()).map_err(|error| ConnectError::Signing(error.to_string()))?;
            builder.auth(credentials).service_name("es")
        }
    };
    builder.build().map(OpenSearch::new).map_err(|error| ConnectError::Client(error.to_string()))
}

/// What the engine answered instead of succeeding.
#[derive(Debug)]
pub enum Failure {
    /// There is no index.
    NoIndex,
    /// Somebody else created it.
    IndexExists,
    /// A newer document is there.
    Outdated,
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoIndex => Self::unavailable(SERVICE, "the index was removed while it was used"),
            Failure::IndexExists | Failure::Outdated => Self::Conflict,
            Failure::Store(error) => error,
        }
    }
}

/// The body of the answer to one request that may take `limit`.
pub async fn answer(
    limit: Duration,
    request: impl Future<Output = Result<Response, opensearch::Error>> + Send,
) -> Result<Value, Failure> {
    let whole = async {
        let response = request.await.map_err(unavailable)?;
        let status = response.status_code().as_u16();
        Ok::<_, StoreError>((status, response.text().await.map_err(unavailable)?))
    };
    let late = |_| StoreError::unavailable(SERVICE, format!("no answer within {} ms", limit.as_millis()));
    let (status, text) = tokio::time::timeout(limit, whole).await.map_err(late)??;
    let body = serde_json::from_str::<Value>(&text);
    if (200..300).contains(&status) {
        return body.map_err(|error| StoreError::unavailable(SERVICE, error).into());
    }
    let error = body.ok().as_ref().and_then(EngineError::of);
    Err(match (status, error) {
        (404, Some(error)) if error.kind == INDEX_NOT_FOUND => Failure::NoIndex,
        (400, Some(error)) if error.kind == ALREADY_EXISTS => Failure::IndexExists,
        (409, _) => Failure::Outdated,
        (_, Some(error)) => {
            let what = format!("status {status}: {}: {}", error.kind, error.reason);
            StoreError::unavailable(SERVICE, what).into()
        }
        (_, None) => {
            let start: String = text.chars().take(200).collect();
            StoreError::unavailable(SERVICE, format!("status {status}: {start}")).into()
        }
    })
}

fn unavailable(error: opensearch::Error) -> StoreError {
    StoreError::unavailable(SERVICE, error)
}
