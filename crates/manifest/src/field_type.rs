//! The types that a field may have, as they are written: `string`, `long`, `decimal(10,2)`, `timestamptz` …

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A field's type: Iceberg's types under Iceberg's names. What a nested one is made of stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    /// Precision 1 to 38, scale up to the precision.
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// Microseconds, without zone.
    Timestamp,
    /// Microseconds, in UTC.
    Timestamptz,
    String,
    Binary,
    /// Named fields, which stand in `fields`.
    Struct,
    /// Entries of one type, which stands in `items`.
    List,
    /// Values by keys, whose types stand in `values` and `keys`.
    Map,
}

/// Why a text is not a field type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a field type: use one of boolean, int, long, float, double, decimal(precision,scale), date, timestamp, timestamptz, string, binary, struct, list, map"
)]
pub struct FieldTypeError(String);

impl FieldType {
    /// The names of the types without parameters.
    pub const NAMES: [&'static str; 13] = [
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "date",
        "timestamp",
        "timestamptz",
        "string",
        "binary",
        "struct",
        "list",
        "map",
    ];

    /// Whether values are made of other values.
    pub fn is_nested(self) -> bool {
        matches!(self, Self::Struct | Self::List | Self::Map)
    }
}

impl FromStr for FieldType {
    type Err = FieldTypeError;
    fn from_str(text: &str) -> Result<Self, FieldTypeError> {
        Ok(match text {
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            "string" => Self::String,
            "binary" => Self::Binary,
            "struct" => Self::Struct,
            "list" => Self::List,
            "map" => Self::Map,
            _ => decimal(text).ok_or_else(|| FieldTypeError(text.chars().take(40).collect()))?,
        })
    }
}

fn decimal(text: &str) -> Option<FieldType> {
    let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse::<u8>().ok()).flatten();
    let (precision, scale) = (digits(precision.trim())?, digits(scale.trim())?);
    ((1..=38).contains(&precision) && scale <= precision).then_some(FieldType::Decimal { precision, scale })
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Decimal { precision, scale } => return write!(f, "decimal({precision},{scale})"),
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::String => "string",
            Self::Binary => "binary",
            Self::Struct => "struct",
            Self::List => "list",
            Self::Map => "map",
        })
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for FieldType {
    fn schema_name() -> Cow<'static, str> {
        "FieldType".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(boolean|int|long|float|double|date|timestamp|timestamptz|string|binary|struct|list|map|decimal\\([0-9]{1,2}, ?[0-9]{1,2}\\))$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_round_trips() {
        for name in FieldType::NAMES.iter().copied().chain(["decimal(10,2)", "decimal(38,0)"]) {
            assert_eq!(name.parse::<FieldType>().unwrap().to_string(), name);
        }
        for bad in ["", "integer", "decimal", "decimal(39,1)", "decimal(2,3)", "decimal(+1,0)", "String"] {
            assert!(bad.parse::<FieldType>().is_err(), "{bad}");
        }
    }
}
