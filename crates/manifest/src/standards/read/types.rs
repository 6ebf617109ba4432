//! What type a property of a contract is, out of its logical type, that type's options and its physical type.

use serde_json::{Map, Value};

use crate::field_type::FieldType;

use super::value::{is_true, object, objects, text};

/// A property's type, and why it is only near to what the contract says.
pub struct Kind {
    pub field_type: FieldType,
    pub approximated: Option<String>,
}

/// The type of `property`.
pub fn kind(property: &Map<String, Value>) -> Kind {
    let exact = |field_type| Kind { field_type, approximated: None };
    let near = |field_type, why: &str| Kind { field_type, approximated: Some(why.to_owned()) };
    let physical = text(property, "physicalType").and_then(physical);
    let options = object(property, "logicalTypeOptions");
    let format = options.and_then(|options| text(options, "format"));
    let is_map = object(property, "map").is_some_and(|map| map.contains_key("key") && map.contains_key("value"));
    match text(property, "logicalType") {
        Some("string") => match physical {
            Some(FieldType::Binary) => exact(FieldType::Binary),
            _ => exact(FieldType::String),
        },
        Some("boolean") => exact(FieldType::Boolean),
        // Up to version 3.0.2 there is `date` only.
        Some("date") => match physical {
            Some(time @ (FieldType::Timestamp | FieldType::Timestamptz)) => exact(time),
            Some(_) => exact(FieldType::Date),
            None if format.is_some_and(|format| format.contains("HH") || format.contains("hh")) => {
                exact(FieldType::Timestamp)
            }
            None => exact(FieldType::Date),
        },
        Some("timestamp") => match physical {
            Some(time @ (FieldType::Timestamp | FieldType::Timestamptz)) => exact(time),
            _ if options.is_some_and(|options| is_true(options, "timezone")) => exact(FieldType::Timestamptz),
            _ => exact(FieldType::Timestamp),
        },
        Some("time") => near(FieldType::String, "a time of day is kept as a text"),
        Some("integer") => match (physical, format) {
            (Some(number @ (FieldType::Int | FieldType::Long | FieldType::Decimal { .. })), _) => exact(number),
            (_, Some("u32" | "i64")) => exact(FieldType::Long),
            (_, Some("u64")) => exact(FieldType::Decimal { precision: 20, scale: 0 }),
            (_, Some("i128" | "u128")) => {
                near(FieldType::Decimal { precision: 38, scale: 0 }, "numbers of 128 bits are kept in 38 digits")
            }
            // `i32` is what the standard takes where nothing is said.
            _ => exact(FieldType::Int),
        },
        Some("number") => match (physical, format) {
            (
                Some(
                    number @ (FieldType::Float
                    | FieldType::Double
                    | FieldType::Decimal { .. }
                    | FieldType::Int
                    | FieldType::Long),
                ),
                _,
            ) => exact(number),
            (_, Some("f32")) => exact(FieldType::Float),
            _ => exact(FieldType::Double),
        },
        Some("object") if objects(property, "properties").next().is_some() => exact(FieldType::Struct),
        Some("object") => near(FieldType::String, "an object without properties is kept as a text of JSON"),
        Some("array") if property.contains_key("items") => exact(FieldType::List),
        Some("array") => near(FieldType::List, "an array without `items` is kept as a list of texts"),
        Some("vector") => exact(FieldType::List),
        Some("map") if is_map => exact(FieldType::Map),
        _ if is_map => exact(FieldType::Map),
        _ if objects(property, "properties").next().is_some() => exact(FieldType::Struct),
        _ if property.contains_key("items") => exact(FieldType::List),
        _ => match physical {
            Some(field_type) if !field_type.is_nested() => exact(field_type),
            _ => near(FieldType::String, "what does not say its type is kept as a text"),
        },
    }
}

/// The type of the entries of a vector.
pub fn vector_entry(property: &Map<String, Value>) -> FieldType {
    let options = object(property, "logicalTypeOptions");
    match options.and_then(|options| text(options, "elementType")) {
        Some("float64") => FieldType::Double,
        Some("int8" | "uint8") => FieldType::Int,
        Some("binary") => FieldType::Boolean,
        _ => FieldType::Float,
    }
}

/// What databases call a type, as a field's type.
fn physical(text: &str) -> Option<FieldType> {
    let lower = text.trim().to_ascii_lowercase();
    if let Ok(field_type) = lower.replace(", ", ",").parse::<FieldType>() {
        return Some(field_type);
    }
    let (name, arguments) = match lower.split_once('(') {
        // `timestamp(6) with time zone` has its words around the digits.
        Some((name, rest)) => match rest.split_once(')') {
            Some((arguments, more)) => (format!("{} {}", name.trim(), more.trim()), Some(arguments.to_owned())),
            None => (name.to_owned(), None),
        },
        None => (lower.clone(), None),
    };
    Some(match name.trim() {
        "bool" | "bit" | "logical" => FieldType::Boolean,
        "int" | "integer" | "int4" | "int32" | "int2" | "int16" | "smallint" | "tinyint" | "mediumint" | "byteint"
        | "serial" | "byte" | "short" | "uint8" | "uint16" => FieldType::Int,
        "bigint" | "int8" | "int64" | "bigserial" | "uint32" | "long" => FieldType::Long,
        "real" | "float4" | "float32" | "float" => FieldType::Float,
        "float8" | "float64" | "double precision" | "double" => FieldType::Double,
        "decimal" | "numeric" | "number" | "dec" => decimal(arguments.as_deref()),
        "datetime"
        | "datetime2"
        | "timestamp"
        | "timestamp_ntz"
        | "timestampntz"
        | "smalldatetime"
        | "timestamp without time zone" => FieldType::Timestamp,
        "timestamp_tz"
        | "timestamptz"
        | "timestamp_ltz"
        | "timestampltz"
        | "datetimeoffset"
        | "timestamp with time zone"
        | "timestamp with local time zone" => FieldType::Timestamptz,
        "varbinary" | "binary" | "blob" | "bytea" | "bytes" | "raw" | "image" | "longblob" | "mediumblob" => {
            FieldType::Binary
        }
        "varchar" | "char" | "text" | "nvarchar" | "nchar" | "character varying" | "character" | "varchar2"
        | "clob" | "uuid" | "str" | "json" | "jsonb" | "variant" | "xml" | "enum" | "bpchar" | "super" => {
            FieldType::String
        }
        _ => return None,
    })
}

/// `precision,scale`; without them, as wide as tables go.
fn decimal(arguments: Option<&str>) -> FieldType {
    let mut numbers = arguments.unwrap_or_default().split(',').map(|number| number.trim().parse::<u8>().ok());
    match (numbers.next().flatten(), numbers.next()) {
        (Some(precision @ 1..=38), Some(Some(scale))) if scale <= precision => FieldType::Decimal { precision, scale },
        (Some(precision @ 1..=38), None) => FieldType::Decimal { precision, scale: 0 },
        _ => FieldType::Decimal { precision: 38, scale: 10 },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn logical_types_win_and_physical_types_refine_them() {
        for (property, wanted) in [
            (json!({ "logicalType": "string", "physicalType": "VARCHAR(20)" }), "string"),
            (json!({ "logicalType": "string", "physicalType": "integer" }), "string"),
            (json!({ "logicalType": "integer" }), "int"),
            (json!({ "logicalType": "integer", "physicalType": "BIGINT" }), "long"),
            (json!({ "logicalType": "integer", "logicalTypeOptions": { "format": "u64" } }), "decimal(20,0)"),
            (json!({ "logicalType": "number", "physicalType": "NUMERIC(12, 4)" }), "decimal(12,4)"),
            (json!({ "logicalType": "number", "physicalType": "numeric(5)" }), "decimal(5,0)"),
            (json!({ "logicalType": "number", "logicalTypeOptions": { "format": "f32" } }), "float"),
            (json!({ "logicalType": "date", "physicalType": "timestamp(6) with time zone" }), "timestamptz"),
            (
                json!({ "logicalType": "date", "logicalTypeOptions": { "format": "yyyy-MM-dd'T'HH:mm:ss" } }),
                "timestamp",
            ),
            (json!({ "logicalType": "timestamp", "logicalTypeOptions": { "timezone": true } }), "timestamptz"),
            (json!({ "physicalType": "double precision" }), "double"),
            (json!({ "physicalType": "geometry" }), "string"),
            (json!({ "logicalType": "array", "items": { "logicalType": "string" } }), "list"),
            (json!({ "logicalType": "vector", "logicalTypeOptions": { "dimensions": 3 } }), "list"),
            (json!({ "logicalType": "object" }), "string"),
        ] {
            assert_eq!(kind(property.as_object().unwrap()).field_type.to_string(), wanted, "{property}");
        }
    }
}
