//! Faults on purpose: races, kills at every call, clocks that jump, items that cannot be read, policies that are not there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../world/mod.rs"]
mod world;

mod approvals;
mod kills;
mod kills_of_requests;
mod policies;
mod probes;
mod registrations;
mod runs;
mod unreadable;
