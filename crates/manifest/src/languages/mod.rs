//! Schemas in other languages, read into the fields of the one model: Avro, JSON Schema and Protocol Buffers.
//!
//! Only the text is read. What it refers to elsewhere is never opened or fetched, and what fields have no equivalent for is refused
//! instead of guessed.

use crate::model::{Field, SchemaLanguage, SchemaSource};

mod avro;
mod fill;
mod json;
mod json_schema;
mod protobuf;
mod reading;

pub use avro::to_avro;
pub(crate) use fill::fill;
pub use json_schema::to_json_schema;
pub use reading::Problem;

/// The fields that `source` describes, or every problem that was found in its text.
pub fn read(source: &SchemaSource) -> Result<Vec<Field>, Vec<Problem>> {
    let SchemaSource { language, text, message } = source;
    let message = message.as_deref();
    match language {
        SchemaLanguage::Avro => avro::read(text, message),
        SchemaLanguage::JsonSchema => json_schema::read(text, message),
        SchemaLanguage::Protobuf => protobuf::read(text, message),
    }
}
