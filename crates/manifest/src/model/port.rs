//! Output ports: how a product is read.

use jiff::civil::Date;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{ContractObject, Schema, Sla};
use crate::name::PortName;

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
    /// The last day on which the port can be read, where it is being left: its readers move until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub sunset: Option<Date>,
    /// The table or prefix that is there already and is taken over in place, instead of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adoption>,
    /// The contract of the Open Data Contract Standard that describes the port, among those of `origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractObject>,
    /// The port's fields.
    pub schema: Schema,
}

/// What a port takes over in place. Nothing of it is rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adoption {
    /// Of an Iceberg port, the table in the domain's catalogue database, as `database.table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 511))]
    pub table: Option<String>,
    /// Where the data lies in the domain's bucket, as `s3://bucket/folder/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 6, max = 1024))]
    pub location: Option<String>,
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
}

text_of!(Format { Iceberg => "iceberg", Parquet => "parquet", Csv => "csv", Json => "json", Sql => "sql", Http => "http", Kafka => "kafka" });
