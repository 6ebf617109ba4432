//! The registry: domains, products, schemas and contracts over HTTP.

mod contracts;
mod domains;
mod products;
mod schemas;

use std::sync::Arc;

use axum::{Router, extract::FromRef};
use mesh_api::routes::{self, Function};
use mesh_core::{
    audit::AuditLog, clock::Clock, contract::ContractStore, contracts::Contracts, deprecation::Days,
    domain::DomainStore, domains::Domains, idempotency::IdempotencyStore, identity::Identity, judgement::Judge,
    measurement::MeasurementStore, policies::PolicyStore, product::ProductStore, registration::Registrar,
    schema_registry::SchemaStore,
};
use mesh_http::{Gate, Json, Routes, token::Verifier};

/// What the registry needs of the outside.
#[derive(Debug, Clone)]
pub struct Deps {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub schemas: Arc<dyn SchemaStore>,
    pub policies: Arc<dyn PolicyStore>,
    pub measurements: Arc<dyn MeasurementStore>,
    pub idempotency: Arc<dyn IdempotencyStore>,
    pub audit: Arc<dyn AuditLog>,
    /// How long before its last day a port is announced to be left, at least.
    pub minimum_notice: Days,
    pub clock: Arc<dyn Clock>,
    pub verifier: Verifier,
}

#[derive(Debug, Clone)]
struct Registry {
    gate: Gate,
    domains: Domains,
    registrar: Registrar,
    contracts: Contracts,
    products: Arc<dyn ProductStore>,
    schemas: Arc<dyn SchemaStore>,
    measurements: Arc<dyn MeasurementStore>,
    clock: Arc<dyn Clock>,
}

impl FromRef<Registry> for Gate {
    fn from_ref(registry: &Registry) -> Self {
        registry.gate.clone()
    }
}

/// The registry's router.
pub fn router(deps: Deps) -> Router {
    let judge = Judge::new(deps.policies);
    let registry = Registry {
        gate: Gate { verifier: deps.verifier, identity: Identity { domains: deps.domains.clone() } },
        domains: Domains { domains: deps.domains.clone(), products: deps.products.clone(), clock: deps.clock.clone() },
        registrar: Registrar {
            domains: deps.domains.clone(),
            products: deps.products.clone(),
            contracts: deps.contracts.clone(),
            schemas: deps.schemas.clone(),
            idempotency: deps.idempotency,
            audit: deps.audit,
            minimum_notice: deps.minimum_notice,
            judge: judge.clone(),
            clock: deps.clock.clone(),
        },
        contracts: Contracts {
            domains: deps.domains,
            products: deps.products.clone(),
            contracts: deps.contracts,
            judge,
            clock: deps.clock.clone(),
        },
        products: deps.products,
        schemas: deps.schemas,
        measurements: deps.measurements,
        clock: deps.clock,
    };
    Routes::of(Function::Registry)
        .serve(&routes::OPENAPI, || async { Json(mesh_api::openapi::document()) })
        .serve(&routes::DOMAIN_CREATE, domains::create)
        .serve(&routes::DOMAIN_LIST, domains::list)
        .serve(&routes::DOMAIN_READ, domains::read)
        .serve(&routes::DOMAIN_UPDATE, domains::update)
        .serve(&routes::DOMAIN_DELETE, domains::delete)
        .serve(&routes::ENVELOPE_BIND, domains::bind_envelope)
        .serve(&routes::ENVELOPE_READ, domains::read_envelope)
        .serve(&routes::ENVELOPE_RELEASE, domains::release_envelope)
        .serve(&routes::PRODUCT_REGISTER, products::register)
        .serve(&routes::PRODUCT_LIST, products::list)
        .serve(&routes::PRODUCT_READ, products::read)
        .serve(&routes::PRODUCT_RETIRE, products::retire)
        .serve(&routes::PRODUCT_HISTORY, products::history)
        .serve(&routes::PORT_CONTRACT, products::contract)
        .serve(&routes::PORT_SLA, products::sla)
        .serve(&routes::SCHEMA_READ, schemas::read)
        .serve(&routes::SUBJECT_VERSIONS, schemas::versions)
        .serve(&routes::SUBJECT_CHECK, schemas::check)
        .serve(&routes::CONTRACT_REQUEST, contracts::request)
        .serve(&routes::CONTRACT_LIST, contracts::list)
        .serve(&routes::CONTRACT_READ, contracts::read)
        .serve(&routes::CONTRACT_APPROVE, contracts::approve)
        .serve(&routes::CONTRACT_REJECT, contracts::reject)
        .serve(&routes::CONTRACT_REVOKE, contracts::revoke)
        .serve(&routes::CONTRACT_MOVE, contracts::move_to)
        .serve(&routes::CONTRACT_ACKNOWLEDGE, contracts::acknowledge)
        .finish(registry)
}
