//! `/contracts`: request, list, read, approve, reject, revoke, move, acknowledge.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use mesh_api::types;
use mesh_core::{
    contract::Contract,
    contracts::{ContractInput, MoveInput, Verb},
    error::UseCaseError,
    principal::Caller,
};
use mesh_http::{Authenticated, Failure, Json, Path, Query, convert, query::limit};
use serde::Deserialize;

use crate::Registry;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    product: Option<String>,
    consumer: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

pub(crate) async fn request(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Json(input): Json<types::ContractInput>,
) -> Result<(StatusCode, Json<types::Contract>), Failure> {
    let types::ContractInput { port, purpose, fields, agreed_freshness, contact, expires_at } = input;
    let input = ContractInput { port, purpose, fields, agreed_freshness, contact, expires_at };
    let contract = registry.contracts.request(&caller, input).await?;
    Ok((StatusCode::CREATED, Json(shown(&registry, contract).await?)))
}

pub(crate) async fn list(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Query(query): Query<ListQuery>,
) -> Result<Json<types::ContractPage>, Failure> {
    if let Some(product) = query.product {
        if query.consumer.is_some() || query.cursor.is_some() {
            return Err(Failure::invalid(
                "request.invalid_query",
                "/query",
                "`product` goes with neither `consumer` nor `cursor`",
            ));
        }
        let id = product
            .parse()
            .map_err(|error| UseCaseError::invalid("request.invalid_product", "/query/product", format!("{error}")))?;
        let contracts = registry.contracts.of_product(&caller, &id).await?;
        let items = all_shown(&registry, contracts).await?;
        return Ok(Json(types::ContractPage { items, cursor: None }));
    }
    let domain = match query.consumer {
        Some(text) => text
            .parse()
            .map_err(|error| UseCaseError::invalid("request.invalid_domain", "/query/consumer", format!("{error}")))?,
        None => caller.domain.clone(),
    };
    let page =
        registry.contracts.of_consumer(&caller, &domain, query.cursor.as_deref(), limit(query.limit, 50)?).await?;
    Ok(Json(types::ContractPage { items: all_shown(&registry, page.items).await?, cursor: page.cursor }))
}

pub(crate) async fn read(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Contract>, Failure> {
    let contract = registry.contracts.visible(&caller, &convert::contract_id(&id)?).await?;
    Ok(Json(shown(&registry, contract).await?))
}

pub(crate) async fn approve(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(decision): Json<types::ContractDecision>,
) -> Result<Json<types::Contract>, Failure> {
    decide(&registry, &caller, &id, Verb::Approve, decision).await
}

pub(crate) async fn reject(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(decision): Json<types::ContractDecision>,
) -> Result<Json<types::Contract>, Failure> {
    decide(&registry, &caller, &id, Verb::Reject, decision).await
}

pub(crate) async fn revoke(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(decision): Json<types::ContractDecision>,
) -> Result<Json<types::Contract>, Failure> {
    decide(&registry, &caller, &id, Verb::Revoke, decision).await
}

async fn decide(
    registry: &Registry,
    caller: &Caller,
    id: &str,
    verb: Verb,
    decision: types::ContractDecision,
) -> Result<Json<types::Contract>, Failure> {
    if decision.reason.as_ref().is_some_and(|reason| reason.chars().count() > 1000) {
        return Err(Failure::invalid("contract.reason", "/reason", "the reason has at most 1000 characters"));
    }
    let contract = registry.contracts.decide(caller, &convert::contract_id(id)?, verb, decision.reason).await?;
    Ok(Json(shown(registry, contract).await?))
}

pub(crate) async fn move_to(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(input): Json<types::ContractMove>,
) -> Result<Json<types::Contract>, Failure> {
    let types::ContractMove { port, fields, agreed_freshness } = input;
    let input = MoveInput { port, fields, agreed_freshness };
    let contract = registry.contracts.move_to(&caller, &convert::contract_id(&id)?, input).await?;
    Ok(Json(shown(&registry, contract).await?))
}

pub(crate) async fn acknowledge(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Contract>, Failure> {
    let contract = registry.contracts.acknowledge(&caller, &convert::contract_id(&id)?).await?;
    Ok(Json(shown(&registry, contract).await?))
}

/// A contract with what is announced of its port.
async fn shown(registry: &Registry, contract: Contract) -> Result<types::Contract, Failure> {
    let ports = registry.products.ports_at(std::slice::from_ref(&contract.port)).await?;
    let deprecation = ports.get(&contract.port).and_then(|port| port.deprecation.as_ref());
    Ok(convert::contract(contract, deprecation, registry.clock.now()))
}

/// The same of a page, whose ports are read together.
async fn all_shown(registry: &Registry, contracts: Vec<Contract>) -> Result<Vec<types::Contract>, Failure> {
    let addresses: BTreeSet<_> = contracts.iter().map(|contract| contract.port.clone()).collect();
    let addresses: Vec<_> = addresses.into_iter().collect();
    let ports = registry.products.ports_at(&addresses).await?;
    let now = registry.clock.now();
    let shown = contracts.into_iter().map(|contract| {
        let deprecation = ports.get(&contract.port).and_then(|port| port.deprecation.as_ref());
        convert::contract(contract, deprecation, now)
    });
    Ok(shown.collect())
}
