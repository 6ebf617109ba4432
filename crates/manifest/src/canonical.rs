//! Equal manifests are equal: a canonical form and its digest, in which comments, order of keys and spelling of quantities do not count.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::Manifest;

impl Manifest {
    /// The manifest as JSON with a fixed order of keys and canonical quantities.
    pub fn canonical(&self) -> String {
        to_json(self)
    }

    /// SHA-256 of the canonical form, as 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        digest(self)
    }
}

/// SHA-256 of a value's JSON, as 64 hexadecimal digits.
pub fn digest(value: &impl Serialize) -> String {
    hex::encode(Sha256::digest(to_json(value)))
}

fn to_json(value: &impl Serialize) -> String {
    // The types of this crate have text keys only and no fallible serializers.
    serde_json::to_string(value).expect("a manifest value serializes to JSON")
}
