//! The manifest's types: the one source of truth from which JSON Schema, reference and wire format come.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    address::{PortAddress, ProductId},
    field_type::FieldType,
    name::{DomainName, PortName, ProductName},
    quantity::{Days, Minutes, Percent},
};

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
    /// Who answers for the product.
    pub owner: Owner,
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
    /// The upstream output ports that the product is made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub inputs: Vec<Input>,
    /// The interfaces through which the product is read.
    #[schemars(length(min = 1, max = 50))]
    pub output_ports: Vec<OutputPort>,
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

/// Who answers for a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// The team's name.
    #[schemars(length(min = 1, max = 200))]
    pub team: String,
    /// Where the team is reached: an e-mail address or an https URL.
    #[schemars(length(min = 1, max = 320))]
    pub contact: String,
}

/// How sensitive data is, from open to closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// Whether published data may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mutability {
    /// Rows are only ever added.
    #[default]
    AppendOnly,
    /// Rows may change; every state is a versioned snapshot.
    Mutable,
}

/// What the owner offers to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// Who may know of the product.
    pub visibility: Visibility,
    /// What the data may be used for; empty means any purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 60)))]
    pub purposes: Vec<String>,
}

/// Who may know of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Only those who hold a contract.
    Hidden,
    /// The owning domain.
    Domain,
    /// Everyone on the mesh.
    Company,
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

/// A named, versioned interface of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputPort {
    /// The port's name, unique within the product for each major.
    pub name: PortName,
    /// The port's semantic version; its major is part of its address.
    #[schemars(
        with = "String",
        regex(pattern = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
    )]
    pub version: Version,
    /// What the port holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// How data is stored or served.
    pub format: Format,
    /// What the owner promises.
    pub sla: Sla,
    /// Where a `sql`, `http` or `kafka` port is served; other formats are served by the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    pub endpoint: Option<String>,
    /// The port's fields.
    pub schema: Schema,
}

/// How a port's data is stored or served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Iceberg,
    Parquet,
    Csv,
    Json,
    Sql,
    Http,
    Kafka,
}

impl Format {
    /// Whether the platform stores data of this format as files below the port's location.
    pub fn is_file(self) -> bool {
        matches!(self, Self::Parquet | Self::Csv | Self::Json)
    }

    /// Whether the owner serves data of this format at an endpoint of their own.
    pub fn is_endpoint(self) -> bool {
        matches!(self, Self::Sql | Self::Http | Self::Kafka)
    }

    /// The format as it is written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iceberg => "iceberg",
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Sql => "sql",
            Self::Http => "http",
            Self::Kafka => "kafka",
        }
    }
}

/// What the owner of a port promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sla {
    /// The oldest that the newest data may be, such as `60m`.
    pub freshness: Minutes,
    /// The share of time in which the port can be read, such as `99.5%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Percent>,
}

/// A port's fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schema {
    #[schemars(length(min = 1, max = 2000))]
    pub fields: Vec<Field>,
}

/// One field of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// The column's name.
    #[schemars(length(max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// The column's type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether every row has a value.
    #[serde(default)]
    pub required: bool,
    /// What the values mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Set where the values tell of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pii: Option<Pii>,
    /// Further properties, carried through unread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// Personally identifiable information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pii {
    /// What kind of information, such as `email`: lower-case letters, digits, hyphens and underscores.
    #[schemars(length(min = 1, max = 60), regex(pattern = r"^[a-z][a-z0-9_-]*$"))]
    pub category: String,
    /// How the values are protected where they are stored.
    pub protection: PiiProtection,
}

/// How personal values are protected where they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PiiProtection {
    None,
    Masked,
    Tokenized,
    Encrypted,
}

impl PiiProtection {
    /// The protection as it is written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Masked => "masked",
            Self::Tokenized => "tokenized",
            Self::Encrypted => "encrypted",
        }
    }
}

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

text_of!(Classification { Public => "public", Internal => "internal", Confidential => "confidential", Restricted => "restricted" });
text_of!(Visibility { Hidden => "hidden", Domain => "domain", Company => "company" });
text_of!(Mutability { AppendOnly => "append-only", Mutable => "mutable" });
