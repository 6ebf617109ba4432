//! Bearer tokens: verified here, in the function, whatever stands in front of it.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::AlgorithmParameters};
use mesh_core::principal::Principal;
use serde::Deserialize;

use crate::issuer::{HttpKeys, Issuer, KeyCache, KeySource};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// Asymmetric signatures only: `none` and shared secrets are never accepted.
const ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// Why a token is refused. The texts go to the caller and tell nothing of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the request carries no bearer token")]
    Missing,
    #[error("the token is not a signed JWT")]
    Malformed,
    #[error("the token is signed by `{0}`, which is not accepted")]
    Algorithm(String),
    #[error("the token's issuer is not trusted here")]
    Issuer,
    #[error("the token's signature does not hold")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token is not an access token")]
    Use,
    #[error("the token is neither meant for this API nor has the scope `{0}`")]
    Scope(String),
    /// Not the caller's fault.
    #[error("the issuer's keys cannot be had")]
    Keys(String),
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    token_use: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

/// Verifies tokens of trusted issuers. Keys are kept for an hour.
#[derive(Debug, Clone)]
pub struct Verifier {
    issuers: Arc<[Issuer]>,
    source: Arc<dyn KeySource>,
    cache: Arc<KeyCache>,
}

impl Verifier {
    /// Trusts `issuers`.
    pub fn new(issuers: Vec<Issuer>, source: Arc<dyn KeySource>) -> Self {
        Self { issuers: issuers.into(), source, cache: Arc::default() }
    }

    /// Trusts `issuers`, with their keys fetched by HTTP.
    pub fn over_http(issuers: Vec<Issuer>) -> Self {
        Self::new(issuers, Arc::new(HttpKeys::default()))
    }

    /// The principal behind an `Authorization` header.
    pub async fn principal(&self, authorization: Option<&str>) -> Result<Principal, TokenError> {
        let (scheme, token) = authorization.and_then(|header| header.split_once(' ')).ok_or(TokenError::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::Missing);
        }
        self.verify(token.trim()).await
    }

    async fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        // An algorithm that the library does not know, `none` among them, is a header that cannot be read.
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(TokenError::Algorithm(format!("{:?}", header.alg)));
        }
        let claimed = unverified_issuer(token).ok_or(TokenError::Malformed)?;
        let issuer = self.issuers.iter().find(|issuer| issuer.issuer == claimed).ok_or(TokenError::Issuer)?;
        let key_id = header.kid.as_deref().ok_or(TokenError::Malformed)?;
        let keys = self.cache.keys(&*self.source, issuer, key_id).await.map_err(TokenError::Keys)?;
        let key = keys.find(key_id).ok_or(TokenError::Signature)?;
        if matches!(key.algorithm, AlgorithmParameters::OctetKey(_)) {
            return Err(TokenError::Signature);
        }
        let key = DecodingKey::from_jwk(key).map_err(|_| TokenError::Signature)?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        // Cognito's access tokens have no `aud`; scope or audience is checked below.
        validation.validate_aud = false;
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        let claims = decode::<Claims>(token, &key, &validation).map_err(|error| refused(&error))?.claims;
        check(&claims, issuer)?;
        Ok(Principal::new(&claims.iss, &claims.sub))
    }
}

/// An ID token passes nowhere: it says who somebody is, not what they may do here.
fn check(claims: &Claims, issuer: &Issuer) -> Result<(), TokenError> {
    if claims.token_use.as_deref().is_some_and(|used| used != "access") {
        return Err(TokenError::Use);
    }
    let plain = |text: &str| !text.is_empty() && text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain(&claims.sub) {
        return Err(TokenError::Malformed);
    }
    let scoped = claims.scope.as_deref().is_some_and(|scopes| scopes.split(' ').any(|scope| scope == issuer.scope));
    let addressed = claims.aud.as_ref().is_some_and(|audience| audience.names(&issuer.scope));
    if scoped || addressed { Ok(()) } else { Err(TokenError::Scope(issuer.scope.clone())) }
}

fn refused(error: &jsonwebtoken::errors::Error) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => {
            TokenError::Signature
        }
        _ => TokenError::Malformed,
    }
}

/// Which issuer's keys to look for. Believed only once the signature holds.
fn unverified_issuer(token: &str) -> Option<String> {
    use base64::Engine;
    #[derive(Deserialize)]
    struct Issued {
        iss: String,
    }
    let payload = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Issued>(&bytes).ok().map(|issued| issued.iss)
}
