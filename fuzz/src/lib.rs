//! Fuzz targets: each takes any bytes, gives them to what reads them in production, and holds it to its laws by panicking.
//!
//! The tests replay `corpus/<target>/` and a counted number of mutations of it; `cargo xtask fuzz` goes on from there, guided
//! by coverage, and puts what breaks a law into the corpus.

mod edits;
mod manifest;
mod msgpack;
pub mod mutation;
mod policy;
mod standards;
mod token;

pub use manifest::manifest;
pub use msgpack::msgpack;
pub use policy::policy;
pub use standards::standards;
pub use token::{good_tokens, token};

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target under its name, which is also that of its corpus and dictionary.
pub const TARGETS: [(&str, Target); 5] =
    [("manifest", manifest), ("msgpack", msgpack), ("policy", policy), ("standards", standards), ("token", token)];

/// The target called `name`.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
