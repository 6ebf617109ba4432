//! The schema registry: `schemas`.

use async_trait::async_trait;
use mesh_core::{
    error::StoreError,
    schema_registry::{RegisteredSchema, SchemaStore},
};
use semver::Version;
use serde_json::Value;

use crate::{
    layout::{Item, Kind, Layout, column, text},
    query::Query,
    store::DynamoStore,
    tables::{BY_SCHEMA_ID, SCHEMAS},
};

const SCHEMA: Layout = Layout {
    what: "schema",
    columns: &[
        column("id", "schema_id", Kind::Text),
        column("subject", "subject", Kind::Text),
        column("schema", "schema_json", Kind::Json),
        column("digest", "digest", Kind::Text),
        column("registered_at", "registered_at", Kind::Text),
    ],
};

/// A schema as an item.
pub(crate) fn item(schema: &RegisteredSchema) -> Result<Item, StoreError> {
    let mut fields = serde_json::to_value(schema).map_err(|error| StoreError::corrupt(SCHEMA.what, error))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("version");
    }
    let mut item = SCHEMA.item(&fields)?;
    item.insert("version".to_owned(), text(padded(&schema.version)));
    Ok(item)
}

fn record(item: &Item) -> Result<RegisteredSchema, StoreError> {
    let version = item.get("version").and_then(|version| version.as_s().ok()).and_then(|version| unpadded(version));
    let version = version.ok_or_else(|| StoreError::corrupt(SCHEMA.what, "`version` is no version"))?;
    let mut fields = SCHEMA.fields(item)?;
    fields.insert("version".to_owned(), Value::from(version));
    serde_json::from_value(Value::Object(fields)).map_err(|error| StoreError::corrupt(SCHEMA.what, error))
}

/// A version whose releases sort as text.
fn padded(version: &Version) -> String {
    let Version { major, minor, patch, pre, build } = version;
    let pre = if pre.is_empty() { String::new() } else { format!("-{pre}") };
    let build = if build.is_empty() { String::new() } else { format!("+{build}") };
    format!("{major:010}.{minor:010}.{patch:010}{pre}{build}")
}

/// The version that was padded.
fn unpadded(padded: &str) -> Option<String> {
    let end = padded.find(['-', '+']).unwrap_or(padded.len());
    let (numbers, rest) = padded.split_at_checked(end)?;
    let numbers: Option<Vec<String>> =
        numbers.split('.').map(|n| n.parse::<u64>().ok().map(|n| n.to_string())).collect();
    Some(format!("{}{rest}", numbers?.join(".")))
}

#[async_trait]
impl SchemaStore for DynamoStore {
    async fn schema(&self, id: &str) -> Result<Option<RegisteredSchema>, StoreError> {
        if id.is_empty() {
            return Ok(None);
        }
        let items = self.collect(&Query::index(SCHEMAS, BY_SCHEMA_ID, id), None, 1).await?;
        items.first().map(record).transpose()
    }

    async fn versions(&self, subject: &str) -> Result<Vec<RegisteredSchema>, StoreError> {
        let items = self.all(&Query::table(SCHEMAS, subject)).await?;
        let mut schemas = items.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        // Pre-releases come before their release, but not as text.
        schemas.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(schemas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_text_and_come_back() {
        let versions = ["1.2.3", "1.10.0", "9.0.0", "10.0.0"].map(|text| text.parse::<Version>().unwrap());
        assert!(versions.iter().map(padded).is_sorted());
        for text in ["0.0.0", "1.2.3", "10.20.30-rc.1+build.5", "1.0.0+x"] {
            assert_eq!(unpadded(&padded(&text.parse().unwrap())).unwrap(), text);
        }
    }
}
