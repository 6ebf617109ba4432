//! The mesh's use cases and the traits through which they reach the outside; in-memory fakes of those traits.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock: time comes from [`clock::Clock`].

pub mod access;
pub mod audit;
pub mod clock;
pub mod contract;
pub mod contracts;
pub mod credentials;
pub mod deprecation;
pub mod domain;
pub mod domains;
pub mod error;
pub mod events;
pub mod fakes;
pub mod findings;
pub mod governance;
pub mod idempotency;
pub mod identity;
pub mod impact;
pub mod indexing;
mod inputs;
pub mod judgement;
pub mod marketplace;
pub mod measurement;
pub mod metadata_file;
pub mod metrics;
pub mod object_storage;
pub mod page;
pub mod place;
pub mod plan;
pub mod policies;
pub mod principal;
pub mod probing;
pub mod product;
pub mod provisioning;
pub mod registration;
pub mod retirement;
pub mod schema_registry;
pub mod search_index;
#[cfg(any(test, feature = "suite"))]
pub mod store_suite;
mod sunset;
mod sweeping;
pub mod table_catalog;
