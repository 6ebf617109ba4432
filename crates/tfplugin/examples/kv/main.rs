//! An example provider: entries in one JSON file, with every kind of attribute and every call. The tests run it under Terraform.

mod entry;
mod lookup;
mod store;
mod token;

use std::process::ExitCode;

use async_trait::async_trait;
use tfplugin::{
    Attribute, Context, DataSource, Diagnostic, Diagnostics, EphemeralResource, Named, Provider, Resource, Schema,
    Value,
};

use store::Store;

struct Kv;

#[async_trait]
impl Provider for Kv {
    type Client = Store;

    fn schema(&self) -> Schema {
        Schema::new(
            "Keeps entries in a JSON file.",
            [Attribute::string("path").required().describe("The file. It is made when the first entry is.")],
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        match config.get("path").as_str() {
            Some("") => Diagnostic::error("the path is empty").at("path").into(),
            _ => Diagnostics::new(),
        }
    }

    async fn configure(&self, cx: &Context<()>, config: &Value) -> Result<Store, Diagnostics> {
        tracing::info!(terraform = cx.terraform_version(), "configured");
        Ok(Store::new(config.get("path").as_str()))
    }

    fn resources(&self) -> Named<dyn Resource<Store>> {
        vec![("kv_entry", Box::new(entry::Entry))]
    }

    fn data_sources(&self) -> Named<dyn DataSource<Store>> {
        vec![("kv_entry", Box::new(lookup::Lookup))]
    }

    fn ephemeral_resources(&self) -> Named<dyn EphemeralResource<Store>> {
        vec![("kv_token", Box::new(token::Token))]
    }
}

fn main() -> ExitCode {
    tfplugin::serve(Kv)
}
