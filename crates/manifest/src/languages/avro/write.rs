//! Fields as an Avro schema.
//!
//! What Avro has no word for is left out: units, rules, what tells of a person, and descriptions of entries that have no name.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::is_name;
use crate::{
    field_type::FieldType,
    model::{Element, Field, Schema, ValueRef},
};

/// The schema as an Avro record called `Row`; types within it are called by their path, such as `Row_gate`.
pub fn to_avro(schema: &Schema) -> Value {
    let mut names = HashSet::new();
    let name = unique("Row".to_owned(), &mut names);
    record(&schema.fields, None, &name, &mut names)
}

/// A type has one name in the whole schema.
fn unique(name: String, names: &mut HashSet<String>) -> String {
    let mut candidate = name.clone();
    let mut number = 2;
    while !names.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

fn record(fields: &[Field], doc: Option<&str>, name: &str, names: &mut HashSet<String>) -> Value {
    let fields: Vec<Value> = fields.iter().map(|field| of_field(field, name, names)).collect();
    let mut record = Map::from_iter([("type".to_owned(), json!("record")), ("name".to_owned(), json!(name))]);
    record.extend(doc.map(|doc| ("doc".to_owned(), json!(doc))));
    record.insert("fields".to_owned(), json!(fields));
    Value::Object(record)
}

fn of_field(field: &Field, within: &str, names: &mut HashSet<String>) -> Value {
    let default = field.properties.get("default").and_then(|text| serde_json::from_str::<Value>(text).ok());
    // It may come from another language, and readers of Avro refuse a schema whose defaults do not fit.
    let default = default.filter(|default| fits(field, default));
    // The description stands at the field, and not again at its type.
    let value = ValueRef { description: None, ..ValueRef::from(field) };
    let plain = plain(value, &format!("{within}_{}", field.name), names);
    let mut written = Map::from_iter([("name".to_owned(), json!(field.name))]);
    written.extend(field.id.map(|id| ("field-id".to_owned(), json!(id))));
    // A default is a value of the first type of a union.
    let (kind, default) = match (field.required, default) {
        (true, default) => (plain, default),
        (false, None) => (json!(["null", plain]), Some(Value::Null)),
        (false, Some(default)) => (json!([plain, "null"]), Some(default)),
    };
    written.insert("type".to_owned(), kind);
    written.extend(field.description.as_ref().map(|doc| ("doc".to_owned(), json!(doc))));
    written.extend(default.map(|default| ("default".to_owned(), default)));
    let aliases = field.properties.get("aliases").into_iter().flat_map(|aliases| aliases.split(','));
    let aliases: Vec<&str> = aliases.filter(|alias| is_name(alias)).collect();
    if !aliases.is_empty() {
        written.insert("aliases".to_owned(), json!(aliases));
    }
    Value::Object(written)
}

/// Whether Avro can have `default` for the field, as far as it can be told without looking into what the field is made of.
fn fits(field: &Field, default: &Value) -> bool {
    let listed = |text: &str| match &field.enumeration {
        Some(enumeration) => enumeration.values.iter().any(|value| value == text),
        None => true,
    };
    match field.field_type {
        FieldType::Boolean => default.is_boolean(),
        FieldType::Int | FieldType::Date => default.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        FieldType::Long | FieldType::Timestamp | FieldType::Timestamptz => default.is_i64(),
        FieldType::Float | FieldType::Double => default.is_number(),
        FieldType::String => default.as_str().is_some_and(listed),
        FieldType::Binary | FieldType::Decimal { .. } => default.is_string(),
        FieldType::Struct => default.is_object(),
        FieldType::List => default.is_array(),
        // Maps whose keys are no texts are written as lists.
        FieldType::Map => default.is_object() || default.is_array(),
    }
}

fn of_element(element: Option<&Element>, name: &str, names: &mut HashSet<String>) -> Value {
    // A list or map without entries does not pass the manifest's checks.
    let Some(element) = element else { return json!("null") };
    let plain = plain(element.into(), name, names);
    if element.required { plain } else { json!(["null", plain]) }
}

/// The value's type, apart from whether it may be missing.
fn plain(value: ValueRef<'_>, name: &str, names: &mut HashSet<String>) -> Value {
    let logical = |kind: &str, logical: &str| json!({ "type": kind, "logicalType": logical });
    let kind = match value.field_type {
        FieldType::Boolean => "boolean",
        FieldType::Int => "int",
        FieldType::Long => "long",
        FieldType::Float => "float",
        FieldType::Double => "double",
        FieldType::Decimal { precision, scale } => {
            return json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale });
        }
        FieldType::Date => return logical("int", "date"),
        FieldType::Timestamp => return logical("long", "local-timestamp-micros"),
        FieldType::Timestamptz => return logical("long", "timestamp-micros"),
        FieldType::String => match enumeration(value, name, names) {
            Some(enumeration) => return enumeration,
            None => "string",
        },
        FieldType::Binary => match value.properties.get("size").and_then(|size| size.parse::<u32>().ok()) {
            Some(size) => {
                let mut fixed = json!({ "type": "fixed", "name": unique(name.to_owned(), names), "size": size });
                if let (Some(fixed), Some(logical)) = (fixed.as_object_mut(), value.properties.get("logicalType")) {
                    fixed.insert("logicalType".to_owned(), json!(logical));
                }
                return fixed;
            }
            None => "bytes",
        },
        FieldType::Struct => {
            let name = unique(name.to_owned(), names);
            return record(value.fields, value.description, &name, names);
        }
        FieldType::List => {
            return json!({ "type": "array", "items": of_element(value.items, &format!("{name}_item"), names) });
        }
        FieldType::Map => return map(value, name, names),
    };
    match value.properties.get("logicalType") {
        Some(name) => logical(kind, name),
        None => json!(kind),
    }
}

fn enumeration(value: ValueRef<'_>, name: &str, names: &mut HashSet<String>) -> Option<Value> {
    let enumeration = value.enumeration?;
    let is_symbol = |value: &String| is_name(value) && !value.contains('.');
    let default = value.properties.get("enumDefault").filter(|default| enumeration.values.contains(default));
    // Values that are not listed could not be written: an open enumeration is one only where unknown values have a stand-in.
    if !enumeration.values.iter().all(is_symbol) || enumeration.open != default.is_some() {
        return None;
    }
    let mut written = Map::from_iter([
        ("type".to_owned(), json!("enum")),
        ("name".to_owned(), json!(unique(name.to_owned(), names))),
    ]);
    written.extend(value.description.map(|doc| ("doc".to_owned(), json!(doc))));
    written.insert("symbols".to_owned(), json!(enumeration.values));
    written.extend(default.map(|default| ("default".to_owned(), json!(default))));
    Some(Value::Object(written))
}

fn map(value: ValueRef<'_>, name: &str, names: &mut HashSet<String>) -> Value {
    let values = of_element(value.values, &format!("{name}_value"), names);
    match value.keys {
        Some(keys) if keys.field_type != FieldType::String => {
            // Keys are texts in Avro; Iceberg writes maps with other keys as lists of entries.
            let entry = json!({
                "type": "record", "name": unique(format!("{name}_entry"), names),
                "fields": [
                    { "name": "key", "type": plain(keys.into(), &format!("{name}_key"), names) },
                    { "name": "value", "type": values },
                ],
            });
            json!({ "type": "array", "logicalType": "map", "items": entry })
        }
        _ => json!({ "type": "map", "values": values }),
    }
}
