//! Configuration, namespaces and lists of tables. A namespace is a domain.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, http::StatusCode};
use mesh_api::types::{IcebergConfig, IcebergIdentifier, IcebergNamespace, IcebergNamespaces, IcebergTables};
use mesh_core::{principal::Caller, product::Status};
use mesh_http::{Authenticated, Json, Path, Query};
use mesh_manifest::{DomainName, Format, Visibility};
use serde::Deserialize;

use crate::{Service, failure::IcebergFailure};

/// The only warehouse.
const WAREHOUSE: &str = "mesh";

#[derive(Debug, Deserialize)]
pub(crate) struct ConfigQuery {
    warehouse: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NamespacesQuery {
    parent: Option<String>,
}

pub(crate) async fn config(
    _: Authenticated,
    Query(query): Query<ConfigQuery>,
) -> Result<Json<IcebergConfig>, IcebergFailure> {
    if let Some(other) = query.warehouse.filter(|warehouse| warehouse != WAREHOUSE) {
        return Err(IcebergFailure::no_such_namespace(&other));
    }
    Ok(Json(IcebergConfig::default()))
}

pub(crate) async fn namespaces(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Query(query): Query<NamespacesQuery>,
) -> Result<Json<IcebergNamespaces>, IcebergFailure> {
    if query.parent.is_some_and(|parent| !parent.is_empty()) {
        return Ok(Json(IcebergNamespaces { namespaces: Vec::new() }));
    }
    let domains: BTreeSet<_> =
        known_tables(&service, &caller, None).await?.into_iter().map(|(domain, _)| domain).collect();
    Ok(Json(IcebergNamespaces { namespaces: domains.into_iter().map(|domain| [domain]).collect() }))
}

pub(crate) async fn namespace(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(namespace): Path<String>,
) -> Result<Json<IcebergNamespace>, IcebergFailure> {
    let domain = known_domain(&service, &caller, &namespace).await?;
    Ok(Json(IcebergNamespace { namespace: [domain], properties: BTreeMap::new() }))
}

pub(crate) async fn namespace_exists(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(namespace): Path<String>,
) -> Result<StatusCode, IcebergFailure> {
    known_domain(&service, &caller, &namespace).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn tables(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(namespace): Path<String>,
) -> Result<Json<IcebergTables>, IcebergFailure> {
    let domain = known_domain(&service, &caller, &namespace).await?;
    let tables = known_tables(&service, &caller, Some(&domain)).await?;
    let identifier = |(domain, name)| IcebergIdentifier { namespace: [domain], name };
    Ok(Json(IcebergTables { identifiers: tables.into_iter().map(identifier).collect() }))
}

/// A domain exists for those who may know of one of its tables, and for its own members.
async fn known_domain(service: &Service, caller: &Caller, namespace: &str) -> Result<DomainName, IcebergFailure> {
    let domain: DomainName = namespace.parse().map_err(|_| IcebergFailure::no_such_namespace(namespace))?;
    if caller.domain == domain || !known_tables(service, caller, Some(&domain)).await?.is_empty() {
        return Ok(domain);
    }
    Err(IcebergFailure::no_such_namespace(namespace))
}

/// The tables that the caller may know of: its own domain's, and those of products that the whole company may see.
async fn known_tables(
    service: &Service,
    caller: &Caller,
    domain: Option<&DomainName>,
) -> Result<Vec<(DomainName, String)>, IcebergFailure> {
    let mut tables = Vec::new();
    let mut cursor = None;
    loop {
        let page = service.products.products(domain, cursor.as_deref(), 100).await?;
        for product in page.items.into_iter().filter(|product| product.status != Status::Retired) {
            if caller.domain != product.id.domain && product.manifest.access.visibility != Visibility::Company {
                continue;
            }
            for port in product.manifest.output_ports.iter().filter(|port| port.format == Format::Iceberg) {
                tables.push((product.id.domain.clone(), product.manifest.address(port).table()));
            }
        }
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(tables),
        }
    }
}
