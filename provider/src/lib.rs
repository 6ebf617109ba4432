//! The Terraform provider of the mesh. It knows the API by its client and the manifest by its parser, and holds no rules of its own:
//! whatever it refuses in a plan, registration refuses too.
//!
//! Each resource and data source is one module and one line in [`MeshProvider`]'s lists.

mod connection;
mod consumption_contract;
mod data_product;
mod domain;
mod domain_envelope;
mod findings;
mod impact;
mod problem;
mod sentence;

use async_trait::async_trait;
use tfplugin::{Context, DataSource, Diagnostics, Named, Provider, Resource, Schema, Value};

pub use connection::Environment;
use connection::Mesh;

/// The provider `mesh`.
#[derive(Debug)]
pub struct MeshProvider {
    environment: Environment,
}

impl MeshProvider {
    /// A provider that takes from `environment` what its configuration leaves open.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }
}

#[async_trait]
impl Provider for MeshProvider {
    type Client = Mesh;

    fn schema(&self) -> Schema {
        connection::schema()
    }

    async fn configure(&self, _cx: &Context<()>, config: &Value) -> Result<Mesh, Diagnostics> {
        Mesh::connect(config, &self.environment)
    }

    fn resources(&self) -> Named<dyn Resource<Mesh>> {
        vec![
            ("mesh_domain", Box::new(domain::DomainResource)),
            ("mesh_domain_envelope", Box::new(domain_envelope::EnvelopeResource)),
            ("mesh_data_product", Box::new(data_product::DataProductResource)),
            ("mesh_consumption_contract", Box::new(consumption_contract::ContractResource)),
        ]
    }

    fn data_sources(&self) -> Named<dyn DataSource<Mesh>> {
        vec![
            ("mesh_data_product", Box::new(data_product::DataProductLookup)),
            ("mesh_impact", Box::new(impact::ImpactLookup)),
        ]
    }
}
