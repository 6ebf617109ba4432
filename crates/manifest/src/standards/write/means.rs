//! What a version of the contract standard can say.

use serde_json::{Map, Value};

/// What the contract's version has members for.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// The logical types `timestamp` and `time`, and checks by `metric`: from 3.1.0.
    pub timestamps: bool,
    /// Maps and enumerations: from 3.2.0.
    pub maps: bool,
}

impl Means {
    /// Those of `contract`.
    pub fn of(contract: &Map<String, Value>) -> Self {
        let version = contract.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        Self { timestamps: !version.starts_with("v3.0."), maps: version == "v3.2.0" }
    }
}
