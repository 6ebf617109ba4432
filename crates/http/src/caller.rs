//! The caller of a request: a verified token, then the domain it acts for.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use mesh_core::{identity::Identity, principal::Caller};

use crate::{problem::Failure, token::Verifier};

/// What stands before every route that needs a token.
#[derive(Debug, Clone)]
pub struct Gate {
    pub verifier: Verifier,
    pub identity: Identity,
}

/// Extracts the caller; refuses the request where there is none.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Caller);

impl<S> FromRequestParts<S> for Authenticated
where
    Gate: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let gate = Gate::from_ref(state);
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let principal = gate.verifier.principal(authorization).await?;
        // What is no text is no name either, and must not pass for a header that is not there.
        let acting = parts.headers.get("mesh-domain").map(|value| String::from_utf8_lossy(value.as_bytes()));
        let caller = gate.identity.caller(principal, acting.as_deref()).await?;
        tracing::Span::current()
            .record("principal", caller.principal.as_str())
            .record("domain", caller.domain.as_str());
        Ok(Self(caller))
    }
}
