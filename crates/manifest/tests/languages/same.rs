//! The same data described in each language has the same fields.

use mesh_manifest::{Field, SchemaLanguage, languages};

pub const AVRO: &str = r#"{ "type": "record", "name": "Row", "fields": [
    { "name": "id", "type": "long", "doc": "Which." },
    { "name": "delay", "type": ["null", "int"] },
    { "name": "ratio", "type": "double" },
    { "name": "late", "type": "boolean" },
    { "name": "raw", "type": "bytes" },
    { "name": "tags", "type": { "type": "array", "items": "string" } },
    { "name": "seats", "type": { "type": "map", "values": "int" } },
    { "name": "kind", "type": ["null", { "type": "enum", "name": "Kind", "symbols": ["A", "B"] }] },
    { "name": "departure", "type": ["null", { "type": "long", "logicalType": "timestamp-micros" }] },
    { "name": "gate", "type": ["null", { "type": "record", "name": "Gate", "fields": [{ "name": "code", "type": "string" }] }] }
] }"#;

pub const JSON_SCHEMA: &str = r##"{ "type": "object", "required": ["id", "ratio", "late", "raw", "tags", "seats"], "properties": {
    "id": { "type": "integer", "description": "Which." },
    "delay": { "$ref": "#/$defs/int" },
    "ratio": { "type": "number" },
    "late": { "type": "boolean" },
    "raw": { "type": "string", "contentEncoding": "base64" },
    "tags": { "type": "array", "items": { "type": "string" } },
    "seats": { "type": "object", "additionalProperties": { "$ref": "#/$defs/int" } },
    "kind": { "enum": ["A", "B"] },
    "departure": { "type": ["string", "null"], "format": "date-time" },
    "gate": { "type": "object", "properties": { "code": { "type": "string" } }, "required": ["code"] }
}, "$defs": { "int": { "type": "integer", "minimum": -2147483648, "maximum": 2147483647 } } }"##;

pub const PROTOBUF: &str = r#"syntax = "proto2";
    import "google/protobuf/timestamp.proto";
    message Row {
      required int64 id = 1; // Which.
      optional int32 delay = 2;
      required double ratio = 3;
      required bool late = 4;
      required bytes raw = 5;
      repeated string tags = 6;
      map<string, int32> seats = 7;
      enum Kind { A = 0; B = 1; }
      optional Kind kind = 8;
      optional google.protobuf.Timestamp departure = 9;
      message Gate { required string code = 1; }
      optional Gate gate = 10;
    }"#;

fn read(language: SchemaLanguage, text: &str) -> Vec<Field> {
    let source = super::source(language, text);
    let read = languages::read(&source).unwrap_or_else(|problems| panic!("{problems:#?}"));
    // Numbers are Protocol Buffers' alone.
    read.into_iter().map(|field| Field { id: None, ..field }).collect()
}

#[test]
fn equal_schemas_have_equal_fields() {
    let avro = read(SchemaLanguage::Avro, AVRO);
    assert_eq!(avro, read(SchemaLanguage::JsonSchema, JSON_SCHEMA));
    assert_eq!(avro, read(SchemaLanguage::Protobuf, PROTOBUF));
    assert_eq!(avro.len(), 10);
}
