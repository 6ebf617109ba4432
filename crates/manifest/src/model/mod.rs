//! The manifest's types: the one source of truth from which JSON Schema, reference and wire format come.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    address::{PortAddress, ProductId},
    name::{DomainName, PortName, ProductName},
    quantity::Days,
};

macro_rules! text_of {
    ($type:ident { $($variant:ident => $text:literal),* $(,)? }) => {
        impl $type {
            /// The value as it is written in a manifest.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

mod field;
mod offer;
mod origin;
mod port;
mod promise;
mod quality;

pub use field::{Element, Enumeration, Field, FieldRef, Pii, PiiProtection, Schema, ValueRef};
pub use offer::{Access, Classification, Lifecycle, Mutability, Owner, Support, Terms, Visibility};
pub use origin::{ContractObject, Origin, SchemaLanguage, SchemaSource};
pub use port::{Adoption, Format, OutputPort};
pub use promise::{Schedule, Sla, Weekday};
pub use quality::{Dimension, Expectation, Metric, MetricUnit, QualityRule, RuleSeverity};

/// A data product's manifest, `dataproduct.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Always `mesh/v1`.
    pub api_version: ApiVersion,
    /// Always `DataProduct`.
    pub kind: Kind,
    /// The domain that owns the product.
    pub domain: DomainName,
    /// The product's name, unique within its domain.
    pub name: ProductName,
    /// The product's semantic version; it moves by the class of the change.
    #[schemars(
        with = "String",
        regex(pattern = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
    )]
    pub version: Version,
    /// What the product holds, for those who search for it.
    #[schemars(length(min = 1, max = 4000))]
    pub description: String,
    /// How far the product is in its life; `active` where it is left out.
    #[serde(default, skip_serializing_if = "Lifecycle::is_active")]
    pub status: Lifecycle,
    /// Who answers for the product.
    pub owner: Owner,
    /// Where readers get help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub support: Vec<Support>,
    /// Under which terms the data may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// How sensitive the data is.
    pub classification: Classification,
    /// How long data is kept, such as `730d`.
    pub retention: Days,
    /// Whether published data may change.
    #[serde(default)]
    pub mutability: Mutability,
    /// What the owner offers to whom.
    pub access: Access,
    /// Words to find the product by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 60)))]
    pub tags: Vec<String>,
    /// Further properties, carried through unread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// The upstream output ports that the product is made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub inputs: Vec<Input>,
    /// The interfaces through which the product is read.
    #[schemars(length(min = 1, max = 50))]
    pub output_ports: Vec<OutputPort>,
    /// The documents of the standards that the manifest was read from, returned as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Manifest {
    /// The product's identity.
    pub fn id(&self) -> ProductId {
        ProductId::new(self.domain.clone(), self.name.clone())
    }

    /// The address of one of this manifest's ports.
    pub fn address(&self, port: &OutputPort) -> PortAddress {
        self.id().port(port.name.clone(), port.version.major)
    }

    /// The newest major of the port called `name`, or the one that is asked for.
    pub fn newest(&self, name: &PortName, major: Option<u64>) -> Option<&OutputPort> {
        let named = self.output_ports.iter().filter(|port| port.name == *name);
        named.filter(|port| major.is_none_or(|major| port.version.major == major)).max_by_key(|port| port.version.major)
    }

    /// The port at `address`, if this manifest lists it.
    pub fn port(&self, address: &PortAddress) -> Option<&OutputPort> {
        self.output_ports.iter().find(|port| self.address(port) == *address)
    }
}

/// The manifest format's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    #[serde(rename = "mesh/v1")]
    MeshV1,
}

/// The document's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    DataProduct,
}

/// An upstream output port that a product depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// The port's address, such as `weather.hourly/observations@1`.
    pub port: PortAddress,
    /// What it is used for.
    #[schemars(length(min = 1, max = 60))]
    pub purpose: String,
}
