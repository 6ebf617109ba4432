//! The broker: grants to read and write one port, over HTTP.

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
    access::{Access, AccessRequest, Broker},
    audit::AuditLog,
    clock::Clock,
    contract::ContractStore,
    credentials::{CredentialVendor, Credentials, GrantStore, Mode, Sealer},
    domain::DomainStore,
    error::UseCaseError,
    identity::Identity,
    judgement::Judge,
    measurement::MeasurementStore,
    object_storage::ObjectStorage,
    policies::PolicyStore,
    product::ProductStore,
};
use mesh_http::{Authenticated, Failure, Gate, Json, Path, Query, Routes, convert, token::Verifier};
use mesh_manifest::{Format, PortSelector};
use serde::Deserialize;

/// What the broker needs of the outside.
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
    pub clock: Arc<dyn Clock>,
    pub verifier: Verifier,
    pub endpoints: Endpoints,
}

/// Where clients find what they are pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The API's base URL, without a slash at its end.
    pub api_url: String,
    pub token_url: String,
    /// The scope that a token needs.
    pub scope: String,
    pub region: String,
    /// Where S3 is, if not on AWS.
    pub s3_endpoint: Option<String>,
}

#[derive(Debug, Clone)]
struct Service {
    gate: Gate,
    broker: Broker,
    storage: Arc<dyn ObjectStorage>,
    endpoints: Arc<Endpoints>,
}

impl FromRef<Service> for Gate {
    fn from_ref(service: &Service) -> Self {
        service.gate.clone()
    }
}

/// The broker's router.
pub fn router(deps: Deps) -> Router {
    let service = Service {
        gate: Gate { verifier: deps.verifier, identity: Identity { domains: deps.domains.clone() } },
        broker: Broker {
            domains: deps.domains,
            products: deps.products,
            contracts: deps.contracts,
            measurements: deps.measurements,
            grants: deps.grants,
            audit: deps.audit,
            vendor: deps.vendor,
            sealer: deps.sealer,
            judge: Judge::new(deps.policies),
            clock: deps.clock,
        },
        storage: deps.storage,
        endpoints: Arc::new(deps.endpoints),
    };
    Routes::of(Function::Broker).serve(&routes::PORT_READ, read).serve(&routes::PORT_WRITE, write).finish(service)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    version: Option<u64>,
    purpose: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteQuery {
    version: Option<u64>,
}

async fn read(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((product, port)): Path<(String, String)>,
    Query(query): Query<ReadQuery>,
) -> Result<Json<types::ReadGrant>, Failure> {
    let request = access_request(&product, &port, query.version, query.purpose, Mode::Read)?;
    let access = service.broker.access(&caller, &request).await?;
    let format = access.port.format;
    let agreed = access.contract.as_ref().map(|contract| contract.agreed_freshness);
    let mut grant = types::ReadGrant {
        port: access.address.to_string(),
        version: access.port.version.to_string(),
        format: format.as_str().to_owned(),
        schema_id: access.schema_id.clone(),
        decision_id: access.decision_id.clone(),
        contract: access.contract.as_ref().map(|contract| contract.id.to_string()),
        pinned_snapshot: access.contract.as_ref().and_then(|contract| contract.pinned_snapshot),
        expires_at: service.broker.clock.now(),
        freshness: convert::freshness(access.port.sla.freshness, agreed, access.state.as_ref()),
        files: Vec::new(),
        iceberg: None,
        endpoint: None,
        credentials: None,
    };
    if format.is_endpoint() {
        grant.endpoint = access.port.endpoint.clone();
        return Ok(Json(grant));
    }
    let credentials = service.broker.credentials(&access).await?;
    grant.expires_at = credentials.expires_at;
    if format == Format::Iceberg {
        grant.iceberg = Some(iceberg(&service.endpoints, &access));
    } else {
        let files = service.broker.files(&access, &credentials, &*service.storage).await?;
        let prefix = access.place().data;
        grant.files = files
            .into_iter()
            .map(|(entry, url)| types::ReadFile {
                name: entry.key.strip_prefix(&prefix).unwrap_or(&entry.key).to_owned(),
                size: entry.size,
                modified: entry.modified,
                url,
            })
            .collect();
    }
    grant.credentials = Some(wire_credentials(&service.endpoints, &access, credentials, access.prefix()));
    Ok(Json(grant))
}

async fn write(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((product, port)): Path<(String, String)>,
    Query(query): Query<WriteQuery>,
) -> Result<Json<types::WriteGrant>, Failure> {
    let request = access_request(&product, &port, query.version, None, Mode::Write)?;
    let access = service.broker.access(&caller, &request).await?;
    let format = access.port.format;
    if format.is_endpoint() {
        return Err(UseCaseError::conflict(
            "access.not_stored",
            format!("`{}` is served by its owner: there is nothing to write to here", access.address),
            "write where the port's endpoint reads from",
        )
        .into());
    }
    let credentials = service.broker.credentials(&access).await?;
    Ok(Json(types::WriteGrant {
        port: access.address.to_string(),
        version: access.port.version.to_string(),
        format: format.as_str().to_owned(),
        decision_id: access.decision_id.clone(),
        expires_at: credentials.expires_at,
        iceberg: (format == Format::Iceberg).then(|| iceberg(&service.endpoints, &access)),
        data_prefix: format.is_file().then(|| access.place().data),
        credentials: wire_credentials(&service.endpoints, &access, credentials, access.prefix()),
    }))
}

fn access_request(
    product: &str,
    port: &str,
    major: Option<u64>,
    purpose: Option<String>,
    mode: Mode,
) -> Result<AccessRequest, UseCaseError> {
    let unknown = || UseCaseError::not_found("port", format!("{product}/{port}").chars().take(120).collect::<String>());
    if purpose.as_ref().is_some_and(|purpose| purpose.is_empty() || purpose.chars().count() > 60) {
        return Err(UseCaseError::invalid(
            "request.invalid_purpose",
            "/query/purpose",
            "the purpose has 1 to 60 characters",
        ));
    }
    let selector = PortSelector::parse(port, major).ok_or_else(unknown)?;
    Ok(AccessRequest {
        product: product.parse().map_err(|_| unknown())?,
        major: selector.major,
        port: selector.port,
        purpose,
        mode,
    })
}

fn iceberg(endpoints: &Endpoints, access: &Access) -> types::IcebergSource {
    types::IcebergSource {
        uri: format!("{}/iceberg", endpoints.api_url),
        warehouse: "mesh".to_owned(),
        namespace: access.address.product.domain.to_string(),
        table: access.address.table(),
        oauth2_server_uri: endpoints.token_url.clone(),
        scope: endpoints.scope.clone(),
    }
}

fn wire_credentials(
    endpoints: &Endpoints,
    access: &Access,
    credentials: Credentials,
    prefix: String,
) -> types::Credentials {
    types::Credentials {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key,
        session_token: credentials.session_token,
        bucket: access.envelope.bucket.clone(),
        prefix,
        region: endpoints.region.clone(),
        endpoint: endpoints.s3_endpoint.clone(),
        expires_at: credentials.expires_at,
    }
}
