//! Published policies: `policies`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use mesh_core::{
    audit::AuditEntry,
    error::StoreError,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
};
use serde_json::Value;

use crate::{
    audit,
    expression::Expression,
    layout::{Item, Kind, Layout, column, instant, key, text},
    store::DynamoStore,
    tables::{AUDIT_LOG, POLICIES},
    transaction::Transaction,
};

const BUNDLE: Layout = Layout {
    what: "policy bundle",
    columns: &[
        column("modules", "modules", Kind::Json),
        column("revision", "bundle_revision", Kind::Text),
        column("published_by", "published_by", Kind::Text),
        column("published_at", "published_at", Kind::Text),
    ],
};

/// The range key of the bundle in force.
const CURRENT: &str = "current";

/// The most bytes that a bundle's modules may have: an item has 400 KiB.
const MODULES_BYTES: usize = 350 * 1024;

fn current_key(scope: &PolicyScope) -> Item {
    key([("scope", scope.to_string()), ("revision", CURRENT.to_owned())])
}

fn item(bundle: &PolicyBundle) -> Result<Item, StoreError> {
    let mut fields = serde_json::to_value(bundle).map_err(|error| StoreError::corrupt(BUNDLE.what, error))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("scope");
    }
    let item = BUNDLE.item(&fields)?;
    let size = item.get("modules").and_then(|modules| modules.as_s().ok()).map_or(0, String::len);
    if size > MODULES_BYTES {
        let detail = format!("the policies take {size} bytes; {MODULES_BYTES} at most are kept for one scope");
        return Err(StoreError::TooLarge { detail });
    }
    Ok(item)
}

fn record(scope: &PolicyScope, item: &Item) -> Result<PolicyBundle, StoreError> {
    let unreadable = |error| StoreError::corrupt(BUNDLE.what, error);
    let mut fields = BUNDLE.fields(item)?;
    fields.insert("scope".to_owned(), serde_json::to_value(scope).map_err(unreadable)?);
    serde_json::from_value(Value::Object(fields)).map_err(unreadable)
}

#[async_trait]
impl PolicyStore for DynamoStore {
    async fn bundles(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<PolicyBundle>>, StoreError> {
        let wanted: BTreeSet<&PolicyScope> = scopes.iter().collect();
        let items = self.get_many(POLICIES, wanted.into_iter().map(current_key).collect()).await?;
        let by_scope: BTreeMap<&str, &Item> =
            items.iter().filter_map(|item| Some((item.get("scope")?.as_s().ok()?.as_str(), item))).collect();
        let bundle =
            |scope: &PolicyScope| by_scope.get(scope.to_string().as_str()).map(|item| record(scope, item)).transpose();
        scopes.iter().map(bundle).collect()
    }

    async fn revisions(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<String>>, StoreError> {
        const REVISION: &str = "bundle_revision";
        let wanted: BTreeSet<&PolicyScope> = scopes.iter().collect();
        let keys = wanted.into_iter().map(current_key).collect();
        let items = self.get_attributes(POLICIES, keys, &["scope", REVISION]).await?;
        let text = |item: &Item, name: &str| {
            let text = item.get(name).and_then(|value| value.as_s().ok()).cloned();
            text.ok_or_else(|| StoreError::corrupt(BUNDLE.what, format!("`{name}` has an unexpected form")))
        };
        let revision = |item: &Item| Ok((text(item, "scope")?, text(item, REVISION)?));
        let by_scope = items.iter().map(revision).collect::<Result<BTreeMap<String, String>, StoreError>>()?;
        Ok(scopes.iter().map(|scope| by_scope.get(&scope.to_string()).cloned()).collect())
    }

    async fn put_bundle(
        &self,
        before: Option<&str>,
        bundle: &PolicyBundle,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let unchanged = match before {
            None => Expression::absent("scope"),
            Some(before) => Expression::when("#revision = :revision")
                .name("#revision", "bundle_revision")
                .value(":revision", text(before)),
        };
        let mut current = item(bundle)?;
        let mut history = current.clone();
        current.extend(current_key(&bundle.scope));
        let published = format!("{}#{}", instant(bundle.published_at), bundle.revision);
        history.extend(key([("scope", bundle.scope.to_string()), ("revision", published)]));

        let mut transaction = Transaction::new(self);
        transaction.put_when(POLICIES, current, unchanged);
        transaction.put(POLICIES, history);
        transaction.put(AUDIT_LOG, audit::item(entry)?);
        transaction.commit().await
    }
}
