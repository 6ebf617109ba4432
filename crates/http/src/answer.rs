//! Bodies: JSON in and out, and text as it was sent.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::Failure;

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON body. Coming in, it must be declared as JSON or not at all; going out, it is never cached.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

pub(crate) const JSON: &str = "application/json";
pub(crate) const YAML: &str = "application/yaml";

/// A body that is declared as something else than `accepted` is not looked at.
pub(crate) fn declared(request: &Request, accepted: &[&str]) -> Result<(), Failure> {
    let Some(declared) = request.headers().get(header::CONTENT_TYPE) else { return Ok(()) };
    let declared = String::from_utf8_lossy(declared.as_bytes());
    let kind = declared.split(';').next().unwrap_or_default().trim();
    if accepted.iter().any(|one| one.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    let shown: String = kind.chars().take(80).collect();
    let detail = format!("the body is declared as `{shown}`");
    let remedy = format!("send it as `Content-Type: {}`", accepted.join("` or `"));
    Err(Failure::new(415, "request.unsupported_type", "Unsupported type", detail).with_remedy(remedy))
}

pub(crate) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large =
        || Failure::new(413, "request.too_large", "Too large", format!("the body is larger than {MAX_BODY} bytes"));
    if declared.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    // A body that does not say how long it is shows it on the way.
    let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Failure::new(400, "request.unreadable_body", "The request is not valid", error.to_string()),
    })?;
    if bytes.len() > MAX_BODY { Err(too_large()) } else { Ok(bytes) }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        declared(&request, &[JSON])?;
        let bytes = bytes(request, state).await?;
        // An empty body stands for an empty object: decisions need no reason.
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // A list would be read as the values of an object's fields in their order.
        let is_object = text.trim_ascii_start().first() == Some(&b'{');
        let parsed = if is_object {
            serde_json::from_slice(text)
        } else {
            serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text)
                .and_then(|object| serde_json::from_value(object.into()))
        };
        parsed.map(Self).map_err(|error| {
            // The text may repeat what was sent.
            let detail: String = error.to_string().chars().take(300).collect();
            let mut failure = Failure::invalid("request.invalid_json", "", detail);
            for one in &mut failure.0.errors {
                (one.line, one.column) = (Some(error.line()), Some(error.column()));
            }
            failure.with_remedy("see /openapi.json for the body's shape")
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
