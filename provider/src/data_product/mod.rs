//! `mesh_data_product`: registers a product by its manifest, and looks up products.

mod lookup;
mod plan;
mod resource;

use mesh_api::types::{Port, Product};
use tfplugin::{Attribute, Diagnostic, Diagnostics, Nesting, Value};

pub use lookup::DataProductLookup;
pub use resource::DataProductResource;

/// What the platform says of a product, whether it is managed or looked up.
fn computed() -> Vec<Attribute> {
    let port = [
        Attribute::string("location").computed().describe("Where the port's data lies or is served."),
        Attribute::string("schema_id").computed().describe("The registered schema."),
        Attribute::string("format").computed().describe("How the data is stored or served."),
        Attribute::string("version").computed().describe("The port's version."),
        Attribute::string("sunset")
            .computed()
            .describe("The last day on which the port can be read, where it is being left."),
        Attribute::string("successor").computed().describe("The newest major beside it."),
    ];
    vec![
        Attribute::string("domain").computed().describe("The domain that owns the product."),
        Attribute::string("name").computed().describe("The product's name within the domain."),
        Attribute::string("version").computed().describe("The registered version."),
        Attribute::string("status")
            .computed()
            .describe("Where the product is in its life: `provisioning`, `active`, `failed` or `retired`."),
        Attribute::number("revision").computed().describe("Counts the registrations."),
        Attribute::string("digest").computed().describe("SHA-256 of the manifest's canonical form."),
        Attribute::nested("ports", Nesting::Map, port)
            .computed()
            .describe("The output ports by address, such as `operations.flights/daily@1`."),
    ]
}

/// The values of [`computed`], and the product's id.
fn attributes(product: &Product) -> Vec<(&'static str, Value)> {
    let port = |port: &Port| {
        let port_attributes: [(&str, Value); 6] = [
            ("location", port.access_endpoint.as_str().into()),
            ("schema_id", port.schema_id.as_str().into()),
            ("format", port.format.as_str().into()),
            ("version", port.version.as_str().into()),
            ("sunset", port.sunset.map(|day| day.to_string()).into()),
            ("successor", port.successor.clone().into()),
        ];
        (port.id.clone(), Value::object(port_attributes))
    };
    vec![
        ("id", product.id.as_str().into()),
        ("domain", product.domain.as_str().into()),
        ("name", product.name.as_str().into()),
        ("version", product.version.as_str().into()),
        ("status", product.status.as_str().into()),
        ("revision", product.revision.into()),
        ("digest", product.digest.as_str().into()),
        ("ports", Value::Map(product.ports.iter().map(port).collect())),
    ]
}

/// The manifest as it was sent, or what it says.
fn manifest_text(product: &Product) -> String {
    if product.manifest_text.is_empty() { product.manifest.canonical() } else { product.manifest_text.clone() }
}

/// The domain in a product's id.
fn domain_of(id: &str) -> Result<String, Diagnostics> {
    let id: mesh_manifest::ProductId = id.parse().map_err(|error| Diagnostic::error(format!("{error}")))?;
    Ok(id.domain.to_string())
}
