//! What a plain scalar is by YAML 1.2's core schema (section 10.3.2): `no` is a text, `1.0` a number, `~` nothing.

use std::borrow::Cow;

/// What a scalar is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    Null,
    Boolean(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
}

/// The value of a scalar that is written without quotes.
pub fn resolve(text: Cow<'_, str>) -> Scalar {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Boolean(true),
        "false" | "False" | "FALSE" => Scalar::Boolean(false),
        number if is_number(number) => Scalar::Number(text.into_owned()),
        _ => Scalar::Text(text.into_owned()),
    }
}

fn is_number(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || is_decimal(unsigned)
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_core_schema() {
        for number in ["0", "-1", "+12", "0o17", "0xFF", "1.0", "1.", ".5", "1e3", "-1.5E-3", ".inf", "-.inf", ".nan"] {
            assert!(matches!(resolve(number.into()), Scalar::Number(_)), "{number}");
        }
        for text in [
            "no",
            "yes",
            "on",
            "NO",
            "1.0.0",
            "60m",
            "99.5%",
            "0o8",
            "0x",
            ".",
            "e5",
            "1e",
            "-",
            "2026-01-01",
            "1_000",
            "12:30",
        ] {
            assert!(matches!(resolve(text.into()), Scalar::Text(_)), "{text}");
        }
        for null in ["", "~", "null"] {
            assert!(matches!(resolve(null.into()), Scalar::Null), "{null}");
        }
    }
}
