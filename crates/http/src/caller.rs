//! The caller of a request: a verified token, then the domain it acts for.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
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
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let principal = gate.verifier.principal(token).await?;
        let caller = gate.identity.caller(principal, acting_domain(&parts.headers)?).await?;
        tracing::Span::current()
            .record("principal", caller.principal.as_str())
            .record("domain", caller.domain.as_str());
        Ok(Self(caller))
    }
}

/// What `Mesh-Domain` says. A header that cannot be read, or a second one, is not passed over: the caller meant some domain.
fn acting_domain(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let invalid = |detail| {
        Failure::invalid("request.invalid_domain", "/headers/Mesh-Domain", detail)
            .with_remedy("name one domain in Mesh-Domain")
    };
    let mut values = headers.get_all("mesh-domain").iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid("the header stands twice"));
    }
    first.to_str().map(Some).map_err(|_| invalid("the header holds other characters than printable ASCII"))
}
