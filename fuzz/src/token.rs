//! Token verification: nothing passes but what the issuer signed, and of that only what is meant for this API, now.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
    time::SystemTime,
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::JwkSet};
use mesh_core::principal::Principal;
use mesh_http::{
    issuer::{Issuer, KeySource},
    token::{TokenError, Verifier},
};
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example.org";
const SCOPE: &str = "mesh/api";
const KEY_ID: &str = "fuzz";
/// Signs nothing but these tests' tokens; fixed, so that tokens of the corpus stay good.
const SIGNING_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBAYwVT0gJiaj/fCD5Z3Moswt4bUyzcO9VSINBr6FOIOhRANCAASQB6Nc5opGCZFTRcyFKwFfie9+TDn+rr+J9pcSVVxPl0WMW0jk2fLXUjnA34a3W1/Wx1wG5TelT/ek+6rTM/Vy";
/// Seconds by which clocks may differ, and a minute for a slow machine.
const GRACE: u64 = 30 + 60;

#[derive(Debug)]
struct Keys(JwkSet);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self, _: &str) -> Result<JwkSet, String> {
        Ok(self.0.clone())
    }
}

struct Bench {
    verifier: Verifier,
    key: EncodingKey,
    good: Vec<String>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let der = STANDARD.decode(SIGNING_KEY).expect("the key's text is base64");
    let key = EncodingKey::from_ec_der(&der);
    let (x, y) = ("kAejXOaKRgmRU0XMhSsBX4nvfkw5_q6_ifaXElVcT5c", "RYxbSOTZ8tdSOcDfhrdbX9bHXAblN6VP96T7qtMz9XI");
    let public = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": KEY_ID, "alg": "ES256", "use": "sig" });
    let keys = serde_json::from_value(json!({ "keys": [public] })).expect("a key set");
    let issuer = Issuer { issuer: ISSUER.to_owned(), jwks_uri: format!("{ISSUER}/keys"), scope: SCOPE.to_owned() };
    let verifier = Verifier::new(vec![issuer], Arc::new(Keys(keys)));
    let good = [
        json!({ "iss": ISSUER, "sub": "alice", "scope": SCOPE, "token_use": "access", "exp": 253_402_300_799_u64 }),
        json!({ "iss": ISSUER, "sub": "bob", "aud": ["other", SCOPE], "nbf": 1, "exp": 253_402_300_799_u64 }),
    ];
    let good = good.iter().map(|claims| sign(&key, claims)).collect();
    Bench { verifier, key, good }
});

/// Tokens that the issuer signed and that are to be accepted.
pub fn good_tokens() -> &'static [String] {
    &BENCH.good
}

/// Any bytes: as a header `Authorization`; as claims that the issuer signs, where they are JSON; as changes of a good token.
pub fn token(data: &[u8]) {
    let header = String::from_utf8_lossy(data);
    presented(&header);
    presented(&format!("Bearer {header}"));
    if let Ok(claims @ Value::Object(_)) = serde_json::from_slice(data) {
        signed(&claims);
    }
    for good in good_tokens() {
        changed(good, data);
    }
}

/// What passes is, but for the signature, a token that the issuer signed: ECDSA has two signatures for each.
fn presented(header: &str) {
    let Ok(principal) = verify(header) else { return };
    let presented = header.split_once(' ').map(|(_, token)| token.trim()).unwrap_or_default();
    let known = good_tokens().iter().find(|good| unsigned(good) == unsigned(presented));
    let known = known.expect("a token that the issuer did not sign passes");
    assert_eq!(verify(&format!("Bearer {known}")), Ok(principal), "the token names somebody else");
}

/// Each pair of bytes replaces a byte: its place, its new value.
fn changed(good: &str, data: &[u8]) {
    let mut bytes = good.as_bytes().to_vec();
    for change in data.chunks_exact(2).take(8) {
        let &[place, new] = change else { continue };
        // Places are spread over the token; the second byte's high bit tells odd ones from even ones.
        let place = (usize::from(place) * 2 + usize::from(new >> 7)) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place) {
            *byte = new & 0x7f;
        }
    }
    presented(&format!("Bearer {}", String::from_utf8_lossy(&bytes)));
}

/// Whatever the issuer signs, only what is meant for this API, now, for somebody with a name, passes.
fn signed(claims: &Value) {
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    let time = |key: &str| claims.get(key).and_then(Value::as_f64);
    let Ok(principal) = verify(&format!("Bearer {}", sign(&BENCH.key, claims))) else { return };
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52 seconds")]
    let (now, grace) = (now as f64, GRACE as f64);
    assert_eq!(text("iss"), Some(ISSUER), "another issuer's token passes: {claims}");
    assert!(time("exp").is_some_and(|end| end > now - grace), "an expired token passes: {claims}");
    assert!(
        claims.get("nbf").is_none_or(Value::is_null) || time("nbf").is_some_and(|start| start < now + grace),
        "{claims}"
    );
    assert!(claims.get("token_use").is_none_or(Value::is_null) || text("token_use") == Some("access"), "{claims}");
    let scoped = text("scope").is_some_and(|scopes| scopes.split(' ').any(|scope| scope == SCOPE));
    let named = match claims.get("aud") {
        Some(Value::String(one)) => one == SCOPE,
        Some(Value::Array(many)) => many.iter().any(|one| one == SCOPE),
        _ => false,
    };
    assert!(scoped || named, "a token for something else passes: {claims}");
    let subject = text("sub").expect("a token without a subject passes");
    assert!(!subject.is_empty() && !subject.contains(char::is_whitespace), "{claims}");
    assert_eq!(principal, Principal::new(ISSUER, subject));
}

fn unsigned(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(unsigned, _)| unsigned)
}

fn sign(key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
    encode(&header, claims, key).expect("claims that can be signed")
}

/// The keys are at hand, so that nothing has to be waited for.
fn verify(header: &str) -> Result<Principal, TokenError> {
    let verified = pin!(BENCH.verifier.principal(Some(header)));
    match verified.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("the keys are at hand"),
    }
}
