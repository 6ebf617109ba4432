//! Cached grants: `grants`.

use async_trait::async_trait;
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use mesh_core::{
    credentials::{Grant, GrantStore},
    error::StoreError,
};
use serde_json::Value;

use crate::{
    expression::Expression,
    layout::{Item, Kind, Layout, column, instant, key, text},
    store::DynamoStore,
    tables::GRANTS,
};

/// A grant but for its sealed credentials, which are bytes.
const GRANT: Layout = Layout {
    what: "grant",
    columns: &[
        column("key", "grant_key", Kind::Text),
        column("decision_id", "decision_id", Kind::Text),
        column("issued_at", "issued_at", Kind::Instant),
        column("expires_at", "expires_at", Kind::Seconds),
    ],
};

fn item(grant: &Grant) -> Result<Item, StoreError> {
    let mut fields = serde_json::to_value(grant).map_err(|error| StoreError::corrupt(GRANT.what, error))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("sealed");
    }
    let mut item = GRANT.item(&fields)?;
    item.insert("sealed".to_owned(), AttributeValue::B(Blob::new(grant.sealed.clone())));
    Ok(item)
}

fn record(item: &Item) -> Result<Grant, StoreError> {
    let sealed = item.get("sealed").and_then(|sealed| sealed.as_b().ok());
    let sealed = sealed.ok_or_else(|| StoreError::corrupt(GRANT.what, "`sealed` is missing"))?;
    let mut fields = GRANT.fields(item)?;
    fields.insert("sealed".to_owned(), Value::from(sealed.as_ref()));
    serde_json::from_value(Value::Object(fields)).map_err(|error| StoreError::corrupt(GRANT.what, error))
}

/// A grant's expiry is kept in whole seconds, rounded down.
#[async_trait]
impl GrantStore for DynamoStore {
    async fn grant(&self, grant_key: &str) -> Result<Option<Grant>, StoreError> {
        self.get(GRANTS, key([("grant_key", grant_key.to_owned())])).await?.map(|item| record(&item)).transpose()
    }

    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let unless_newer = Expression::when("attribute_not_exists(#issued) OR #issued <= :issued")
            .name("#issued", "issued_at")
            .value(":issued", text(instant(grant.issued_at)));
        self.put_when(GRANTS, item(grant)?, unless_newer).await
    }
}
