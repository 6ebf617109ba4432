//! A manifest to begin with, from a table that is there already.

use std::fmt::Write;

use axum::extract::State;
use mesh_api::types::ManifestDraft;
use mesh_core::{
    error::{StoreError, UseCaseError},
    metadata_file::key_of,
    principal::Role,
    table_catalog::CatalogTable,
};
use mesh_http::{Authenticated, Failure, Json, Path, problem::problem_error};
use mesh_manifest::{DomainName, Schema};

use crate::Service;

/// Drafts a manifest for those who register the domain's products. Nothing is written.
pub(crate) async fn manifest(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((domain, table)): Path<(String, String)>,
) -> Result<Json<ManifestDraft>, Failure> {
    let shown = |text: &str| text.chars().take(120).collect::<String>();
    let id: DomainName = domain.parse().map_err(|_| UseCaseError::not_found("domain", shown(&domain)))?;
    if !caller.has(&id, &[Role::Owner, Role::Producer]) {
        return Err(UseCaseError::forbidden(
            "product.not_a_producer",
            format!("only owners and producers of `{id}` draft products from its tables"),
            format!("ask an owner of `{id}` for the role producer, or name that domain in Mesh-Domain"),
        )
        .into());
    }
    let unknown = || UseCaseError::not_found("table", shown(&table));
    let is_name = |text: &str| {
        (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    if !is_name(&table) {
        return Err(unknown().into());
    }
    let known = service.domains.domain(&id).await?.ok_or_else(|| UseCaseError::not_found("domain", &id))?;
    let Some(envelope) = known.envelope else {
        return Err(UseCaseError::conflict(
            "domain.no_envelope",
            format!("the domain `{id}` has no storage yet"),
            "ask the platform team to apply the domain module for it",
        )
        .into());
    };
    let found = service.catalog.table(&envelope.glue_database, &table).await?.ok_or_else(unknown)?;
    let key = key_of(&found.metadata_location, &envelope.bucket).ok_or_else(|| elsewhere(&found, &envelope.bucket))?;
    if key_of(&found.location, &envelope.bucket).is_none() {
        return Err(elsewhere(&found, &envelope.bucket).into());
    }
    let metadata = service.storage.get(None, &envelope.bucket, key).await?;
    let metadata = metadata.ok_or_else(|| StoreError::corrupt("table", format!("its metadata `{key}` is gone")))?;
    let schema = service.format.describe(&metadata).map_err(|error| {
        UseCaseError::conflict(
            "adoption.undescribable",
            format!("`{table}` cannot be described by a manifest: {error}"),
            "publish another table that is made from it",
        )
    })?;
    let text = draft(&id, &found, &schema);
    let parsed = mesh_manifest::parse(&text)
        .map_err(|problems| UseCaseError::Invalid(problems.into_iter().map(Into::into).collect()))?;
    let warnings = parsed.warnings.into_iter().map(|warning| problem_error(warning.into())).collect();
    Ok(Json(ManifestDraft { table: format!("{}.{}", found.database, found.name), manifest_text: text, warnings }))
}

fn elsewhere(table: &CatalogTable, bucket: &str) -> UseCaseError {
    UseCaseError::conflict(
        "adoption.elsewhere",
        format!("the table `{}` lies at `{}`, not in the domain's bucket `{bucket}`", table.name, table.location),
        "take over what lies in your domain's own bucket",
    )
}

/// The manifest's text. What only people know is there with a comment.
fn draft(domain: &DomainName, table: &CatalogTable, schema: &Schema) -> String {
    let mut name: String = table.name.replace('_', "-").trim_matches('-').to_owned();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    // What a product may be called: up to 40 characters, a letter first.
    let name = if name.starts_with(|c: char| c.is_ascii_lowercase()) { name } else { format!("t-{name}") };
    let name: String = name.chars().take(40).collect();
    let name = name.trim_end_matches('-');
    let location = table.location.trim_end_matches('/');
    let mut text = format!(
        "apiVersion: mesh/v1\nkind: DataProduct\ndomain: {domain}\nname: {name}\nversion: 1.0.0\n\
         description: Drafted from the table {}.{}. # say what the data is\n\
         owner: {{ team: {domain}, contact: {domain}@example.org }} # say who answers for it\n\
         classification: internal # public | internal | confidential | restricted\n\
         retention: 730d # how long data is kept\n\
         access: {{ visibility: domain }} # hidden | domain | company\n\
         outputPorts:\n  - name: {}\n    version: 1.0.0\n    format: iceberg\n    \
         sla: {{ freshness: 1d }} # say how old the newest data may be\n    \
         adopt: {{ table: {}.{}, location: '{location}/' }}\n    schema:\n",
        table.database, table.name, "table", table.database, table.name,
    );
    for (key, list) in [("primaryKey", &schema.primary_key), ("partitionBy", &schema.partition_by)] {
        if !list.is_empty() {
            // JSON is YAML, and quotes what needs quotes.
            let list = serde_json::to_string(list).unwrap_or_default();
            let _ = writeln!(text, "      {key}: {list}");
        }
    }
    text.push_str("      fields:\n");
    for field in &schema.fields {
        let field = serde_json::to_string(field).unwrap_or_default();
        let _ = writeln!(text, "        - {field}");
    }
    text
}
