//! Faults of the real services, between the functions' real adapters and a local cloud and search node that stand behind a proxy
//! which fails on demand.
//!
//! Needs `MESH_TEST_CLOUD_ENDPOINT` and `MESH_TEST_SEARCH_ENDPOINT`, which `cargo xtask test` sets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod access;
mod envelope;
mod hanging;
mod iceberg;
mod keys;
mod log;
mod probe;
mod search;
mod setup;
mod store;
mod world;

#[path = "../../../crates/store-dynamodb/tests/cloud/mod.rs"]
mod cloud;
