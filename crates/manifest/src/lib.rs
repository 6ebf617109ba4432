//! `dataproduct.yaml`: its types, names and addresses. The parser reports every problem at once with line and column.
//!
//! This crate knows no AWS, HTTP, Lambda or wall clock.

pub mod address;
pub mod canonical;
pub mod code;
pub mod diagnostic;
pub mod field_type;
pub mod languages;
pub mod model;
pub mod name;
pub mod parse;
pub mod partition;
pub mod pointer;
pub mod quantity;
pub mod spans;
pub mod standards;
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
    Access, Adoption, ApiVersion, Classification, ContractObject, Dimension, Element, Enumeration, Expectation, Field,
    FieldRef, Format, Input, Kind, Lifecycle, Manifest, Metric, MetricUnit, Mutability, Origin, OutputPort, Owner, Pii,
    PiiProtection, QualityRule, RuleSeverity, Schedule, Schema, SchemaLanguage, SchemaSource, Sla, Support, Terms,
    ValueRef, Visibility, Weekday,
};
pub use name::{DomainName, NameError, PortName, ProductName};
pub use parse::{Parsed, json_schema, parse, parse_schema};
pub use partition::{Partition, Transform};
pub use quantity::{Amount, Days, Milliseconds, Minutes, Percent};
pub use spans::Spans;
