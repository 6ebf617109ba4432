//! The forms that texts of a manifest may need to have, each checked by the type that reads it, so that its own message is reported.

use crate::{
    address::{PortAddress, ProductId},
    field_type::FieldType,
    name::{DomainName, PortName, ProductName},
    partition::Partition,
    quantity::{Days, Milliseconds, Minutes, Percent},
};

/// The pattern of a partition in the JSON Schema.
pub const PARTITION: &str = r"^((year|month|day|hour)\([A-Za-z_][A-Za-z0-9_]*\)|(bucket|truncate)\([0-9]{1,9}, ?[A-Za-z_][A-Za-z0-9_]*\)|[A-Za-z_][A-Za-z0-9_]*)$";

/// A form that a text must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRule {
    DomainName,
    ProductName,
    PortName,
    ProductId,
    PortAddress,
    Minutes,
    Days,
    Percent,
    FieldType,
    Version,
    FieldName,
    Category,
    Milliseconds,
    Date,
    TimeOfDay,
    Partition,
}

impl TextRule {
    /// The rule of a named definition of the JSON Schema, if its text has one.
    pub fn of_definition(name: &str) -> Option<Self> {
        Some(match name {
            "DomainName" => Self::DomainName,
            "ProductName" => Self::ProductName,
            "PortName" => Self::PortName,
            "ProductId" => Self::ProductId,
            "PortAddress" => Self::PortAddress,
            "Minutes" => Self::Minutes,
            "Days" => Self::Days,
            "Milliseconds" => Self::Milliseconds,
            "Percent" => Self::Percent,
            "FieldType" => Self::FieldType,
            _ => return None,
        })
    }

    /// The rule behind a pattern that stands in the JSON Schema without a definition.
    pub fn of_pattern(pattern: &str) -> Option<Self> {
        Some(match pattern {
            r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$" => Self::Version,
            r"^[A-Za-z_][A-Za-z0-9_]*$" => Self::FieldName,
            r"^[a-z][a-z0-9_-]*$" => Self::Category,
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" => Self::Date,
            r"^([01][0-9]|2[0-3]):[0-5][0-9]$" => Self::TimeOfDay,
            PARTITION => Self::Partition,
            _ => return None,
        })
    }

    /// Fails with what is wrong with `text`.
    pub fn check(self, text: &str) -> Result<(), String> {
        fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(), String> {
            text.parse::<T>().map(drop).map_err(|error| error.to_string())
        }
        let cut = || text.chars().take(80).collect::<String>();
        match self {
            Self::DomainName => parse::<DomainName>(text),
            Self::ProductName => parse::<ProductName>(text),
            Self::PortName => parse::<PortName>(text),
            Self::ProductId => parse::<ProductId>(text),
            Self::PortAddress => parse::<PortAddress>(text),
            Self::Minutes => parse::<Minutes>(text),
            Self::Days => parse::<Days>(text),
            Self::Milliseconds => parse::<Milliseconds>(text),
            Self::Partition => parse::<Partition>(text),
            Self::Percent => parse::<Percent>(text),
            Self::FieldType => parse::<FieldType>(text),
            Self::Version => match text.parse::<semver::Version>() {
                Ok(_) => Ok(()),
                Err(_) => Err(format!("`{}` is not a semantic version: write three numbers, such as `1.0.0`", cut())),
            },
            Self::Date => match text.parse::<jiff::civil::Date>() {
                Ok(date) if date.to_string() == text => Ok(()),
                _ => Err(format!("`{}` is not a date: write year, month and day, such as `2027-03-01`", cut())),
            },
            Self::TimeOfDay => {
                let time = text.split_once(':').filter(|(hour, minute)| {
                    let below = |text: &str, bound: u8| {
                        text.len() == 2
                            && text.bytes().all(|b| b.is_ascii_digit())
                            && text.parse().is_ok_and(|n: u8| n < bound)
                    };
                    below(hour, 24) && below(minute, 60)
                });
                time.map(drop).ok_or_else(|| {
                    format!("`{}` is not a time of day: write hours and minutes in UTC, such as `06:00`", cut())
                })
            }
            Self::FieldName => {
                let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
                if starts && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                    return Ok(());
                }
                Err(format!(
                    "`{}` is not a field name: use ASCII letters, digits and underscores, not starting with a digit",
                    cut()
                ))
            }
            Self::Category => {
                let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
                if starts
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
                {
                    return Ok(());
                }
                Err(format!(
                    "`{}` is not a category: use lower-case ASCII letters, digits, hyphens and underscores, starting with a letter",
                    cut()
                ))
            }
        }
    }

    /// A form close to `text` that the rule accepts, where one is plain.
    pub fn suggestion(self, text: &str) -> Option<String> {
        let fixed = match self {
            Self::FieldType => crate::suggest::nearest(&text.to_ascii_lowercase(), FieldType::NAMES)
                .map(str::to_owned)
                .or_else(|| other_type_name(&text.to_ascii_lowercase()))?,
            Self::Version => match text.trim_start_matches(['v', 'V']).split('.').collect::<Vec<_>>().as_slice() {
                [major] => format!("{major}.0.0"),
                [major, minor] => format!("{major}.{minor}.0"),
                [major, minor, patch] => format!("{major}.{minor}.{patch}"),
                _ => return None,
            },
            Self::FieldName => text.trim().replace([' ', '-', '.'], "_"),
            Self::Category | Self::DomainName | Self::ProductName | Self::PortName => {
                text.trim().to_ascii_lowercase().replace([' ', '_', '.'], "-")
            }
            Self::PortAddress if !text.contains('@') => format!("{text}@1"),
            _ => return None,
        };
        (fixed != text && self.check(&fixed).is_ok()).then_some(fixed)
    }
}

/// The field type that other systems call `name`.
fn other_type_name(name: &str) -> Option<String> {
    Some(
        match name {
            "integer" | "int32" | "smallint" | "tinyint" => "int",
            "bigint" | "int64" | "uint64" => "long",
            "float32" | "real" => "float",
            "float64" | "number" | "double precision" => "double",
            "varchar" | "text" | "char" | "str" | "uuid" => "string",
            "bool" => "boolean",
            "datetime" => "timestamp",
            "timestamp_tz" | "timestamp with time zone" | "instant" => "timestamptz",
            "bytes" | "blob" | "varbinary" => "binary",
            "decimal" | "numeric" => "decimal(18,2)",
            _ => return None,
        }
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_was_meant() {
        assert_eq!(TextRule::Version.suggestion("v1.2").as_deref(), Some("1.2.0"));
        assert_eq!(TextRule::FieldType.suggestion("strng").as_deref(), Some("string"));
        assert_eq!(TextRule::FieldType.suggestion("bigint").as_deref(), Some("long"));
        assert_eq!(TextRule::ProductName.suggestion("Delay Causes").as_deref(), Some("delay-causes"));
        assert_eq!(TextRule::FieldName.suggestion("dep delay").as_deref(), Some("dep_delay"));
        assert_eq!(TextRule::PortAddress.suggestion("a.b/c").as_deref(), Some("a.b/c@1"));
        assert_eq!(TextRule::ProductName.suggestion("é"), None);
    }
}
