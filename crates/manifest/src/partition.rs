//! What data is partitioned by, as it is written: `flight_date`, `day(departure)`, `bucket(16, id)`.

use std::{fmt, str::FromStr};

use crate::field_type::FieldType;

/// One field of a partition, and what is made of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    pub field: String,
    pub transform: Transform,
}

/// What is made of a field's values: Iceberg's transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    Identity,
    Year,
    Month,
    Day,
    Hour,
    /// Into so many buckets, by a hash.
    Bucket(u32),
    /// To so many characters, or down to a multiple.
    Truncate(u32),
}

impl Transform {
    /// Whether values of `field_type` can be partitioned so: Iceberg's rules.
    pub fn takes(self, field_type: FieldType) -> bool {
        let is_time = matches!(field_type, FieldType::Timestamp | FieldType::Timestamptz);
        match self {
            Self::Identity => !field_type.is_nested(),
            Self::Year | Self::Month | Self::Day => is_time || field_type == FieldType::Date,
            Self::Hour => is_time,
            Self::Bucket(_) => {
                !field_type.is_nested()
                    && !matches!(field_type, FieldType::Boolean | FieldType::Float | FieldType::Double)
            }
            Self::Truncate(_) => matches!(
                field_type,
                FieldType::Int | FieldType::Long | FieldType::Decimal { .. } | FieldType::String | FieldType::Binary
            ),
        }
    }
}

/// Why a text does not tell a partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a partition: write a field, or one of year, month, day, hour, bucket and truncate of it, such as `day(departure)` or `bucket(16, id)`"
)]
pub struct PartitionError(String);

impl FromStr for Partition {
    type Err = PartitionError;
    fn from_str(text: &str) -> Result<Self, PartitionError> {
        partition(text).ok_or_else(|| PartitionError(text.chars().take(80).collect()))
    }
}

fn partition(text: &str) -> Option<Partition> {
    let named = |field: &str, transform| {
        let starts = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts && field.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
            .then(|| Partition { field: field.to_owned(), transform })
    };
    let Some((function, arguments)) = text.split_once('(') else { return named(text, Transform::Identity) };
    let arguments = arguments.strip_suffix(')')?;
    let plain = match function {
        "year" => Some(Transform::Year),
        "month" => Some(Transform::Month),
        "day" => Some(Transform::Day),
        "hour" => Some(Transform::Hour),
        _ => None,
    };
    if let Some(transform) = plain {
        return named(arguments, transform);
    }
    let (number, field) = arguments.split_once(',')?;
    let digits = number.len() <= 9 && number.bytes().all(|b| b.is_ascii_digit());
    let number = number.parse().ok().filter(|number| digits && *number > 0)?;
    let transform = match function {
        "bucket" => Transform::Bucket(number),
        "truncate" => Transform::Truncate(number),
        _ => return None,
    };
    named(field.strip_prefix(' ').unwrap_or(field), transform)
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, transform } = self;
        match transform {
            Transform::Identity => f.write_str(field),
            Transform::Year => write!(f, "year({field})"),
            Transform::Month => write!(f, "month({field})"),
            Transform::Day => write!(f, "day({field})"),
            Transform::Hour => write!(f, "hour({field})"),
            Transform::Bucket(number) => write!(f, "bucket({number}, {field})"),
            Transform::Truncate(number) => write!(f, "truncate({number}, {field})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_round_trips() {
        for text in ["a", "year(a)", "month(a)", "day(a)", "hour(a)", "bucket(16, a_1)", "truncate(4, _b)"] {
            assert_eq!(text.parse::<Partition>().unwrap().to_string(), text);
        }
        assert_eq!("bucket(16,a)".parse::<Partition>().unwrap().to_string(), "bucket(16, a)");
        for bad in [
            "",
            "day",
            "day()",
            "day(a",
            "week(a)",
            "bucket(a)",
            "bucket(0, a)",
            "bucket(-1, a)",
            "1a",
            "a.b",
            "day(a)x",
        ] {
            assert!(bad == "day" || bad.parse::<Partition>().is_err(), "{bad}");
        }
    }
}
