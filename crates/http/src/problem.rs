//! From a use case's refusal to an RFC 9457 answer. Sources of errors go to the log, never to the caller.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use mesh_api::{Problem, ProblemError, problem::PROBLEM_JSON};
use mesh_core::error::{StoreError, UseCaseError, Violation};

use crate::token::TokenError;

/// The most single things that one answer lists: a short request can be wrong in a hundred thousand ways.
const MAX_ERRORS: usize = 100;

/// What a handler answers instead of succeeding.
#[derive(Debug)]
pub struct Failure(pub Box<Problem>);

impl Failure {
    /// A failure of `code` with HTTP `status`.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(status, code, title, detail)))
    }

    /// The request is not valid at `pointer`.
    pub fn invalid(code: &str, pointer: &str, detail: impl Into<String>) -> Self {
        UseCaseError::invalid(code, pointer, detail).into()
    }

    /// The same with what to do about it.
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        UseCaseError::Invalid(vec![violation]).into()
    }
}

/// A violation on the wire.
pub fn problem_error(violation: Violation) -> ProblemError {
    ProblemError {
        code: violation.code,
        pointer: violation.pointer,
        detail: violation.detail,
        line: violation.position.map(|(line, _)| line),
        column: violation.position.map(|(_, column)| column),
        remedy: violation.remedy,
    }
}

impl From<UseCaseError> for Failure {
    fn from(error: UseCaseError) -> Self {
        let detail = error.to_string();
        let mut problem = match error {
            UseCaseError::Invalid(violations) => {
                let too_large = violations.iter().any(|violation| violation.code == "manifest.too_large");
                let reused = violations.iter().any(|violation| violation.code == "idempotency.other_body");
                let status = if too_large {
                    413
                } else if reused {
                    422
                } else {
                    400
                };
                let detail = match violations.as_slice() {
                    [one] => one.detail.clone(),
                    many if many.len() > MAX_ERRORS => {
                        format!("{} things are wrong with the request; the first {MAX_ERRORS} are listed", many.len())
                    }
                    many => format!("{} things are wrong with the request", many.len()),
                };
                let code = if violations.len() == 1 {
                    violations.first().map_or("request.invalid", |one| &one.code)
                } else {
                    "request.invalid"
                };
                let mut problem = Problem::new(status, code, "The request is not valid", detail);
                problem.remedy = violations.iter().find_map(|violation| violation.remedy.clone());
                problem.errors = violations.into_iter().map(problem_error).collect();
                problem
            }
            UseCaseError::Forbidden { code, remedy, violations, .. } => {
                let mut problem = Problem::new(403, code, "Not allowed", detail);
                problem.remedy = remedy;
                problem.errors = violations.into_iter().map(problem_error).collect();
                problem
            }
            UseCaseError::NotFound { what, .. } => {
                let mut problem = Problem::new(404, &format!("{what}.not_found"), "Not found", detail);
                problem.remedy = Some("check the name, and whether your domain may know of it".to_owned());
                problem
            }
            UseCaseError::Conflict { code, remedy, violations, .. } => {
                let mut problem = Problem::new(409, code, "Conflict", detail);
                problem.remedy = remedy;
                problem.errors = violations.into_iter().map(problem_error).collect();
                problem
            }
            UseCaseError::Refused { code, violations, .. } => {
                let mut problem = Problem::new(422, code, "Refused", detail);
                problem.errors = violations.into_iter().map(problem_error).collect();
                problem
            }
            UseCaseError::Gone { code, remedy, successor, .. } => {
                let mut problem = Problem::new(410, code, "Gone", detail);
                problem.remedy = remedy;
                problem.successor = successor;
                problem
            }
            UseCaseError::AmbiguousDomain { .. } => {
                let mut problem =
                    Problem::new(400, "identity.ambiguous_domain", "Which domain do you act for?", detail);
                problem.remedy = Some("name one in the header Mesh-Domain".to_owned());
                problem
            }
            UseCaseError::Store(error) => return error.into(),
        };
        problem.instance = String::new();
        problem.errors.truncate(MAX_ERRORS);
        Self(Box::new(problem))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::InvalidCursor => {
                return Self::invalid("request.invalid_cursor", "/query/cursor", error.to_string());
            }
            StoreError::TooLarge { .. } => return Self::new(413, "request.too_large", "Too large", error.to_string()),
            StoreError::Conflict => {
                return Self::new(409, "store.conflict", "Conflict", "somebody else was faster; nothing was written")
                    .with_remedy("read again and retry");
            }
            _ => {}
        }
        tracing::error!(error = &error as &dyn std::error::Error, "a service failed");
        match error {
            StoreError::Unavailable { service, .. } => Self::new(
                503,
                "service.unavailable",
                "Unavailable",
                format!("{service} is unavailable, and the request was not answered"),
            )
            .with_remedy("send the same request again in a moment"),
            StoreError::Denied { service, .. } => Self::new(
                503,
                "service.denied",
                "Unavailable",
                format!("{service} did not let the platform do its work"),
            )
            .with_remedy("ask the platform team to look at the domain's envelope"),
            _ => Self::new(
                500,
                "platform.error",
                "The platform failed",
                "the platform failed to answer; the log tells why",
            )
            .with_remedy("tell the platform team the request id"),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        if let TokenError::Keys(reason) = &error {
            tracing::error!(reason, "an issuer's keys cannot be had");
            return Self::new(503, "token.keys_unavailable", "Unavailable", error.to_string())
                .with_remedy("try again in a moment");
        }
        Self::new(401, "token.refused", "Not authenticated", error.to_string())
            .with_remedy("send `Authorization: Bearer TOKEN` with an access token of a trusted issuer")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}
