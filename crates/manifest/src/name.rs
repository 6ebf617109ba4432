//! Names of domains, products and ports: one allow-list type each, from which every location, ARN, URL and policy path is built.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} `{value}` is not a valid name: use 1 to {max} lower-case ASCII letters, digits and single hyphens, starting with a letter and not ending in a hyphen"
)]
pub struct NameError {
    /// What was named: `domain`, `product` or `port`.
    pub what: &'static str,
    /// The text that was given, cut to 80 characters.
    pub value: String,
    /// The most characters allowed.
    pub max: usize,
}

/// Whether `text` is `[a-z][a-z0-9-]*` of at most `max` characters without doubled or trailing hyphens.
fn is_name(text: &str, max: usize) -> bool {
    text.len() <= max
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The most characters such a name may have.
            pub const MAX: usize = $max;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name with hyphens as underscores: what Glue, SQL and Rego identifiers use. Unambiguous, since names hold no underscore.
            pub fn to_identifier(&self) -> String {
                self.0.replace('-', "_")
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_name(text, $max) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { what: $what, value: text.chars().take(80).collect(), max: $max })
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
                    "maxLength": $max,
                })
            }
        }
    };
}

name!(
    /// The name of a domain, such as `operations`.
    DomainName, "domain", 20
);
name!(
    /// The name of a data product within its domain, such as `flights`.
    ProductName, "product", 40
);
name!(
    /// The name of an output port within its product, such as `daily`.
    PortName, "port", 40
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_plain_names_only() {
        for good in ["a", "operations", "delay-causes", "a1-b2"] {
            assert!(good.parse::<ProductName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "1a", "-a", "a-", "a--b", "a_b", "a.b", "a/b", "a*", "..", "é", "а", "a b", "a\n", "%2e"]
        {
            assert!(bad.parse::<ProductName>().is_err(), "{bad}");
        }
        assert!("a".repeat(20).parse::<DomainName>().is_ok());
        assert!("a".repeat(21).parse::<DomainName>().is_err());
    }
}
