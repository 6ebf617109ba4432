//! `dataproduct.yaml`: its types, names and addresses. The parser reports every problem at once with line and column.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock.

pub mod address;
pub mod canonical;
pub mod diagnostic;
pub mod field_type;
pub mod model;
pub mod name;
pub mod quantity;

pub use address::{PortAddress, ProductId};
pub use diagnostic::{Diagnostic, Severity};
pub use field_type::FieldType;
pub use model::{
    Access, Classification, Field, Format, Input, Manifest, Mutability, OutputPort, Owner, Pii, PiiProtection, Schema, Sla, Visibility,
};
pub use name::{DomainName, NameError, PortName, ProductName};
pub use quantity::{Days, Minutes, Percent};
