//! Parameters of paths and queries. Unknown ones of queries are errors, since a filter that is misspelt and ignored answers another question.

use axum::{extract::FromRequestParts, http::request::Parts};
use mesh_core::error::{UseCaseError, Violation};
use serde::de::DeserializeOwned;

use crate::problem::Failure;

/// Extracts the query string into `T`, which should deny unknown fields.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|rejection| {
            let detail = rejection.to_string();
            let detail = detail.rsplit(": ").next().unwrap_or(&detail).to_owned();
            Failure::from(UseCaseError::Invalid(vec![
                Violation::new("request.invalid_query", "/query", detail)
                    .with_remedy("see /openapi.json for the parameters"),
            ]))
        })
    }
}

/// Extracts the path's parameters into `T`, with their percent-encoding undone.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|rejection| {
            Failure::invalid("request.invalid_path", "/path", rejection.body_text())
                .with_remedy("write names as they are: they hold lower-case letters, digits and hyphens only")
        })
    }
}

/// Items a page: `given`, 1 to 100, or `default`.
pub fn limit(given: Option<usize>, default: usize) -> Result<usize, Failure> {
    match given {
        None => Ok(default),
        Some(limit) if (1..=100).contains(&limit) => Ok(limit),
        Some(limit) => Err(Failure::invalid(
            "request.invalid_limit",
            "/query/limit",
            format!("{limit} items a page are not 1 to 100"),
        )),
    }
}
