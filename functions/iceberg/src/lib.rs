//! The platform as an Iceberg REST catalogue: load tables, vend credentials, judge commits.

mod catalogue;
mod draft;
mod failure;
mod pin;
mod tables;

use std::sync::Arc;

use axum::{Router, extract::FromRef, middleware};
use mesh_api::routes::{self, Function};
use mesh_core::{
    access::Broker,
    audit::AuditLog,
    clock::Clock,
    contract::ContractStore,
    contracts::Contracts,
    credentials::{CredentialVendor, GrantStore, Sealer},
    domain::DomainStore,
    identity::Identity,
    judgement::Judge,
    measurement::MeasurementStore,
    object_storage::ObjectStorage,
    policies::PolicyStore,
    product::ProductStore,
    table_catalog::{TableCatalog, TableFormat},
};
use mesh_http::{Gate, Routes, token::Verifier};

/// What the catalogue needs of the outside.
#[derive(Debug, Clone)]
pub struct Deps {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub policies: Arc<dyn PolicyStore>,
    pub measurements: Arc<dyn MeasurementStore>,
    pub grants: Arc<dyn GrantStore>,
    pub audit: Arc<dyn AuditLog>,
    pub vendor: Arc<dyn CredentialVendor>,
    pub sealer: Arc<dyn Sealer>,
    pub storage: Arc<dyn ObjectStorage>,
    pub catalog: Arc<dyn TableCatalog>,
    pub format: Arc<dyn TableFormat>,
    pub clock: Arc<dyn Clock>,
    pub verifier: Verifier,
    pub region: String,
    /// Where S3 is for clients, if not on AWS.
    pub s3_endpoint: Option<String>,
}

#[derive(Debug, Clone)]
struct Service {
    gate: Gate,
    broker: Broker,
    contracts: Contracts,
    domains: Arc<dyn DomainStore>,
    products: Arc<dyn ProductStore>,
    storage: Arc<dyn ObjectStorage>,
    catalog: Arc<dyn TableCatalog>,
    format: Arc<dyn TableFormat>,
    region: Arc<str>,
    s3_endpoint: Option<Arc<str>>,
}

impl FromRef<Service> for Gate {
    fn from_ref(service: &Service) -> Self {
        service.gate.clone()
    }
}

/// The catalogue's router.
pub fn router(deps: Deps) -> Router {
    let judge = Judge::new(deps.policies);
    let service = Service {
        gate: Gate { verifier: deps.verifier, identity: Identity { domains: deps.domains.clone() } },
        contracts: Contracts {
            domains: deps.domains.clone(),
            products: deps.products.clone(),
            contracts: deps.contracts.clone(),
            judge: judge.clone(),
            clock: deps.clock.clone(),
        },
        broker: Broker {
            domains: deps.domains.clone(),
            products: deps.products.clone(),
            contracts: deps.contracts,
            measurements: deps.measurements,
            grants: deps.grants,
            audit: deps.audit,
            vendor: deps.vendor,
            sealer: deps.sealer,
            judge,
            clock: deps.clock,
        },
        domains: deps.domains,
        products: deps.products,
        storage: deps.storage,
        catalog: deps.catalog,
        format: deps.format,
        region: deps.region.into(),
        s3_endpoint: deps.s3_endpoint.map(Into::into),
    };
    Routes::of(Function::Iceberg)
        .serve(&routes::ICEBERG_CONFIG, catalogue::config)
        .serve(&routes::ICEBERG_NAMESPACES, catalogue::namespaces)
        .serve(&routes::ICEBERG_NAMESPACE, catalogue::namespace)
        .serve(&routes::ICEBERG_NAMESPACE_HEAD, catalogue::namespace_exists)
        .serve(&routes::ICEBERG_TABLES, catalogue::tables)
        .serve(&routes::ICEBERG_TABLE, tables::load)
        .serve(&routes::ICEBERG_TABLE_HEAD, tables::exists)
        .serve(&routes::ICEBERG_COMMIT, tables::commit)
        .serve(&routes::ICEBERG_CREDENTIALS, tables::credentials)
        .serve(&routes::CONTRACT_PIN, pin::pin)
        .serve(&routes::CONTRACT_UNPIN, pin::unpin)
        .serve(&routes::TABLE_DRAFT, draft::manifest)
        .finish(service)
        .layer(middleware::map_response(failure::as_clients_read_it))
}
