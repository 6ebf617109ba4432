//! `/products`: plan, register, read, list, history, retire, promises.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mesh_api::{ProblemError, types};
use mesh_core::{
    error::{UseCaseError, Violation},
    plan::RegisterOptions,
    principal::Caller,
    product::{Product, Status},
};
use mesh_http::{
    Authenticated, Failure, Json, Path, Query, convert,
    documents::{Documents, ODCS_JSON, ODCS_YAML, ODPS_JSON, ODPS_YAML},
    problem::problem_error,
    query::limit,
};
use mesh_manifest::{DomainName, PortSelector, ProductId, Severity, Visibility, canonical, standards};
use serde::Deserialize;
use serde_json::Value;

use crate::Registry;

/// The longest that a request waits for a product: the gateway cuts at 30 s.
const MAX_WAIT: u64 = 20;
/// How often a waiting request looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The most measurements that are shown.
const MAX_MEASUREMENTS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterQuery {
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    domain: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionQuery {
    version: Option<u64>,
}

pub(crate) async fn register(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Query(query): Query<RegisterQuery>,
    headers: HeaderMap,
    documents: Documents,
) -> Result<Response, Failure> {
    // What registering would refuse of the request itself, its plan refuses as well.
    let idempotency = idempotency_key(&caller, &headers, &documents.whole())?;
    let wait = preferred_wait(&headers)?;
    let digest = findings_digest(&headers)?;
    let (text, told) = manifest_text(documents)?;
    if query.dry_run == Some(true) {
        let mut plan = convert::plan(registry.registrar.plan(&caller, &text).await?);
        plan.warnings.extend(told);
        return Ok(Json(plan).into_response());
    }
    let options = RegisterOptions { findings_digest: digest, idempotency };
    let registered = registry.registrar.register(&caller, &text, options).await?;
    let product = match wait {
        Some(wait) => settled(&registry, registered.product, wait).await,
        None => registered.product,
    };
    let location = format!("/products/{}", product.id);
    let mut body = convert::product(product, registered.ports, true);
    body.warnings = registered.warnings.into_iter().map(problem_error).chain(told).collect();
    let status = if registered.written { StatusCode::ACCEPTED } else { StatusCode::OK };
    let mut response = (status, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if wait.is_some() {
        response.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
    }
    Ok(response)
}

pub(crate) async fn list(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Query(query): Query<ListQuery>,
) -> Result<Json<types::ProductPage>, Failure> {
    let domain: Option<DomainName> = query
        .domain
        .map(|text| {
            text.parse()
                .map_err(|error| UseCaseError::invalid("request.invalid_domain", "/query/domain", format!("{error}")))
        })
        .transpose()?;
    let limit = limit(query.limit, 50)?;
    let (mut items, mut cursor) = (Vec::new(), query.cursor);
    loop {
        let page = registry.products.products(domain.as_ref(), cursor.as_deref(), limit - items.len()).await?;
        // A cursor tells the id of the last product on its page: only one that is listed may be that.
        let tells_nothing = page.items.last().is_none_or(|last| is_listed(&caller, last));
        for product in page.items.into_iter().filter(|product| is_listed(&caller, product)) {
            let own = is_own(&caller, &product);
            items.push(convert::product(product, Vec::new(), own));
        }
        cursor = page.cursor;
        if tells_nothing || cursor.is_none() {
            return Ok(Json(types::ProductPage { items, cursor }));
        }
    }
}

/// Hidden products are absent from lists, even for contract holders: they know the address already.
fn is_listed(caller: &Caller, product: &Product) -> bool {
    is_own(caller, product)
        || product.manifest.access.visibility == Visibility::Company && product.status != Status::Retired
}

pub(crate) async fn read(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let product = visible(&registry, &caller, &id).await?;
    if let Some(kind) = accepted(&headers, &[ODPS_JSON, ODPS_YAML]) {
        return Ok(document(kind, &standards::export_product(&product.manifest)));
    }
    let ports = registry.products.ports(&product.id).await?;
    let own = is_own(&caller, &product);
    Ok(Json(convert::product(product, ports, own)).into_response())
}

/// The contract of a port, as a document of the Open Data Contract Standard: the one that it was read from, or one made from the manifest.
pub(crate) async fn contract(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path((id, port)): Path<(String, String)>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let product = visible(&registry, &caller, &id).await?;
    let selector = selector(&id, &port, query.version)?;
    let found = product.manifest.newest(&selector.port, selector.major);
    let port = found.ok_or_else(|| no_port(&id, &port))?;
    let address = product.manifest.address(port);
    let contract = standards::export_contract(&product.manifest, &address)
        .ok_or_else(|| UseCaseError::not_found("port", &address))?;
    Ok(match accepted(&headers, &[ODCS_JSON, ODCS_YAML]) {
        Some(kind) => document(kind, &contract),
        None => Json(contract).into_response(),
    })
}

/// A manifest as text, and what is to be said of how it was made.
fn manifest_text(documents: Documents) -> Result<(String, Vec<ProblemError>), Failure> {
    match documents {
        Documents::Manifest(text) => Ok((text, Vec::new())),
        Documents::Standard { product, contracts } => {
            let contracts: Vec<&str> = contracts.iter().map(String::as_str).collect();
            let imported = standards::import(&product, &contracts).map_err(|problems| {
                // What is only remarked would be counted among what is wrong.
                let errors = problems.into_iter().filter(|problem| problem.severity == Severity::Error);
                UseCaseError::Invalid(errors.map(Violation::from).collect())
            })?;
            let told = imported.warnings.into_iter().map(|warning| problem_error(warning.into())).collect();
            Ok((imported.manifest.canonical(), told))
        }
    }
}

/// The first of `kinds` that the caller asks for by name.
fn accepted(headers: &HeaderMap, kinds: &[&'static str]) -> Option<&'static str> {
    let asked = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut named =
        asked.flat_map(|value| value.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim());
    named.find_map(|one| kinds.iter().find(|kind| kind.eq_ignore_ascii_case(one)).copied())
}

/// JSON is YAML, too.
fn document(kind: &'static str, document: &Value) -> Response {
    let mut response = Json(document).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

pub(crate) async fn retire(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Product>, Failure> {
    let product = registry.registrar.retire(&caller, &product_id(&id)?).await?;
    Ok(Json(convert::product(product, Vec::new(), true)))
}

pub(crate) async fn history(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(paging): Query<crate::domains::Paging>,
) -> Result<Json<types::RevisionPage>, Failure> {
    let product = visible(&registry, &caller, &id).await?;
    let page = registry.products.history(&product.id, paging.cursor.as_deref(), limit(paging.limit, 50)?).await?;
    let own = is_own(&caller, &product);
    let (current, status) = (product.revision, product.status);
    let page = page.map(|mut product| {
        if !own {
            product.manifest_text = String::new();
        }
        // What became of the revision that stands is kept with the product, not with the revision.
        if product.revision == current {
            product.status = status;
        }
        convert::revision(product, current)
    });
    Ok(Json(types::RevisionPage { items: page.items, cursor: page.cursor }))
}

/// What a path names of a product's ports.
pub(crate) fn selector(product: &str, port: &str, version: Option<u64>) -> Result<PortSelector, UseCaseError> {
    PortSelector::parse(port, version).ok_or_else(|| no_port(product, port))
}

fn no_port(product: &str, port: &str) -> UseCaseError {
    UseCaseError::not_found("port", format!("{product}/{port}").chars().take(120).collect::<String>())
}

pub(crate) async fn sla(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path((id, port)): Path<(String, String)>,
    Query(query): Query<VersionQuery>,
) -> Result<Json<types::SlaStatus>, Failure> {
    let product = visible(&registry, &caller, &id).await?;
    let ports = registry.products.ports(&product.id).await?;
    let selector = selector(&id, &port, query.version)?;
    let named = ports.into_iter().filter(|known| known.address.port == selector.port);
    let port = named
        .filter(|known| selector.major.is_none_or(|major| known.address.major == major))
        .max_by_key(|known| known.address.major)
        .ok_or_else(|| no_port(&id, &port))?;
    let mut states = registry.measurements.states(std::slice::from_ref(&port.address)).await?;
    let measurements = registry.measurements.measurements(&port.address, MAX_MEASUREMENTS).await?;
    Ok(Json(convert::sla(&port, states.remove(&port.address), measurements)))
}

/// Waits until provisioning has settled for the product's revision, or the time is over, or it cannot be seen: the registration
/// stands, whatever comes of the wait.
async fn settled(registry: &Registry, mut product: Product, wait: Duration) -> Product {
    let deadline = tokio::time::Instant::now() + wait;
    while product.status == Status::Provisioning && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
        match registry.products.product(&product.id).await {
            Ok(now) => product = now.unwrap_or(product),
            Err(error) => {
                tracing::warn!(product = %product.id, error = &error as &dyn std::error::Error, "waiting for the envelope ends early");
                break;
            }
        }
    }
    product
}

pub(crate) async fn visible(registry: &Registry, caller: &Caller, id: &str) -> Result<Product, UseCaseError> {
    let id = product_id(id)?;
    let unknown = || UseCaseError::not_found("product", &id);
    let product = registry.products.product(&id).await?.ok_or_else(unknown)?;
    if is_own(caller, &product) || caller.oversees() || product.manifest.access.visibility == Visibility::Company {
        return Ok(product);
    }
    let now = registry.clock.now();
    let contracts = registry.contracts.contracts.of_product(&id).await?;
    let holds = contracts.iter().any(|contract| contract.consumer_domain == caller.domain && contract.is_live(now));
    if holds { Ok(product) } else { Err(unknown()) }
}

fn is_own(caller: &Caller, product: &Product) -> bool {
    caller.domain == product.id.domain
}

/// A path's text as a product's id; what is no id is not found.
fn product_id(text: &str) -> Result<ProductId, UseCaseError> {
    text.parse().map_err(|_| UseCaseError::not_found("product", text.chars().take(80).collect::<String>()))
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The client's key, bound to who sends it to which route; and the digest of what it stands for.
fn idempotency_key(caller: &Caller, headers: &HeaderMap, body: &str) -> Result<Option<(String, String)>, Failure> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Failure::invalid(
            "idempotency.invalid_key",
            "/headers/Idempotency-Key",
            "an idempotency key has 1 to 255 printable ASCII characters",
        )
    })?;
    let bound = canonical::digest(&(caller.principal.as_str(), &caller.domain, "POST /products", key));
    Ok(Some((bound, canonical::digest(&body))))
}

/// The digest that the registration is held to. What is no digest is not passed over: the client meant to be held to one.
fn findings_digest(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("mesh-findings-digest") else { return Ok(None) };
    let digest =
        value.to_str().ok().filter(|digest| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()));
    let invalid = || {
        Failure::invalid(
            "registration.invalid_digest",
            "/headers/Mesh-Findings-Digest",
            "a findings digest has 64 hexadecimal digits",
        )
        .with_remedy("send the plan's `findings_digest` as it is, or leave the header out")
    };
    digest.map(|digest| Some(digest.to_owned())).ok_or_else(invalid)
}

fn preferred_wait(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let Some(prefer) = text_header(headers, "prefer") else { return Ok(None) };
    let Some(seconds) = prefer.split(',').find_map(|one| one.trim().strip_prefix("wait=")) else { return Ok(None) };
    let seconds: u64 = seconds.trim().parse().map_err(|_| {
        Failure::invalid(
            "request.invalid_prefer",
            "/headers/Prefer",
            format!("`wait={seconds}` is not a number of seconds"),
        )
    })?;
    Ok(Some(Duration::from_secs(seconds.min(MAX_WAIT))))
}
