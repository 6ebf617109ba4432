//! `/domains`: create, read, update, delete, list, and the envelope.

use axum::{extract::State, http::StatusCode};
use mesh_api::types;
use mesh_core::{
    domain::{Envelope, Member},
    domains::DomainInput,
    error::{UseCaseError, Violation},
    principal::Caller,
};
use mesh_http::{Authenticated, Failure, Json, Path, Query, convert, query::limit};
use mesh_manifest::DomainName;
use serde::Deserialize;

use crate::Registry;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<usize>,
}

pub(crate) async fn create(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Json(input): Json<types::DomainInput>,
) -> Result<(StatusCode, Json<types::Domain>), Failure> {
    let domain = registry.domains.create(&caller, checked(input)?).await?;
    Ok((StatusCode::CREATED, Json(convert::domain(domain))))
}

pub(crate) async fn list(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> Result<Json<types::DomainPage>, Failure> {
    let page = registry.domains.list(&caller, paging.cursor.as_deref(), limit(paging.limit, 50)?).await?;
    let page = page.map(convert::domain);
    Ok(Json(types::DomainPage { items: page.items, cursor: page.cursor }))
}

pub(crate) async fn read(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Domain>, Failure> {
    let domain = registry.domains.read(&caller, &name(&id)?).await?;
    Ok(Json(convert::domain(domain)))
}

pub(crate) async fn update(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(input): Json<types::DomainInput>,
) -> Result<Json<types::Domain>, Failure> {
    let input = checked(input)?;
    if input.id != name(&id)? {
        return Err(Failure::invalid(
            "domain.other_id",
            "/id",
            format!("the body is about `{}`, the path about `{id}`", input.id),
        ));
    }
    let domain = registry.domains.update(&caller, input).await?;
    Ok(Json(convert::domain(domain)))
}

pub(crate) async fn delete(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    registry.domains.delete(&caller, &name(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn bind_envelope(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Json(input): Json<types::Envelope>,
) -> Result<Json<types::Envelope>, Failure> {
    let types::Envelope {
        bucket,
        key_arn,
        glue_database,
        reader_role_arn,
        producer_role_arn,
        observer_role_arn,
        alert_topic_arn,
    } = input;
    let envelope = Envelope {
        bucket,
        key_arn,
        glue_database,
        reader_role_arn,
        producer_role_arn,
        observer_role_arn,
        alert_topic_arn,
    };
    let domain = registry.domains.bind_envelope(&caller, &name(&id)?, Some(envelope)).await?;
    bound(domain.envelope, &id)
}

pub(crate) async fn read_envelope(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::Envelope>, Failure> {
    let id = name(&id)?;
    if !caller.oversees() && caller.domain != id {
        return Err(not_yours(&caller, &id).into());
    }
    bound(registry.domains.read(&caller, &id).await?.envelope, id.as_str())
}

pub(crate) async fn release_envelope(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    registry.domains.bind_envelope(&caller, &name(&id)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn bound(envelope: Option<Envelope>, domain: &str) -> Result<Json<types::Envelope>, Failure> {
    let envelope = envelope.ok_or_else(|| UseCaseError::not_found("envelope", domain))?;
    Ok(Json(convert::envelope(envelope)))
}

fn not_yours(caller: &Caller, id: &DomainName) -> UseCaseError {
    UseCaseError::forbidden(
        "domain.not_a_member",
        format!("the storage of `{id}` is shown to its members and the platform only; you act for `{}`", caller.domain),
        "name a domain of yours in Mesh-Domain",
    )
}

/// A path's text as a domain's name; what is no name is not found.
fn name(text: &str) -> Result<DomainName, UseCaseError> {
    text.parse().map_err(|_| UseCaseError::not_found("domain", text.chars().take(80).collect::<String>()))
}

fn checked(input: types::DomainInput) -> Result<DomainInput, UseCaseError> {
    let mut violations = Vec::new();
    let mut members = Vec::new();
    for (index, member) in input.members.into_iter().enumerate() {
        let principal = member.principal.parse();
        let roles: Result<_, String> = member.roles.iter().map(|role| role.parse()).collect();
        match (principal, roles) {
            (Ok(principal), Ok(roles)) => members.push(Member { principal, roles }),
            (principal, roles) => {
                if let Err(detail) = principal {
                    violations.push(Violation::new(
                        "domain.invalid_principal",
                        format!("/members/{index}/principal"),
                        detail,
                    ));
                }
                if let Err(detail) = roles {
                    violations.push(Violation::new("domain.invalid_role", format!("/members/{index}/roles"), detail));
                }
            }
        }
    }
    if violations.is_empty() {
        Ok(DomainInput { id: input.id, description: input.description, members })
    } else {
        Err(UseCaseError::Invalid(violations))
    }
}
