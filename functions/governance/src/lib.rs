//! Governance: policy questions (AuthZEN 1.0) and the publication of policies, over HTTP.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, State},
};
use mesh_api::{
    routes::{self, Function},
    types,
};
use mesh_core::{
    audit::AuditLog,
    clock::Clock,
    contract::ContractStore,
    domain::DomainStore,
    error::{StoreError, UseCaseError, Violation},
    governance::{CheckRequest, Governance},
    identity::Identity,
    judgement::Judge,
    policies::{PolicyScope, PolicyStore},
    principal::Caller,
    product::ProductStore,
};
use mesh_http::{Authenticated, Failure, Gate, Json, Path, Routes, convert, token::Verifier};
use mesh_policy::Action;

/// What governance needs of the outside.
#[derive(Debug, Clone)]
pub struct Deps {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub policies: Arc<dyn PolicyStore>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    pub verifier: Verifier,
}

#[derive(Debug, Clone)]
struct Service {
    gate: Gate,
    governance: Governance,
}

impl FromRef<Service> for Gate {
    fn from_ref(service: &Service) -> Self {
        service.gate.clone()
    }
}

/// Governance's router.
pub fn router(deps: Deps) -> Router {
    let service = Service {
        gate: Gate { verifier: deps.verifier, identity: Identity { domains: deps.domains } },
        governance: Governance {
            judge: Judge::new(deps.policies.clone()),
            policies: deps.policies,
            products: deps.products,
            contracts: deps.contracts,
            audit: deps.audit,
            clock: deps.clock,
        },
    };
    Routes::of(Function::Governance)
        .serve(&routes::POLICY_CHECK, check)
        .serve(&routes::POLICY_PUBLISH_GLOBAL, publish_global)
        .serve(&routes::POLICY_READ_GLOBAL, read_global)
        .serve(&routes::POLICY_PUBLISH_PRODUCTS, publish_products)
        .serve(&routes::POLICY_READ_PRODUCTS, read_products)
        .serve(&routes::POLICY_PUBLISH_DOMAIN, publish_domain)
        .serve(&routes::POLICY_READ_DOMAIN, read_domain)
        .finish(service)
}

async fn check(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Json(request): Json<types::EvaluationRequest>,
) -> Result<Json<types::Evaluation>, Failure> {
    let request = question(&caller, request)?;
    let decision = service.governance.check(&caller, &request).await?;
    let context = serde_json::to_value(&decision).map_err(|error| StoreError::corrupt("decision", error))?;
    Ok(Json(types::Evaluation { decision: decision.allow, context }))
}

/// AuthZEN's shape as a question about oneself.
fn question(caller: &Caller, request: types::EvaluationRequest) -> Result<CheckRequest, UseCaseError> {
    let mut violations = Vec::new();
    if let Some(subject) = &request.subject
        && (subject.kind != "principal" || subject.id != caller.principal.as_str())
    {
        return Err(UseCaseError::forbidden(
            "policy.other_subject",
            "one may ask only about oneself",
            format!("leave `subject` out, or name the principal `{}`", caller.principal),
        ));
    }
    let action = match request.action.name.as_str() {
        "read" => Some(Action::Read),
        "write" => Some(Action::Write),
        other => {
            violations.push(Violation::new(
                "policy.unknown_action",
                "/action/name",
                format!("`{}` is neither read nor write", cut(other)),
            ));
            None
        }
    };
    if request.resource.kind != "output_port" {
        let detail =
            format!("`{}` is not a type of resource here; the only one is `output_port`", cut(&request.resource.kind));
        violations.push(Violation::new("policy.unknown_resource", "/resource/type", detail));
    }
    let port = match request.resource.id.parse() {
        Ok(port) => Some(port),
        Err(error) => {
            let error: mesh_manifest::address::AddressError = error;
            violations.push(Violation::new("policy.invalid_port", "/resource/id", error.to_string()));
            None
        }
    };
    let purpose = match request.context.get("purpose") {
        None => None,
        Some(serde_json::Value::String(purpose)) if purpose.chars().count() <= 60 => Some(purpose.clone()),
        Some(_) => {
            violations.push(Violation::new(
                "policy.invalid_purpose",
                "/context/purpose",
                "the purpose is a text of at most 60 characters",
            ));
            None
        }
    };
    match (action, port) {
        (Some(action), Some(port)) if violations.is_empty() => Ok(CheckRequest { action, port, purpose }),
        _ => Err(UseCaseError::Invalid(violations)),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

async fn publish_global(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Json(input): Json<types::PolicyInput>,
) -> Result<Json<types::PolicyBundle>, Failure> {
    publish(&service, &caller, PolicyScope::Global, input).await
}

async fn publish_products(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Json(input): Json<types::PolicyInput>,
) -> Result<Json<types::PolicyBundle>, Failure> {
    publish(&service, &caller, PolicyScope::Products, input).await
}

async fn publish_domain(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(domain): Path<String>,
    Json(input): Json<types::PolicyInput>,
) -> Result<Json<types::PolicyBundle>, Failure> {
    publish(&service, &caller, domain_scope(&domain)?, input).await
}

async fn read_global(State(service): State<Service>, _: Authenticated) -> Result<Json<types::PolicyBundle>, Failure> {
    published(&service, PolicyScope::Global).await
}

async fn read_products(State(service): State<Service>, _: Authenticated) -> Result<Json<types::PolicyBundle>, Failure> {
    published(&service, PolicyScope::Products).await
}

async fn read_domain(
    State(service): State<Service>,
    _: Authenticated,
    Path(domain): Path<String>,
) -> Result<Json<types::PolicyBundle>, Failure> {
    published(&service, domain_scope(&domain)?).await
}

async fn publish(
    service: &Service,
    caller: &Caller,
    scope: PolicyScope,
    input: types::PolicyInput,
) -> Result<Json<types::PolicyBundle>, Failure> {
    let bundle = service.governance.publish(caller, scope, input.modules).await?;
    Ok(Json(convert::policies(bundle)))
}

async fn published(service: &Service, scope: PolicyScope) -> Result<Json<types::PolicyBundle>, Failure> {
    Ok(Json(convert::policies(service.governance.published(scope).await?)))
}

fn domain_scope(text: &str) -> Result<PolicyScope, UseCaseError> {
    text.parse().map(PolicyScope::Domain).map_err(|_| UseCaseError::not_found("domain", cut(text)))
}
