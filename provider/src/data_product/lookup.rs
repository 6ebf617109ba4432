//! The data source `mesh_data_product`: a product that somebody registered.

use async_trait::async_trait;
use mesh_api::types::Status;
use tfplugin::{Attribute, Context, DataSource, Diagnostic, Diagnostics, Schema, Value};

use super::{attributes, computed, domain_of, manifest_text};
use crate::connection::Mesh;
use crate::problem::diagnose;

/// The data source `mesh_data_product`.
#[derive(Debug)]
pub struct DataProductLookup;

#[async_trait]
impl DataSource<Mesh> for DataProductLookup {
    fn schema(&self) -> Schema {
        let own = [
            Attribute::string("id").required().describe("Such as `operations.flights`."),
            Attribute::string("manifest").computed().describe("The manifest as it was registered."),
        ];
        Schema::new("A registered data product that you may know of.", own.into_iter().chain(computed()))
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        match config.get("id").as_str().map(domain_of) {
            Some(Err(found)) => found.into_iter().map(|diagnostic| diagnostic.at("id")).collect(),
            _ => Diagnostics::new(),
        }
    }

    async fn read(&self, cx: &Context<Mesh>, config: &Value) -> Result<Value, Diagnostics> {
        let id = config.get("id").as_str().unwrap_or_default();
        let found = cx.client().client()?.product(id).await.map_err(|error| diagnose(&error))?;
        match found.filter(|product| product.status != Status::Retired) {
            Some(product) => {
                let manifest = ("manifest", manifest_text(&product).into());
                Ok(Value::object(attributes(&product).into_iter().chain([manifest])))
            }
            None => Err(Diagnostic::error(format!("there is no data product `{id}`"))
                .detail("It does not exist, is retired, or is hidden from the domain that you act for.")
                .at("id")
                .into()),
        }
    }
}
