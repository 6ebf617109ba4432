//! Errors as Iceberg clients read them (`error` with message, type and code) inside the problem that everybody else reads.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use mesh_api::problem::{IcebergError, IcebergProblem, PROBLEM_JSON, Problem};
use mesh_core::{
    error::{StoreError, UseCaseError},
    table_catalog::CommitError,
};
use mesh_http::Failure;

/// A refusal to an Iceberg client.
#[derive(Debug)]
pub(crate) struct IcebergFailure {
    failure: Failure,
    kind: &'static str,
}

impl IcebergFailure {
    pub(crate) fn no_such_namespace(name: &str) -> Self {
        let shown: String = name.chars().take(80).collect();
        Self { failure: UseCaseError::not_found("namespace", shown).into(), kind: "NoSuchNamespaceException" }
    }

    pub(crate) fn no_such_table(namespace: &str, name: &str) -> Self {
        let shown: String = format!("{namespace}.{name}").chars().take(200).collect();
        Self { failure: UseCaseError::not_found("table", shown).into(), kind: "NoSuchTableException" }
    }

    /// The catalogue did not answer whether the pointer moved. By any other status (503 among them) a client takes the commit for not
    /// done and deletes the files that it wrote: if the pointer did move, the table's own.
    pub(crate) fn commit_state_unknown(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "it is not known whether a commit was applied");
        let failure = Failure::new(
            500,
            "iceberg.commit_state_unknown",
            "The commit's state is unknown",
            "the catalogue did not answer: the commit may have been applied or not",
        );
        Self {
            failure: failure.with_remedy("look at the table's snapshots before committing again"),
            kind: "CommitStateUnknownException",
        }
    }
}

impl From<Failure> for IcebergFailure {
    fn from(failure: Failure) -> Self {
        let kind = kind_of(failure.0.status);
        Self { failure, kind }
    }
}

impl From<UseCaseError> for IcebergFailure {
    fn from(error: UseCaseError) -> Self {
        Failure::from(error).into()
    }
}

impl From<StoreError> for IcebergFailure {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<CommitError> for IcebergFailure {
    fn from(error: CommitError) -> Self {
        let failure = match error {
            CommitError::RequirementFailed(detail) => {
                Failure::new(409, "iceberg.requirement_failed", "Conflict", detail)
                    .with_remedy("refresh the table and commit again")
            }
            CommitError::Refused { code, detail } => Failure::new(400, code, "Refused", detail)
                .with_remedy("register a new version of the product's manifest, then write by its schema"),
            CommitError::Invalid(detail) => {
                Failure::new(400, "iceberg.invalid_commit", "The request is not valid", detail)
            }
        };
        failure.into()
    }
}

impl IntoResponse for IcebergFailure {
    fn into_response(self) -> Response<Body> {
        let mut response = self.failure.into_response();
        response.extensions_mut().insert(Kind(self.kind));
        response
    }
}

/// What Iceberg calls a refusal whose status alone does not tell.
#[derive(Debug, Clone, Copy)]
struct Kind(&'static str);

/// Every problem, whoever found it, as Iceberg clients read it.
pub(crate) async fn as_clients_read_it(response: Response<Body>) -> Response<Body> {
    if response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROBLEM_JSON) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) else {
        return Response::from_parts(parts, bytes.into());
    };
    let kind = parts.extensions.get::<Kind>().map_or_else(|| kind_of(problem.status), |kind| kind.0);
    let mut message = problem.detail.clone();
    for error in problem.errors.iter().filter(|error| error.detail != problem.detail) {
        message = format!("{message}; {}", error.detail);
    }
    if let Some(remedy) = &problem.remedy {
        message = format!("{message} ({remedy})");
    }
    let error = IcebergError { message, kind: kind.to_owned(), code: problem.status };
    let body = serde_json::to_vec(&IcebergProblem { problem, error }).unwrap_or_else(|_| bytes.to_vec());
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body.into())
}

fn kind_of(status: u16) -> &'static str {
    match status {
        401 => "NotAuthorizedException",
        403 => "ForbiddenException",
        404 => "NoSuchTableException",
        409 => "CommitFailedException",
        503 => "ServiceUnavailableException",
        504 => "CommitStateUnknownException",
        500 => "InternalServerError",
        _ => "BadRequestException",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(response: Response<Body>) -> IcebergProblem {
        let response = as_clients_read_it(response).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        serde_json::from_slice(&axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn every_refusal_has_both_forms() {
        let unknown = read(IcebergFailure::no_such_namespace("nowhere").into_response()).await;
        assert_eq!((unknown.problem.status, unknown.error.code), (404, 404));
        assert_eq!(unknown.error.kind, "NoSuchNamespaceException");
        let refused = Failure::new(401, "token.refused", "Not authenticated", "no token").with_remedy("send one");
        let refused = read(refused.into_response()).await;
        assert_eq!(refused.problem.code, "token.refused");
        assert_eq!(
            (refused.error.kind.as_str(), refused.error.message.as_str()),
            ("NotAuthorizedException", "no token (send one)")
        );
    }

    #[tokio::test]
    async fn what_is_no_refusal_stays_as_it_is() {
        let response = as_clients_read_it(StatusCode::NO_CONTENT.into_response()).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(response.headers().get(header::CONTENT_TYPE).is_none());
    }
}
