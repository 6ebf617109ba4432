//! Routers from the one route table, and how a function runs one.

use std::time::{Duration, Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    handler::Handler,
    http::{HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use mesh_api::routes::{Function, ROUTES, Route};
use mesh_core::metrics;
use tracing::Instrument;

use crate::problem::Failure;

/// How long a request may take. The gateway gives up after 30 s, and a function is ended after 29, both without a word that
/// could be understood: what hangs in several calls one after the other is told before that.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Builds the router of one function. A route that belongs to another function, or one of its own that is left out, is a defect.
#[derive(Debug)]
pub struct Routes<S> {
    function: Function,
    served: Vec<&'static str>,
    router: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub fn of(function: Function) -> Self {
        Self { function, served: Vec::new(), router: Router::new() }
    }

    /// Serves `route` by `handler`.
    pub fn serve<H, T>(mut self, route: &Route, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        assert_eq!(route.function, self.function, "the route `{}` belongs to another function", route.operation);
        let method = match route.method {
            "GET" => MethodFilter::GET,
            "HEAD" => MethodFilter::HEAD,
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            other => unreachable!("the route table has no method `{other}`"),
        };
        let served: MethodRouter<S> = on(method, handler);
        self.router = self.router.route(route.path, served);
        self.served.push(route.operation);
        self
    }

    /// The router, with problems for what it does not serve and a span around every request.
    pub fn finish(self, state: S) -> Router {
        let missing: Vec<_> = mesh_api::routes::of(self.function)
            .map(|route| route.operation)
            .filter(|operation| !self.served.contains(operation))
            .collect();
        assert!(missing.is_empty(), "operations of the route table that are not served: {missing:?}");
        self.router
            .fallback(|| async {
                Failure::new(404, "route.not_found", "Not found", "there is no such route")
                    .with_remedy("see /openapi.json")
            })
            .method_not_allowed_fallback(|| async {
                Failure::new(405, "route.method_not_allowed", "Method not allowed", "this route has no such method")
                    .with_remedy("see /openapi.json")
            })
            .layer(middleware::from_fn(trace))
            .with_state(state)
    }
}

/// One span for each invocation; the answer carries the request id by which it can be found in the log.
async fn trace(request: Request, next: Next) -> Response {
    use lambda_http::RequestExt;
    let request_id =
        request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_else(mesh_core::audit::new_id);
    let span = tracing::info_span!(
        "request",
        request_id,
        method = %request.method(),
        path = request.uri().path(),
        principal = tracing::field::Empty,
        domain = tracing::field::Empty,
    );
    let path = request.uri().path().to_owned();
    let operation = operation(&request);
    async move {
        let started = Instant::now();
        let response = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
        let response = response.unwrap_or_else(|_| too_slow().into_response());
        let status = response.status();
        let elapsed = started.elapsed();
        tracing::info!(operation, status = status.as_u16(), elapsed_ms = elapsed.as_secs_f64() * 1000.0, "answered");
        metrics::answered(operation, status.as_u16(), elapsed);
        let mut response = with_context(response, &path, &request_id).await;
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        response
    }
    .instrument(span)
    .await
}

/// 504 and not 503: what was asked may have taken effect, as Iceberg clients want to know before they commit again.
fn too_slow() -> Failure {
    let detail = format!(
        "there was no answer within {} s; what was asked may have taken effect all the same",
        REQUEST_TIMEOUT.as_secs()
    );
    Failure::new(504, "service.too_slow", "Too slow", detail)
        .with_remedy("look whether it has, and try again in a moment")
}

/// The operation that a request asks for; `none` where there is none.
fn operation(request: &Request) -> &'static str {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let asked = |route: &&Route| Some(route.path) == path && route.method == request.method().as_str();
    ROUTES.iter().find(asked).map_or("none", |route| route.operation)
}

/// Problems name the request they are about.
async fn with_context(response: Response, path: &str, request_id: &str) -> Response {
    let is_problem = response.headers().get("content-type").is_some_and(|kind| kind == mesh_api::problem::PROBLEM_JSON);
    if !is_problem {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = match serde_json::from_slice::<mesh_api::Problem>(&bytes) {
        Ok(mut problem) => {
            problem.instance = path.to_owned();
            problem.request_id = Some(request_id.to_owned());
            serde_json::to_vec(&problem).unwrap_or_else(|_| bytes.to_vec())
        }
        Err(_) => bytes.to_vec(),
    };
    let mut parts = parts;
    parts.headers.remove("content-length");
    Response::from_parts(parts, body.into())
}
