//! The schema registry: every registered version of every port's schema, immutable.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::Schema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// One version of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredSchema {
    /// `sch_` and 24 hexadecimal digits of the digest over subject, version and content.
    pub id: String,
    /// The port over all its majors, such as `operations.flights/daily`.
    pub subject: String,
    pub version: Version,
    #[serde(deserialize_with = "mesh_manifest::stored::schema")]
    pub schema: Schema,
    /// SHA-256 of the schema's canonical form.
    pub digest: String,
    pub registered_at: Timestamp,
}

impl RegisteredSchema {
    /// The schema of `subject` at `version`, with id and digest worked out.
    pub fn new(subject: String, version: Version, schema: Schema, registered_at: Timestamp) -> Self {
        let digest = mesh_manifest::canonical::digest(&schema);
        let identity = mesh_manifest::canonical::digest(&(&subject, version.to_string(), &digest));
        Self {
            id: format!("sch_{}", identity.get(..24).unwrap_or(&identity)),
            subject,
            version,
            schema,
            digest,
            registered_at,
        }
    }

    /// Whether `text` may be the id of a schema.
    pub fn is_id(text: &str) -> bool {
        text.strip_prefix("sch_").is_some_and(|digits| is_hexadecimal(digits, 24))
    }

    /// Whether `text` may be the digest of a schema.
    pub fn is_digest(text: &str) -> bool {
        is_hexadecimal(text, 64)
    }
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Keeps registered schemas; they are written with the registration that brings them.
#[async_trait]
pub trait SchemaStore: Debug + Send + Sync {
    /// The schema with this id.
    async fn schema(&self, id: &str) -> Result<Option<RegisteredSchema>, StoreError>;

    /// All versions of a subject, oldest first, read consistently.
    async fn versions(&self, subject: &str) -> Result<Vec<RegisteredSchema>, StoreError>;
}
