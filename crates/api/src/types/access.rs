//! Grants to read and write on the wire.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;

/// What is needed to read a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadGrant {
    /// Such as `operations.flights/daily@1`.
    pub port: String,
    /// The port's full version.
    pub version: String,
    pub format: String,
    pub schema_id: String,
    /// The decision in the audit log that this follows from.
    pub decision_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// The snapshot that the contract is pinned to: Iceberg clients are given that one, whatever the port's freshness is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_snapshot: Option<i64>,
    /// When credentials and URLs end.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
    pub freshness: Freshness,
    /// For file ports: every file with a pre-signed URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ReadFile>,
    /// For Iceberg ports: what an Iceberg client needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iceberg: Option<IcebergSource>,
    /// For ports served by their owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// For stored ports: credentials that reach this port only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadFile {
    pub name: String,
    /// In bytes.
    pub size: u64,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub modified: Timestamp,
    pub url: String,
}

/// A table in the platform's Iceberg REST catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcebergSource {
    /// The catalogue's `uri`.
    pub uri: String,
    pub warehouse: String,
    pub namespace: String,
    pub table: String,
    /// The catalogue's `oauth2-server-uri`.
    pub oauth2_server_uri: String,
    pub scope: String,
}

/// How fresh the data is and is promised to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Freshness {
    pub promised_minutes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_minutes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub newest_data: Option<Timestamp>,
}

/// Temporary credentials for one port. Debug output shows no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    pub bucket: String,
    /// Everything reachable lies below it.
    pub prefix: String,
    pub region: String,
    /// Where S3 is, if not on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("prefix", &self.prefix)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What is needed to write to a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WriteGrant {
    pub port: String,
    pub version: String,
    pub format: String,
    pub decision_id: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
    /// For Iceberg ports: what an Iceberg client needs; the catalogue vends credentials for the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iceberg: Option<IcebergSource>,
    /// For file ports: where files go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_prefix: Option<String>,
    pub credentials: Credentials,
}
