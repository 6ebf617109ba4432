//! The audit log: `audit_log`.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use mesh_core::{
    audit::{AuditEntry, AuditLog},
    error::StoreError,
};
use serde_json::Value;

use crate::{
    expression::Expression,
    layout::{Item, Kind, Layout, column, instant, number, text},
    query::Query,
    store::DynamoStore,
    tables::AUDIT_LOG,
};

/// An entry but for its time and id, which make the range key.
const ENTRY: Layout = Layout {
    what: "audit entry",
    columns: &[
        column("resource", "resource", Kind::Text),
        column("action", "action", Kind::Text),
        column("by", "principal", Kind::Text),
        column("domain", "domain_id", Kind::Text),
        column("detail", "detail", Kind::Json),
    ],
};

/// How long entries are kept: two years.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// An entry as an item.
pub(crate) fn item(entry: &AuditEntry) -> Result<Item, StoreError> {
    let mut fields = serde_json::to_value(entry).map_err(|error| StoreError::corrupt(ENTRY.what, error))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("at");
        fields.remove("id");
    }
    let mut item = ENTRY.item(&fields)?;
    let expires = entry.at.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
    item.insert("at_id".to_owned(), text(format!("{}#{}", instant(entry.at), entry.id)));
    item.insert("expires_at".to_owned(), number(expires.as_second()));
    Ok(item)
}

fn record(item: &Item) -> Result<AuditEntry, StoreError> {
    let place = item.get("at_id").and_then(|place| place.as_s().ok()).and_then(|place| place.split_once('#'));
    let (at, id) = place.ok_or_else(|| StoreError::corrupt(ENTRY.what, "`at_id` is no time and id"))?;
    let mut fields = ENTRY.fields(item)?;
    // No detail is written as no attribute.
    fields.entry("detail").or_insert(Value::Null);
    fields.insert("at".to_owned(), Value::from(at));
    fields.insert("id".to_owned(), Value::from(id));
    serde_json::from_value(Value::Object(fields)).map_err(|error| StoreError::corrupt(ENTRY.what, error))
}

#[async_trait]
impl AuditLog for DynamoStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.put_when(AUDIT_LOG, item(entry)?, Expression::default()).await
    }

    async fn entries(&self, resource: &str, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = Query::table(AUDIT_LOG, resource).newest_first();
        self.collect(&query, None, limit).await?.iter().map(record).collect()
    }
}
