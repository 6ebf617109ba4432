//! Media types of what describes products beside the manifest.

/// A document of the Open Data Product Standard, as JSON.
pub const ODPS_JSON: &str = "application/odps+json";
/// The same as YAML.
pub const ODPS_YAML: &str = "application/odps+yaml";
/// A document of the Open Data Contract Standard, as JSON.
pub const ODCS_JSON: &str = "application/odcs+json";
/// The same as YAML.
pub const ODCS_YAML: &str = "application/odcs+yaml";
/// A product's document and its contracts, each a part.
pub const BUNDLE: &str = "multipart/mixed";
