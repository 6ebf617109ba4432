//! Terraform's numbers: exact decimals of any size, because `f64` would change what the user wrote.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Longest exponent that is accepted, so that a short text cannot stand for a gigantic number.
const MAX_EXPONENT: u64 = 100_000;

/// An exact decimal, `±digits × 10^exponent`, kept in one canonical form so that equal numbers are equal values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Without leading or trailing zeros; empty for zero.
    digits: String,
    exponent: i64,
}

/// The text is not a decimal number, or is beyond the supported range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number")]
pub struct NotANumber(String);

impl Number {
    /// The exact value of `float`; `None` for infinities and NaN.
    #[must_use]
    pub fn from_f64(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        // A finite double has at most 1,074 decimals, and formatting at that precision is exact.
        format!("{float:.1074}").parse().ok()
    }

    /// The number as an integer, if it is one and fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        self.integer_text()?.parse().ok()
    }

    /// The number as an unsigned integer, if it is one and fits.
    #[must_use]
    pub fn to_u64(&self) -> Option<u64> {
        self.integer_text()?.parse().ok()
    }

    /// The nearest double (infinite if the number is beyond its range).
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        format!("{sign}{digits}e{}", self.exponent).parse().unwrap_or(f64::NAN)
    }

    fn integer_text(&self) -> Option<String> {
        // 20 digits hold every 64-bit integer.
        (self.exponent >= 0 && self.magnitude() <= 20).then(|| self.to_string())
    }

    /// Position of the decimal point counted from the first digit.
    fn magnitude(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX / 2)
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let wrong = || NotANumber(text.chars().take(60).collect());
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| wrong())?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let too_long = |exponent: i64| exponent.unsigned_abs() > MAX_EXPONENT;
        if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) || too_long(exponent) {
            return Err(wrong());
        }
        let fraction_digits = i64::try_from(fraction.len()).map_err(|_| wrong())?;
        let significant = all.trim_end_matches('0');
        let dropped = i64::try_from(all.len() - significant.len()).map_err(|_| wrong())?;
        let digits = significant.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Ok(Self { negative: false, digits, exponent: 0 });
        }
        // The exponent of the canonical form is what the number is written with: it must be one that is read.
        let exponent = exponent - fraction_digits + dropped;
        if too_long(exponent) { Err(wrong()) } else { Ok(Self { negative, digits, exponent }) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let magnitude = self.magnitude();
        if self.digits.is_empty() {
            f.write_str("0")
        } else if self.exponent.abs() > 400 {
            write!(f, "{}e{}", self.digits, self.exponent)
        } else if self.exponent >= 0 {
            f.write_str(&self.digits)?;
            (0..self.exponent).try_for_each(|_| f.write_str("0"))
        } else if magnitude <= 0 {
            f.write_str("0.")?;
            (magnitude..0).try_for_each(|_| f.write_str("0"))?;
            f.write_str(&self.digits)
        } else {
            let (whole, fraction) = self.digits.split_at(usize::try_from(magnitude).unwrap_or_default());
            write!(f, "{whole}.{fraction}")
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| match (n.digits.is_empty(), n.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let by_size = || self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| if self.negative { by_size().reverse() } else { by_size() })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        integer.to_string().parse().expect("an integer's text is a decimal number")
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        integer.to_string().parse().expect("an integer's text is a decimal number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn one_number_has_one_form() {
        assert_eq!(number("1.50"), number("15e-1"));
        assert_eq!(number("-0.0"), number("0"));
        assert_eq!(number("100"), number("1e2"));
        assert_eq!(number("0.00120").to_string(), "0.0012");
        assert_eq!(number("123456789012345678901234567890.5").to_string(), "123456789012345678901234567890.5");
        assert_eq!(number("1e500").to_string(), "1e500");
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", ".", "-", "1e", "1e9999999", "1e-9223372036854775808", "0x10", "NaN", "1_000", "١"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_accepted_is_written_as_what_is_accepted() {
        assert_eq!(number("1e100000").to_string(), "1e100000");
        for beyond in ["10e100000", "0.1e-100000"] {
            assert!(beyond.parse::<Number>().is_err(), "{beyond}");
        }
    }

    #[test]
    fn doubles_are_taken_exactly() {
        assert_eq!(Number::from_f64(0.5), Some(number("0.5")));
        assert_ne!(Number::from_f64(0.1), Some(number("0.1")));
        assert_eq!(Number::from_f64(f64::INFINITY), None);
        assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
        assert_eq!(number("18446744073709551616").to_u64(), None);
        assert_eq!(number("0.5").to_i64(), None);
    }

    proptest! {
        #[test]
        fn text_and_doubles_round_trip(float in proptest::num::f64::NORMAL | proptest::num::f64::ZERO, integer in any::<i64>()) {
            let exact = Number::from_f64(float).unwrap();
            prop_assert_eq!(exact.to_f64(), float);
            prop_assert_eq!(&exact.to_string().parse::<Number>().unwrap(), &exact);
            prop_assert_eq!(Number::from(integer).to_i64(), Some(integer));
        }

        #[test]
        fn order_is_numeric(left in any::<i64>(), right in any::<i64>(), scale in -3_i64..3) {
            let scaled = |n: i64| number(&format!("{n}e{scale}"));
            prop_assert_eq!(scaled(left).cmp(&scaled(right)), left.cmp(&right));
        }
    }
}
