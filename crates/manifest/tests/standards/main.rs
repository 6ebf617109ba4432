//! Documents of the open standards: what is read of them, what is refused, and that they are returned as they were.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../arbitrary/mod.rs"]
mod arbitrary;
mod constraints;
mod fixtures;
mod laws;
mod lint;
mod mapping;
mod random;
mod refusals;
mod walk;
