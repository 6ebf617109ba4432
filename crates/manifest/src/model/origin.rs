//! Documents of other standards that a manifest was read from: kept as they were, and returned so.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The documents that a manifest was read from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    /// The product's document of the Open Data Product Standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Value>,
    /// Documents of the Open Data Contract Standard, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contracts: BTreeMap<String, Value>,
}

/// One object of a contract of the Open Data Contract Standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractObject {
    /// The contract's id.
    #[schemars(length(min = 1, max = 500))]
    pub id: String,
    /// The name of the schema object, where the contract has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub object: Option<String>,
}

/// A schema as it is written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SchemaSource {
    /// The language that it is written in.
    pub language: SchemaLanguage,
    /// Its text.
    #[schemars(length(min = 1, max = 100_000))]
    pub text: String,
    /// The message that describes a row, where the text has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub message: Option<String>,
}

/// A language that schemas are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaLanguage {
    /// Apache Avro, as JSON.
    Avro,
    /// JSON Schema, draft-07 or 2020-12.
    JsonSchema,
    /// Protocol Buffers, as one file.
    Protobuf,
}

text_of!(SchemaLanguage { Avro => "avro", JsonSchema => "json-schema", Protobuf => "protobuf" });
