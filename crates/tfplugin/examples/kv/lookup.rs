//! The data source `kv_entry`.

use async_trait::async_trait;
use tfplugin::{Attribute, Context, DataSource, Diagnostic, Diagnostics, Schema, Value};

use crate::store::Store;

pub struct Lookup;

#[async_trait]
impl DataSource<Store> for Lookup {
    fn schema(&self) -> Schema {
        Schema::new(
            "An entry that exists.",
            [Attribute::string("key").required(), Attribute::string("value").computed()],
        )
    }

    async fn read(&self, cx: &Context<Store>, config: &Value) -> Result<Value, Diagnostics> {
        let key = config.get("key").as_str().unwrap_or_default();
        match cx.client().get(key)? {
            Some(record) => Ok(Value::object([("key", Value::from(key)), ("value", record.value.into())])),
            None => Err(Diagnostic::error("there is no such entry")
                .detail(format!("Nothing has the key `{key}`."))
                .at("key")
                .into()),
        }
    }
}
