//! What changed between two manifests of a product, what that means for those who read it, and which versions it needs.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock.

pub mod change;
pub mod classify;
pub mod code;
pub mod examples;
pub mod versions;

mod fields;
mod offer;
mod ports;
mod promises;
mod quality;

pub use change::{Change, ChangeKind, Loosened};
pub use classify::classify;
pub use code::Code;
pub use examples::change_table;
pub use ports::classify_schemas;
pub use versions::{RequiredVersions, Violation, check_versions, least_version, required_versions};
