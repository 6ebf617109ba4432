//! Quantities with a unit, as they are written: `60m`, `24h`, `730d`, `99.5%`.

use std::{borrow::Cow, cmp::Ordering, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Number;

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct QuantityError {
    value: String,
    expected: &'static str,
}

fn whole_number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// A whole number above 0 with one of `units`, in the first of them.
fn with_unit(text: &str, units: &[(&str, u64)], expected: &'static str) -> Result<u64, QuantityError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let value = factor.and_then(|factor| whole_number(number)?.checked_mul(factor)).filter(|value| *value > 0);
    value.ok_or_else(|| QuantityError { value: text.chars().take(40).collect(), expected })
}

/// A length of time in whole minutes, 1 or more: `5m`, `24h` or `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(pub u64);

/// A length of time in whole days, 1 or more: `730d`, `4w` or `2y` (365 days each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days(pub u64);

/// A length of time in milliseconds, 1 or more: `250ms`, `5s` or `2m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milliseconds(pub u64);

/// A share above 0 and up to 100, as `99.5%`; kept in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub u32);

impl FromStr for Minutes {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let expected = "a duration: write a whole number above 0 with the unit m, h or d, such as `60m`";
        with_unit(text, &[("m", 1), ("h", 60), ("d", 24 * 60)], expected).map(Self)
    }
}

impl FromStr for Days {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let expected = "a number of days: write a whole number above 0 with the unit d, w or y, such as `730d`";
        with_unit(text, &[("d", 1), ("w", 7), ("y", 365)], expected).map(Self)
    }
}

impl FromStr for Milliseconds {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let expected = "a short duration: write a whole number above 0 with the unit ms, s or m, such as `500ms`";
        with_unit(text, &[("ms", 1), ("s", 1000), ("m", 60_000)], expected).map(Self)
    }
}

impl FromStr for Percent {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let error = || QuantityError {
            value: text.chars().take(40).collect(),
            expected: "a percentage above 0 and up to 100: write it with up to three decimals and a percent sign, such as `99.5%`",
        };
        let number = text.strip_suffix('%').ok_or_else(error)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if decimals.len() > 3 {
            return Err(error());
        }
        let fraction = whole_number(&format!("{decimals:0<3}")).ok_or_else(error)?;
        let thousandths =
            whole_number(whole).map(|n| n * 1000 + fraction).filter(|n| (1..=100_000).contains(n)).ok_or_else(error)?;
        u32::try_from(thousandths).map(Self).map_err(|_| error())
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n % (24 * 60) == 0 => write!(f, "{}d", n / (24 * 60)),
            n if n % 60 == 0 => write!(f, "{}h", n / 60),
            n => write!(f, "{n}m"),
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n % 60_000 == 0 => write!(f, "{}m", n / 60_000),
            n if n % 1000 == 0 => write!(f, "{}s", n / 1000),
            n => write!(f, "{n}ms"),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1000, self.0 % 1000);
        match fraction {
            0 => write!(f, "{whole}%"),
            _ => write!(f, "{whole}.{}%", format!("{fraction:03}").trim_end_matches('0')),
        }
    }
}

macro_rules! as_text {
    ($type:ident, $pattern:literal, $example:literal) => {
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
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

as_text!(Minutes, "^[0-9]{1,9}[mhd]$", "60m");
as_text!(Days, "^[0-9]{1,9}[dwy]$", "730d");
as_text!(Milliseconds, "^[0-9]{1,9}(ms|s|m)$", "500ms");
as_text!(Percent, "^[0-9]{1,3}(\\.[0-9]{1,3})?%$", "99.5%");

/// A finite number. One that is whole is the same whether it was written with decimals or without.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(Number);

impl Amount {
    /// The number, as near as a double comes to it.
    pub fn as_f64(&self) -> f64 {
        self.0.as_f64().unwrap_or(f64::NAN)
    }

    /// Which of two numbers is greater, also where doubles do not tell them apart.
    pub fn compare(&self, other: &Self) -> Ordering {
        let (whole, double) = (self.whole(), self.as_f64());
        whole.cmp(&other.whole()).then_with(|| double.total_cmp(&other.as_f64()))
    }

    /// The greatest whole number up to this one, as near as there is one.
    fn whole(&self) -> i128 {
        #[allow(clippy::cast_possible_truncation, reason = "what is beyond is told apart as a double")]
        let floor = |number: f64| number.floor() as i128;
        let exact = self.0.as_i64().map(i128::from).or_else(|| self.0.as_u64().map(i128::from));
        exact.unwrap_or_else(|| floor(self.as_f64()))
    }
}

impl From<Number> for Amount {
    fn from(number: Number) -> Self {
        // Up to here, doubles hold every whole number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number.as_f64() {
            Some(value) if !number.is_i64() && !number.is_u64() && value.fract() == 0.0 && value.abs() < EXACT => {
                #[allow(clippy::cast_possible_truncation, reason = "whole, and within the range that was asked for")]
                let whole = value as i64;
                Self(whole.into())
            }
            _ => Self(number),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Number::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_quantities() {
        assert_eq!("90m".parse(), Ok(Minutes(90)));
        assert_eq!(Minutes(120).to_string(), "2h");
        assert_eq!("2y".parse(), Ok(Days(730)));
        assert_eq!("99.95%".parse(), Ok(Percent(99_950)));
        assert_eq!(Percent(99_950).to_string(), "99.95%");
        assert_eq!("5s".parse(), Ok(Milliseconds(5000)));
        assert_eq!(Milliseconds(1500).to_string(), "1500ms");
        assert_eq!(Milliseconds(120_000).to_string(), "2m");
    }

    #[test]
    fn whole_amounts_are_one_however_they_are_written() {
        let amount = |text: &str| serde_json::from_str::<Amount>(text).unwrap();
        assert_eq!(amount("5"), amount("5.0"));
        assert_eq!(amount("-0.0"), amount("0"));
        assert_ne!(amount("5"), amount("5.5"));
        assert_eq!(amount("1e300").to_string(), "1e+300");
        let rising = [
            "-1e300",
            "-3",
            "-2.5",
            "0",
            "0.1",
            "2",
            "9007199254740992",
            "9007199254740993",
            "1e20",
            "1e300",
            "1.1e300",
        ];
        for (index, less) in rising.iter().enumerate() {
            for (other, more) in rising.iter().enumerate() {
                assert_eq!(amount(less).compare(&amount(more)), index.cmp(&other), "{less} {more}");
            }
        }
    }

    #[test]
    fn refuses_zero_negative_and_unitless() {
        for bad in ["", "0m", "-5m", "5", "m", "5 m", "1.5h", "5s", "9999999999m", "é"] {
            assert!(bad.parse::<Minutes>().is_err(), "{bad}");
        }
        for bad in ["", "0ms", "5", "ms", "5 s", "1.5s", "5h", "-5s"] {
            assert!(bad.parse::<Milliseconds>().is_err(), "{bad}");
        }
        for bad in ["", "0%", "100.1%", "99", "%", "1.2345%", "-1%"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }
}
