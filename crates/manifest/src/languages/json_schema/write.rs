//! Fields as a JSON Schema.
//!
//! What JSON Schema has no word for is left out: ids, units, rules, what tells of a person, and what keys are: those are texts.

use serde_json::{Map, Value, json};

use super::DRAFTS;
use crate::{
    field_type::FieldType,
    model::{Element, Field, Schema, ValueRef},
};

/// The schema as a JSON Schema of draft 2020-12.
pub fn to_json_schema(schema: &Schema) -> Value {
    let [_, newest] = DRAFTS;
    let mut written = Map::from_iter([("$schema".to_owned(), json!(newest))]);
    object(&schema.fields, &mut written);
    Value::Object(written)
}

fn object(fields: &[Field], written: &mut Map<String, Value>) {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.clone(), value(field.into()))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    written.insert("type".to_owned(), json!("object"));
    written.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        written.insert("required".to_owned(), json!(required));
    }
}

fn element(element: Option<&Element>) -> Value {
    // A list or map without entries does not pass the manifest's checks.
    element.map_or(Value::Bool(true), |element| value(element.into()))
}

fn value(value: ValueRef<'_>) -> Value {
    let mut written = Map::new();
    let mut put = |key: &str, value: Value| written.insert(key.to_owned(), value);
    let kind = match value.field_type {
        FieldType::Boolean => "boolean",
        FieldType::Int => {
            put("format", json!("int32"));
            put("minimum", json!(i32::MIN));
            put("maximum", json!(i32::MAX));
            "integer"
        }
        FieldType::Long => {
            put("format", json!("int64"));
            "integer"
        }
        FieldType::Float => {
            put("format", json!("float"));
            "number"
        }
        FieldType::Double => "number",
        FieldType::Decimal { precision, scale } => {
            let bound = power(precision.saturating_sub(scale), "");
            put("multipleOf", json!(power(scale, "-")));
            put("exclusiveMinimum", json!(-bound));
            put("exclusiveMaximum", json!(bound));
            "number"
        }
        FieldType::Date => {
            put("format", json!("date"));
            "string"
        }
        FieldType::Timestamp => {
            put("format", json!("local-date-time"));
            "string"
        }
        FieldType::Timestamptz => {
            put("format", json!("date-time"));
            "string"
        }
        FieldType::String => {
            if let Some(format) = value.properties.get("format") {
                put("format", json!(format));
            }
            "string"
        }
        FieldType::Binary => {
            put("contentEncoding", json!("base64"));
            "string"
        }
        FieldType::Struct => {
            object(value.fields, &mut written);
            "object"
        }
        FieldType::List => {
            put("items", element(value.items));
            "array"
        }
        FieldType::Map => {
            put("additionalProperties", element(value.values));
            "object"
        }
    };
    let kind = if value.required { json!(kind) } else { json!([kind, "null"]) };
    written.insert("type".to_owned(), kind);
    // An open enumeration has values that are not listed.
    if let Some(enumeration) = value.enumeration.filter(|it| !it.open) {
        let number = |text: &String| text.parse::<i64>().map_or_else(|_| json!(text), Value::from);
        let texts = value.field_type == FieldType::String;
        let listed = enumeration.values.iter().map(|text| if texts { json!(text) } else { number(text) });
        let null = (!value.required).then_some(Value::Null);
        written.insert("enum".to_owned(), listed.chain(null).collect());
    }
    written.extend(value.description.map(|text| ("description".to_owned(), json!(text))));
    let default = value.properties.get("default").and_then(|text| serde_json::from_str(text).ok());
    written.extend(default.map(|default: Value| ("default".to_owned(), default)));
    Value::Object(written)
}

/// A power of ten, as near as numbers come.
fn power(exponent: u8, sign: &str) -> f64 {
    format!("1e{sign}{exponent}").parse().unwrap_or(f64::INFINITY)
}
