//! `dataproduct.yaml`: its types, names and addresses. The parser reports every problem at once with line and column.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock.

pub mod address;
pub mod canonical;
pub mod code;
pub mod diagnostic;
pub mod field_type;
pub mod model;
pub mod name;
pub mod parse;
pub mod pointer;
pub mod quantity;
pub mod spans;
pub mod stored;

mod endpoint;
mod scalar;
mod shape;
mod structure;
mod suggest;
mod text_rule;
mod tree;
mod validate;

pub use address::{PortAddress, PortSelector, ProductId};
pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use field_type::FieldType;
pub use model::{
    Access, ApiVersion, Classification, Field, Format, Input, Kind, Manifest, Mutability, OutputPort, Owner, Pii,
    PiiProtection, Schema, Sla, Visibility,
};
pub use name::{DomainName, NameError, PortName, ProductName};
pub use parse::{Parsed, json_schema, parse};
pub use quantity::{Days, Minutes, Percent};
pub use spans::Spans;
