//! Idempotency keys: `idempotency`. Expired ones count as gone, whenever DynamoDB removes them.

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_core::{
    error::StoreError,
    idempotency::{IdempotencyStore, Remembered},
};

use crate::{
    expression::Expression,
    layout::{Item, Kind, Layout, column, key, number},
    store::DynamoStore,
    tables::IDEMPOTENCY,
};

const REMEMBERED: Layout = Layout {
    what: "idempotency key",
    columns: &[
        column("key", "idempotency_key", Kind::Text),
        column("body_digest", "body_digest", Kind::Text),
        column("answer", "answer", Kind::Text),
        column("expires_at", "expires_at", Kind::Seconds),
    ],
};

/// What is remembered, as an item.
pub(crate) fn item(remembered: &Remembered) -> Result<Item, StoreError> {
    REMEMBERED.item(remembered)
}

/// Only if the key is free or expired.
pub(crate) fn unless_remembered() -> Expression {
    Expression::when("attribute_not_exists(#key) OR #expires <= :now")
        .name("#key", "idempotency_key")
        .name("#expires", "expires_at")
        .value(":now", number(Timestamp::now().as_second()))
}

/// An answer's expiry is kept in whole seconds, rounded down.
#[async_trait]
impl IdempotencyStore for DynamoStore {
    async fn remembered(&self, idempotency_key: &str) -> Result<Option<Remembered>, StoreError> {
        let item = self.get(IDEMPOTENCY, key([("idempotency_key", idempotency_key.to_owned())])).await?;
        let remembered: Option<Remembered> = item.map(|item| REMEMBERED.record(&item)).transpose()?;
        Ok(remembered.filter(|remembered| remembered.expires_at > Timestamp::now()))
    }

    async fn remember(&self, remembered: &Remembered) -> Result<(), StoreError> {
        self.put_when(IDEMPOTENCY, item(remembered)?, unless_remembered()).await
    }
}
