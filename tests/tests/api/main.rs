//! All HTTP functions on in-memory stores: who may do what, and what bad input is answered.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod access;
mod approvals;
mod bodies;
mod cases;
mod cycles;
mod events;
mod headers;
mod hidden;
mod manifests;
mod names;
mod pins;
mod queries;
mod schema_checks;
mod tokens;
mod world;
