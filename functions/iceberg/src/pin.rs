//! A contract that reads one snapshot of its table.

use axum::extract::State;
use mesh_api::types;
use mesh_core::{
    access::AccessRequest,
    contract::{Contract, ContractId},
    credentials::Mode,
    error::UseCaseError,
};
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
    let id = contract_id(&id)?;
    let contract = service.contracts.pinnable(&caller, &id).await?;
    let request = AccessRequest {
        product: contract.port.product.clone(),
        port: contract.port.port.clone(),
        major: Some(contract.port.major),
        purpose: Some(contract.purpose.clone()),
        mode: Mode::Read,
    };
    let access = service.broker.access(&caller, &request).await?;
    if access.port.format != Format::Iceberg {
        return Err(UseCaseError::conflict(
            "contract.not_a_table",
            format!("`{}` is no table: its files have no snapshots", contract.port),
            "keep a copy of the files that you read",
        )
        .into());
    }
    let entry = tables::entry(&service, &access).await?;
    let (metadata, _) = tables::metadata(&service, &access, &entry).await?;
    if service.format.pinned(&metadata, snapshot)?.is_none() {
        return Err(no_snapshot(&contract, snapshot).into());
    }
    let contract = service.contracts.pin(&caller, &id, Some(snapshot)).await?;
    shown(&service, contract).await
}

/// Lets the contract follow its table again.
pub(crate) async fn unpin(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Contract>, IcebergFailure> {
    let contract = service.contracts.pin(&caller, &contract_id(&id)?, None).await?;
    shown(&service, contract).await
}

/// The table does not have what the contract is pinned to.
pub(crate) fn no_snapshot(contract: &Contract, snapshot: i64) -> UseCaseError {
    UseCaseError::conflict(
        "contract.no_snapshot",
        format!("`{}` has no snapshot {snapshot}", contract.port),
        format!("name one that the table lists, or take the pin of the contract `{}` away", contract.id),
    )
}

async fn shown(service: &Service, contract: Contract) -> Result<Json<types::Contract>, IcebergFailure> {
    let ports = service.products.ports(&contract.port.product).await?;
    let deprecation =
        ports.iter().find(|port| port.address == contract.port).and_then(|port| port.deprecation.as_ref());
    Ok(Json(convert::contract(contract, deprecation, service.broker.clock.now())))
}

fn contract_id(text: &str) -> Result<ContractId, UseCaseError> {
    text.parse().map_err(|_| UseCaseError::not_found("contract", text.chars().take(120).collect::<String>()))
}
