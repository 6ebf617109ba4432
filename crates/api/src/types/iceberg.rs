//! What the Iceberg REST catalogue takes and answers, in the form of its specification.

use std::{collections::BTreeMap, fmt};

use mesh_manifest::DomainName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a client is to be configured with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergConfig {
    pub defaults: BTreeMap<String, String>,
    pub overrides: BTreeMap<String, String>,
}

/// Namespaces: each is a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergNamespaces {
    pub namespaces: Vec<[DomainName; 1]>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergNamespace {
    pub namespace: [DomainName; 1],
    pub properties: BTreeMap<String, String>,
}

/// The tables of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergTables {
    pub identifiers: Vec<IcebergIdentifier>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergIdentifier {
    pub namespace: [DomainName; 1],
    pub name: String,
}

/// A table with all that is needed to read it, or to write to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct IcebergTable {
    /// Left out where the caller's contract is pinned: the metadata is then that of its snapshot, and no file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_location: Option<String>,
    /// The table's metadata, as Iceberg specifies it.
    pub metadata: Map<String, Value>,
    pub config: IcebergClientConfig,
    pub storage_credentials: Vec<IcebergStorageCredentials>,
}

/// New credentials for a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct IcebergCredentials {
    pub storage_credentials: Vec<IcebergStorageCredentials>,
}

/// Credentials for what lies below a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergStorageCredentials {
    pub prefix: String,
    pub config: IcebergClientConfig,
}

/// Properties by which clients of every language reach the table's files. Debug output shows no value: some are secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct IcebergClientConfig(pub BTreeMap<String, String>);

impl fmt::Debug for IcebergClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A commit: what must hold, and what is to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergCommit {
    pub requirements: Vec<Map<String, Value>>,
    pub updates: Vec<Map<String, Value>>,
}

/// The table after a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct IcebergCommitted {
    pub metadata_location: String,
    /// The table's metadata, as Iceberg specifies it.
    pub metadata: Map<String, Value>,
}
