//! Functions whole, on the in-memory fakes: every route while every service fails in turn, and streams that shuffle, repeat and lose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../crates/mesh/tests/world/mod.rs"]
mod world;

mod commits;
mod failing_services;
mod requests;
mod service;
mod streams;
