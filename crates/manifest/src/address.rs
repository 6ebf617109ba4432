//! Addresses: `operations.flights` for a data product and `operations.flights/daily@1` for one major of an output port.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::name::{DomainName, PortName, ProductName};

/// A data product's identity: its domain and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId {
    /// The domain that owns the product.
    pub domain: DomainName,
    /// The product's name within the domain.
    pub name: ProductName,
}

/// One major of an output port: what consumers read and contracts name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortAddress {
    /// The product that has the port.
    pub product: ProductId,
    /// The port's name.
    pub port: PortName,
    /// The port's major version.
    pub major: u64,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {what}: write {shape}")]
pub struct AddressError {
    value: String,
    what: &'static str,
    shape: &'static str,
}

/// A port as a path names it beside its product: `daily`, or one major of it, `daily@1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortSelector {
    pub port: PortName,
    pub major: Option<u64>,
}

impl PortSelector {
    /// What `text` names together with a `version` that is said elsewhere. None where it names nothing, or the two contradict each other.
    pub fn parse(text: &str, version: Option<u64>) -> Option<Self> {
        let (port, major) = match text.split_once('@') {
            Some((port, major)) => (port, Some(parse_major(major)?)),
            None => (text, None),
        };
        if major.is_some() && version.is_some() && major != version {
            return None;
        }
        Some(Self { port: port.parse().ok()?, major: major.or(version) })
    }
}

impl ProductId {
    /// The product `name` of `domain`.
    pub fn new(domain: DomainName, name: ProductName) -> Self {
        Self { domain, name }
    }

    /// The address of major `major` of this product's port `port`.
    pub fn port(&self, port: PortName, major: u64) -> PortAddress {
        PortAddress { product: self.clone(), port, major }
    }
}

impl PortAddress {
    /// The schema registry's subject of this port, over all majors: `operations.flights/daily`.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.product, self.port)
    }

    /// The port's location below its domain's bucket, without slashes at either end: `flights/daily/v1`.
    pub fn prefix(&self) -> String {
        format!("{}/{}/v{}", self.product.name, self.port, self.major)
    }

    /// The port's table within its domain's Glue database: `flights__daily__v1`, hyphens as underscores.
    pub fn table(&self) -> String {
        format!("{}__{}__v{}", self.product.name.to_identifier(), self.port.to_identifier(), self.major)
    }

    /// The address behind a table name of [`Self::table`] in `domain`, if it is one.
    pub fn from_table(domain: &DomainName, table: &str) -> Option<Self> {
        let mut parts = table.split("__");
        let (product, port, major) = (parts.next()?, parts.next()?, parts.next()?);
        let major = major.strip_prefix('v')?;
        if parts.next().is_some() {
            return None;
        }
        let address = Self {
            product: ProductId::new(domain.clone(), product.replace('_', "-").parse().ok()?),
            port: port.replace('_', "-").parse().ok()?,
            major: parse_major(major)?,
        };
        (address.table() == table).then_some(address)
    }
}

/// A major version: a decimal number without sign or leading zero.
fn parse_major(text: &str) -> Option<u64> {
    let canonical = !text.is_empty()
        && text.len() <= 9
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

fn cut(text: &str) -> String {
    text.chars().take(120).collect()
}

impl FromStr for ProductId {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError {
            value: cut(text),
            what: "a product id",
            shape: "`domain.product`, such as `operations.flights`",
        };
        let (domain, name) = text.split_once('.').ok_or_else(error)?;
        Ok(Self { domain: domain.parse().map_err(|_| error())?, name: name.parse().map_err(|_| error())? })
    }
}

impl FromStr for PortAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError {
            value: cut(text),
            what: "a port address",
            shape: "`domain.product/port@major`, such as `operations.flights/daily@1`",
        };
        let (product, rest) = text.split_once('/').ok_or_else(error)?;
        let (port, major) = rest.split_once('@').ok_or_else(error)?;
        Ok(Self {
            product: product.parse().map_err(|_| error())?,
            port: port.parse().map_err(|_| error())?,
            major: parse_major(major).ok_or_else(error)?,
        })
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain, self.name)
    }
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.product, self.port, self.major)
    }
}

macro_rules! as_text {
    ($type:ident, $pattern:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
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
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

as_text!(ProductId, "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\.[a-z][a-z0-9]*(-[a-z0-9]+)*$");
as_text!(
    PortAddress,
    "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\.[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z][a-z0-9]*(-[a-z0-9]+)*@(0|[1-9][0-9]*)$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        let address: PortAddress = "insights.delay-causes/by-carrier@12".parse().unwrap();
        assert_eq!(address.to_string(), "insights.delay-causes/by-carrier@12");
        assert_eq!(address.subject(), "insights.delay-causes/by-carrier");
        assert_eq!(address.prefix(), "delay-causes/by-carrier/v12");
        assert_eq!(address.table(), "delay_causes__by_carrier__v12");
        assert_eq!(PortAddress::from_table(&address.product.domain, &address.table()), Some(address));
    }

    #[test]
    fn a_path_names_a_port_with_its_major_or_without() {
        let major = |text, version| PortSelector::parse(text, version).map(|selector| selector.major);
        assert_eq!((major("daily", None), major("daily", Some(2))), (Some(None), Some(Some(2))));
        assert_eq!((major("daily@1", None), major("daily@1", Some(1))), (Some(Some(1)), Some(Some(1))));
        assert_eq!(major("daily@1", Some(2)), None, "they contradict each other");
        for bad in ["", "@1", "daily@", "daily@01", "daily@x", "daily@1@2", "Daily", "a--b@1"] {
            assert_eq!(PortSelector::parse(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "",
            "a",
            "a.b",
            "a.b/c",
            "a.b/c@",
            "a.b/c@01",
            "a.b/c@-1",
            "a.b/c@x",
            "a.b.c/d@1",
            "a.b/../@1",
            "a.b/c@1@2",
        ] {
            assert!(bad.parse::<PortAddress>().is_err(), "{bad}");
        }
    }
}
