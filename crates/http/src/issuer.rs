//! Issuers that are trusted, and their keys.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex, OnceLock, PoisonError},
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

/// Fetches keys by HTTP. The client is made by the first fetch: it reads the system's root certificates, which a cold start need
/// not wait for.
#[derive(Debug, Default)]
pub struct HttpKeys(OnceLock<reqwest::Client>);

/// How long a fetch may take: it stands before the work of a request, which has 20 s in all.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

#[async_trait]
impl KeySource for HttpKeys {
    async fn keys(&self, jwks_uri: &str) -> Result<JwkSet, String> {
        let client = self.0.get_or_init(reqwest::Client::new);
        let response = client.get(jwks_uri).timeout(FETCH_TIMEOUT).send().await.map_err(|error| error.to_string())?;
        let response = response.error_for_status().map_err(|error| error.to_string())?;
        response.json().await.map_err(|error| error.to_string())
    }
}

/// How long keys are used for what.
#[derive(Debug, Clone, Copy)]
struct Lives {
    /// Keys are used so long without asking again.
    fresh: Duration,
    /// How long to wait before a key that is not among them makes us ask again: forged key ids must not become a flood.
    unknown: Duration,
    /// How long to wait after a fetch that failed: requests must not queue up behind an endpoint that does not answer.
    failed: Duration,
    /// Where the issuer does not answer, keys that it once gave go on serving so long. A key that it withdraws meanwhile does
    /// too: long enough for an outage, no longer.
    stale: Duration,
}

const LIVES: Lives = Lives {
    fresh: Duration::from_secs(3600),
    unknown: Duration::from_secs(30),
    failed: Duration::from_secs(10),
    stale: Duration::from_secs(24 * 3600),
};

/// Keeps each issuer's keys. Bounded: one entry for each issuer that is configured.
#[derive(Debug)]
pub(crate) struct KeyCache {
    lives: Lives,
    issuers: Mutex<HashMap<String, Arc<Slot>>>,
}

/// What is known of one issuer.
#[derive(Debug, Default)]
struct Slot {
    known: Mutex<Known>,
    /// Held while keys are fetched: of many requests at once, one asks and the others wait for its answer.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    keys: Option<(JwkSet, Instant)>,
    failed: Option<(String, Instant)>,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self { lives: LIVES, issuers: Mutex::default() }
    }
}

impl KeyCache {
    /// The issuer's keys, with or without the one called `key_id`; an error only where they cannot be had and that one is not known.
    pub(crate) async fn keys(&self, source: &dyn KeySource, issuer: &Issuer, key_id: &str) -> Result<JwkSet, String> {
        let slot = {
            let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
            issuers.entry(issuer.issuer.clone()).or_default().clone()
        };
        if let Some(answer) = self.without_asking(&slot.known(), key_id) {
            return answer;
        }
        let _turn = slot.turn.lock().await;
        if let Some(answer) = self.without_asking(&slot.known(), key_id) {
            return answer;
        }
        match source.keys(&issuer.jwks_uri).await {
            Ok(keys) => {
                slot.note(Known { keys: Some((keys.clone(), Instant::now())), failed: None });
                Ok(keys)
            }
            Err(reason) => {
                let known = Known { failed: Some((reason.clone(), Instant::now())), ..slot.known() };
                tracing::warn!(issuer = issuer.issuer, reason, "an issuer's keys cannot be fetched");
                let answer = self.stale(&known, key_id).ok_or(reason);
                slot.note(known);
                answer
            }
        }
    }

    /// The answer that needs no fetch, if there is one.
    fn without_asking(&self, known: &Known, key_id: &str) -> Option<Result<JwkSet, String>> {
        if let Some((keys, at)) = &known.keys {
            let age = at.elapsed();
            if (keys.find(key_id).is_some() && age < self.lives.fresh) || age < self.lives.unknown {
                return Some(Ok(keys.clone()));
            }
        }
        let (reason, _) = known.failed.as_ref().filter(|(_, at)| at.elapsed() < self.lives.failed)?;
        Some(self.stale(known, key_id).ok_or_else(|| reason.clone()))
    }

    /// Keys that are no longer fresh, if the wanted one is among them.
    fn stale(&self, known: &Known, key_id: &str) -> Option<JwkSet> {
        let (keys, at) = known.keys.as_ref()?;
        (keys.find(key_id).is_some() && at.elapsed() < self.lives.stale).then(|| keys.clone())
    }
}

impl Slot {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    /// An issuer with the key `k1` that can be out of reach, and counts who asks.
    #[derive(Debug, Default)]
    struct Endpoint {
        down: AtomicBool,
        asked: AtomicUsize,
    }

    impl Endpoint {
        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[async_trait]
    impl KeySource for Endpoint {
        async fn keys(&self, _: &str) -> Result<JwkSet, String> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // Others get to ask meanwhile, as over a network.
            tokio::task::yield_now().await;
            if self.down.load(Ordering::SeqCst) {
                return Err("no route to host".to_owned());
            }
            let key = json!({ "kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB" });
            serde_json::from_value(json!({ "keys": [key] })).map_err(|error| error.to_string())
        }
    }

    fn issuer() -> Issuer {
        let text = |text: &str| text.to_owned();
        Issuer { issuer: text("https://idp"), jwks_uri: text("https://idp/keys"), scope: text("mesh/api") }
    }

    fn cache(lives: Lives) -> KeyCache {
        KeyCache { lives, ..KeyCache::default() }
    }

    #[tokio::test]
    async fn known_keys_outlive_an_outage_of_their_issuer_and_unknown_ones_do_not() {
        let endpoint = Endpoint::default();
        let cache = cache(Lives { fresh: Duration::ZERO, unknown: Duration::ZERO, ..LIVES });
        cache.keys(&endpoint, &issuer(), "k1").await.unwrap();
        endpoint.down.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            assert!(cache.keys(&endpoint, &issuer(), "k1").await.unwrap().find("k1").is_some());
            assert_eq!(cache.keys(&endpoint, &issuer(), "k2").await.unwrap_err(), "no route to host");
        }
        assert_eq!(endpoint.asked(), 2, "an endpoint that failed is left in peace for a while");
    }

    #[tokio::test]
    async fn keys_do_not_serve_for_ever_without_their_issuer() {
        let endpoint = Endpoint::default();
        let cache = cache(Lives { fresh: Duration::ZERO, unknown: Duration::ZERO, stale: Duration::ZERO, ..LIVES });
        cache.keys(&endpoint, &issuer(), "k1").await.unwrap();
        endpoint.down.store(true, Ordering::SeqCst);
        cache.keys(&endpoint, &issuer(), "k1").await.unwrap_err();
    }

    #[tokio::test]
    async fn an_issuer_that_is_back_is_asked_again() {
        let endpoint = Endpoint::default();
        let cache = cache(Lives { failed: Duration::ZERO, ..LIVES });
        endpoint.down.store(true, Ordering::SeqCst);
        cache.keys(&endpoint, &issuer(), "k1").await.unwrap_err();
        endpoint.down.store(false, Ordering::SeqCst);
        assert!(cache.keys(&endpoint, &issuer(), "k1").await.unwrap().find("k1").is_some());
    }

    #[tokio::test]
    async fn of_many_at_once_one_asks() {
        let endpoint = Endpoint::default();
        for (down, asked) in [(true, 1), (false, 2)] {
            endpoint.down.store(down, Ordering::SeqCst);
            let (cache, issuer) = (KeyCache::default(), issuer());
            let answers = four_at_once(&cache, &endpoint, &issuer).await;
            assert!(answers.iter().all(|answer| answer.is_err() == down));
            assert_eq!(endpoint.asked(), asked);
        }
    }

    async fn four_at_once(cache: &KeyCache, endpoint: &Endpoint, issuer: &Issuer) -> Vec<Result<JwkSet, String>> {
        let ask = || cache.keys(endpoint, issuer, "k1");
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        vec![a, b, c, d]
    }
}
