//! `/schemas` and `/subjects`: what is registered of ports' schemas, and whether another one could follow.

use axum::extract::State;
use mesh_api::types;
use mesh_core::{error::UseCaseError, schema_registry::RegisteredSchema};
use mesh_evolution::{Change, ChangeKind};
use mesh_http::{Authenticated, Failure, Json, Path, Query, convert};
use mesh_manifest::PortSelector;
use semver::Version;
use serde::Deserialize;

use crate::{
    Registry,
    products::{selector, visible},
};

pub(crate) async fn read(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<types::RegisteredSchema>, Failure> {
    let unknown = || UseCaseError::not_found("schema", id.chars().take(80).collect::<String>());
    // What is no id is not asked for: a key that the store does not take would look like its failure.
    if !RegisteredSchema::is_id(&id) {
        return Err(unknown().into());
    }
    let schema = registry.schemas.schema(&id).await?.ok_or_else(unknown)?;
    // A schema tells of its product: who may not know the one may not know the other.
    let product = schema.subject.split('/').next().unwrap_or_default().to_owned();
    match visible(&registry, &caller, &product).await {
        Ok(_) => {}
        Err(UseCaseError::NotFound { .. }) => return Err(unknown().into()),
        Err(error) => return Err(error.into()),
    }
    Ok(Json(convert::schema(schema)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionsQuery {
    digest: Option<String>,
}

pub(crate) async fn versions(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path((product, port)): Path<(String, String)>,
    Query(query): Query<VersionsQuery>,
) -> Result<Json<types::SchemaVersions>, Failure> {
    if !query.digest.as_deref().is_none_or(RegisteredSchema::is_digest) {
        let detail = "a digest has 64 hexadecimal digits";
        return Err(Failure::invalid("request.invalid_query", "/query/digest", detail));
    }
    visible(&registry, &caller, &product).await?;
    let (subject, selector) = subject(&product, &port)?;
    let mut versions = registry.schemas.versions(&subject).await?;
    if versions.is_empty() {
        return Err(UseCaseError::not_found("port", &subject).into());
    }
    versions.retain(|version| {
        selector.major.is_none_or(|major| version.version.major == major)
            && query.digest.as_ref().is_none_or(|digest| version.digest == *digest)
    });
    Ok(Json(types::SchemaVersions { subject, items: versions.into_iter().map(convert::schema).collect() }))
}

/// A dry run for pipelines that build schemas: against every registered version of the major, and nothing is written.
pub(crate) async fn check(
    State(registry): State<Registry>,
    Authenticated(caller): Authenticated,
    Path((product, port)): Path<(String, String)>,
    Json(input): Json<types::SchemaCheckInput>,
) -> Result<Json<types::SchemaCheck>, Failure> {
    let product = visible(&registry, &caller, &product).await?;
    let (subject, selector) = subject(&product.id.to_string(), &port)?;
    let listed = product.manifest.newest(&selector.port, input.major.or(selector.major));
    let listed = listed.ok_or_else(|| {
        let major = input.major.or(selector.major).map_or_else(String::new, |major| format!("@{major}"));
        UseCaseError::not_found("port", format!("{subject}{major}"))
    })?;
    let schema = mesh_manifest::parse_schema(&input.schema, listed.format)
        .map_err(|problems| UseCaseError::Invalid(problems.into_iter().map(Into::into).collect()))?;
    let major = listed.version.major;
    let mut versions = registry.schemas.versions(&subject).await?;
    versions.retain(|version| version.version.major == major);
    let against: Vec<_> = versions
        .iter()
        .map(|known| (known, mesh_evolution::classify_schemas(&known.schema, &schema, listed.format)))
        .collect();
    let compatible = against.iter().all(|(_, changes)| worst(changes) != Some(ChangeKind::Major));
    let from_listed = against.iter().find(|(known, _)| known.version == listed.version);
    let needed = needed(&listed.version, compatible, from_listed.and_then(|(_, changes)| worst(changes)));
    let compared = against.iter().map(|(known, changes)| types::SchemaComparison {
        version: known.version.to_string(),
        schema_id: known.id.clone(),
        kind: worst(changes).map(|kind| kind.as_str().to_owned()),
        changes: changes.iter().map(convert::change).collect(),
    });
    Ok(Json(types::SchemaCheck { major, compatible, needed: needed.to_string(), against: compared.collect(), subject }))
}

fn worst(changes: &[Change]) -> Option<ChangeKind> {
    changes.iter().map(|change| change.kind).max()
}

/// The least version after the listed one, from which the schema differs in this.
fn needed(listed: &Version, compatible: bool, kind: Option<ChangeKind>) -> Version {
    match kind {
        _ if !compatible => Version::new(listed.major + 1, 0, 0),
        None => listed.clone(),
        Some(kind) => mesh_evolution::least_version(listed, kind),
    }
}

/// A path's two parts as a subject and what is named of it.
fn subject(product: &str, port: &str) -> Result<(String, PortSelector), UseCaseError> {
    let selector = selector(product, port, None)?;
    Ok((format!("{product}/{}", selector.port), selector))
}
