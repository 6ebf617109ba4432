//! The mesh's stores on DynamoDB: every fact has one item, every write is conditional on what was read.
//!
//! [`DynamoStore`] implements the store traits of `mesh-core`; [`tables::TABLES`] says which tables it needs.

mod audit;
mod batch;
mod contracts;
mod cursor;
mod domains;
mod errors;
mod expression;
mod grants;
mod idempotency;
mod layout;
mod measurements;
mod policies;
mod products;
mod query;
mod registration;
mod schemas;
mod store;
pub mod tables;
mod transaction;

pub use store::DynamoStore;
