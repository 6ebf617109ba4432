//! Issuers that are trusted, and their keys.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::Mutex,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
pub use mesh_runtime::Issuer;

/// Fetches an issuer's keys.
#[async_trait]
pub trait KeySource: Debug + Send + Sync {
    /// The keys at `jwks_uri`, or why they cannot be had.
    async fn keys(&self, jwks_uri: &str) -> Result<JwkSet, String>;
}

/// Fetches keys by HTTP.
#[derive(Debug, Clone, Default)]
pub struct HttpKeys(pub reqwest::Client);

#[async_trait]
impl KeySource for HttpKeys {
    async fn keys(&self, jwks_uri: &str) -> Result<JwkSet, String> {
        let response =
            self.0.get(jwks_uri).timeout(Duration::from_secs(5)).send().await.map_err(|error| error.to_string())?;
        let response = response.error_for_status().map_err(|error| error.to_string())?;
        response.json().await.map_err(|error| error.to_string())
    }
}

/// How long keys are used without asking again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long to wait before a key that is not among them makes us ask again: forged key ids must not become a flood.
const RETRY: Duration = Duration::from_secs(30);

/// Keeps each issuer's keys. Bounded: one entry for each issuer that is configured.
#[derive(Debug, Default)]
pub(crate) struct KeyCache(Mutex<HashMap<String, (JwkSet, Instant)>>);

impl KeyCache {
    pub(crate) async fn keys(&self, source: &dyn KeySource, issuer: &Issuer, key_id: &str) -> Result<JwkSet, String> {
        let cached = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&issuer.issuer).cloned();
        if let Some((keys, at)) = cached {
            let age = at.elapsed();
            if (keys.find(key_id).is_some() && age < FRESH) || age < RETRY {
                return Ok(keys);
            }
        }
        let keys = source.keys(&issuer.jwks_uri).await?;
        let entry = (keys.clone(), Instant::now());
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(issuer.issuer.clone(), entry);
        Ok(keys)
    }
}
