//! A contract that reads one snapshot of its table.

use axum::extract::State;
use mesh_api::types;
use mesh_core::{access::AccessRequest, contract::Contract, credentials::Mode, error::UseCaseError};
use mesh_http::{Authenticated, Json, Path, convert};
use mesh_manifest::Format;

use crate::{Service, failure::IcebergFailure, tables};

/// Pins the contract to a snapshot that its table has, for those who may read the table by it.
pub(crate) async fn pin(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(types::ContractPin { snapshot }): Json<types::ContractPin>,
) -> Result<Json<types::Contract>, IcebergFailure> {
    let id = convert::contract_id(&id)?;
    let contract = service.contracts.pinnable(&caller, &id).await?;
    let ports = service.products.ports(&contract.port.product).await?;
    if ports.iter().any(|port| port.address == contract.port && port.format != Format::Iceberg) {
        return Err(UseCaseError::conflict(
            "contract.not_a_table",
            format!("`{}` is no Iceberg port, and only those have snapshots", contract.port),
            "keep a copy of what you read",
        )
        .into());
    }
    // As the catalogue will decide, which is told of no purpose.
    let request = AccessRequest {
        product: contract.port.product.clone(),
        port: contract.port.port.clone(),
        major: Some(contract.port.major),
        purpose: None,
        mode: Mode::Read,
    };
    let access = service.broker.access(&caller, &request).await?;
    if let Some(other) = access.contract.as_ref().filter(|by| by.id != id) {
        return Err(UseCaseError::conflict(
            "contract.not_read_by",
            format!("`{}` reads `{}` by the contract `{}`", caller.domain, contract.port, other.id),
            "pin that one: the catalogue reads by the oldest contract that is active, and the pin holds for the whole domain",
        )
        .into());
    }
    let entry = tables::entry(&service, &access).await?;
    let (metadata, _) = tables::metadata(&service, &access, &entry).await?;
    tables::as_of(&service, &contract, &metadata, snapshot)?;
    let contract = service.contracts.pin(&caller, &id, &contract.port, snapshot).await?;
    shown(&service, contract).await
}

/// Lets the contract follow its table again.
pub(crate) async fn unpin(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Contract>, IcebergFailure> {
    let contract = service.contracts.unpin(&caller, &convert::contract_id(&id)?).await?;
    shown(&service, contract).await
}

async fn shown(service: &Service, contract: Contract) -> Result<Json<types::Contract>, IcebergFailure> {
    let ports = service.products.ports(&contract.port.product).await?;
    let deprecation =
        ports.iter().find(|port| port.address == contract.port).and_then(|port| port.deprecation.as_ref());
    Ok(Json(convert::contract(contract, deprecation, service.broker.clock.now())))
}
