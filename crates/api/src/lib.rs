//! The HTTP API as data: wire types, the route table, problem details, their codes and the OpenAPI document. Types only: no server, no client.

pub mod codes;
pub mod media;
pub mod openapi;
pub mod parameters;
pub mod problem;
pub mod routes;
pub mod types;

pub use problem::{Problem, ProblemError};
