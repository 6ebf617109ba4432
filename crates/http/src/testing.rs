//! An issuer for tests: signs real tokens with a key made on the spot.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::JwkSet};
use serde_json::{Value, json};

use crate::{
    issuer::{Issuer, KeySource},
    token::Verifier,
};

/// The name of the test issuer.
pub const ISSUER: &str = "https://idp.example.org";
/// The scope that its tokens need.
pub const SCOPE: &str = "mesh/api";
const KEY_ID: &str = "test";

/// Signs tokens and hands out the key to verify them.
#[derive(Debug, Clone)]
pub struct TestIssuer {
    signing_key: String,
    keys: JwkSet,
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIssuer {
    /// An issuer with a new key.
    ///
    /// # Panics
    /// If no key can be made, which no test recovers from.
    pub fn new() -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key for tests can be made");
        let public = pair.public_key_raw();
        let (x, y) = public.get(1..).map(|point| point.split_at(point.len() / 2)).expect("an uncompressed point");
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": KEY_ID, "alg": "ES256", "use": "sig" });
        let keys = serde_json::from_value(json!({ "keys": [key] })).expect("a key set");
        Self { signing_key: pair.serialize_pem(), keys }
    }

    /// A verifier that trusts this issuer.
    pub fn verifier(&self) -> Verifier {
        let issuer = Issuer { issuer: ISSUER.to_owned(), jwks_uri: format!("{ISSUER}/keys"), scope: SCOPE.to_owned() };
        Verifier::new(vec![issuer], Arc::new(self.clone()))
    }

    /// A good access token for `subject`, valid for an hour.
    pub fn token(&self, subject: &str) -> String {
        self.sign(&self.claims(subject))
    }

    /// The claims of such a token, to be spoilt by a test.
    pub fn claims(&self, subject: &str) -> Value {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        json!({ "iss": ISSUER, "sub": subject, "scope": SCOPE, "token_use": "access", "iat": now, "exp": now + 3600 })
    }

    /// Signs any claims.
    ///
    /// # Panics
    /// If they cannot be signed, which no test recovers from.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        let key = EncodingKey::from_ec_pem(self.signing_key.as_bytes()).expect("the issuer's own key");
        encode(&header, claims, &key).expect("claims that can be signed")
    }
}

#[async_trait]
impl KeySource for TestIssuer {
    async fn keys(&self, _: &str) -> Result<JwkSet, String> {
        Ok(self.keys.clone())
    }
}
