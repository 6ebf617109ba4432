//! The ephemeral resource `kv_token`, whose life is noted in the journal.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tfplugin::{Attribute, Context, Diagnostics, EphemeralResource, Opened, Schema, Value};

use crate::store::Store;

pub struct Token;

#[async_trait]
impl EphemeralResource<Store> for Token {
    fn schema(&self) -> Schema {
        Schema::new(
            "A token for one run.",
            [Attribute::string("audience").required(), Attribute::string("token").computed().sensitive()],
        )
    }

    async fn open(&self, cx: &Context<Store>, config: &Value) -> Result<Opened, Diagnostics> {
        let audience = config.get("audience").as_str().unwrap_or_default();
        cx.client().note(&format!("open {audience}"))?;
        cx.set_private(audience);
        let result = Value::object([("audience", audience.to_owned()), ("token", format!("token-for-{audience}"))]);
        Ok(Opened { result, renew_at: Some(SystemTime::now() + Duration::from_secs(3600)) })
    }

    async fn renew(&self, cx: &Context<Store>) -> Result<Option<SystemTime>, Diagnostics> {
        cx.client().note(&format!("renew {}", String::from_utf8_lossy(&cx.private())))?;
        Ok(None)
    }

    async fn close(&self, cx: &Context<Store>) -> Result<(), Diagnostics> {
        cx.client().note(&format!("close {}", String::from_utf8_lossy(&cx.private())))
    }
}
