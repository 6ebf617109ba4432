//! Values as JSON: how Terraform keeps state, and the bridge to the provider's own types.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::{Number, Type, Value};

/// The JSON is not a value of the type.
#[derive(Debug, thiserror::Error)]
#[error("not a {expected}: {reason}")]
pub struct BadJson {
    expected: String,
    reason: String,
}

impl Value {
    /// Reads state as Terraform stores it. Numbers keep every digit; attributes that the type lacks are dropped, missing ones are null.
    ///
    /// # Errors
    /// If the JSON does not fit `ty`.
    pub fn from_state_json(text: &[u8], ty: &Type) -> Result<Self, BadJson> {
        let raw: Box<RawValue> = parse(std::str::from_utf8(text).map_err(|e| bad(ty, &e))?, ty)?;
        from_raw(&raw, ty)
    }

    /// The JSON form; `None` if any part is unknown. Numbers beyond 64 bits are rounded to a double.
    #[must_use]
    pub fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Unknown(_) => return None,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(number) => match (number.to_i64(), number.to_u64()) {
                (Some(integer), _) => integer.into(),
                (None, Some(integer)) => integer.into(),
                (None, None) => number.to_f64().into(),
            },
            Self::String(text) => text.as_str().into(),
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                elements.iter().map(Self::to_json).collect::<Option<Vec<_>>>()?.into()
            }
            Self::Map(members) | Self::Object(members) => members
                .iter()
                .map(|(name, value)| Some((name.clone(), value.to_json()?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
            Self::Dynamic(typed) => typed.1.to_json()?,
        })
    }
}

fn bad(ty: &Type, reason: &dyn std::fmt::Display) -> BadJson {
    BadJson { expected: ty.to_string(), reason: reason.to_string() }
}

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str, ty: &Type) -> Result<T, BadJson> {
    serde_json::from_str(text).map_err(|error| bad(ty, &error))
}

fn from_raw(raw: &RawValue, ty: &Type) -> Result<Value, BadJson> {
    let text = raw.get();
    if text == "null" {
        return Ok(Value::Null);
    }
    let list = |element: &Type| -> Result<Vec<Value>, BadJson> {
        parse::<Vec<&RawValue>>(text, ty)?.into_iter().map(|raw| from_raw(raw, element)).collect()
    };
    Ok(match ty {
        Type::Bool => Value::Bool(parse(text, ty)?),
        Type::String => Value::String(parse(text, ty)?),
        // The digits are taken as written: by way of a double, 0.1 would become another number.
        Type::Number => Value::Number(text.trim_matches('"').parse::<Number>().map_err(|error| bad(ty, &error))?),
        Type::List(element) => Value::List(list(element)?),
        Type::Set(element) => Value::set(list(element)?),
        Type::Tuple(types) => {
            let raws = parse::<Vec<&RawValue>>(text, ty)?;
            if raws.len() != types.len() {
                return Err(bad(ty, &format!("{} elements", raws.len())));
            }
            Value::Tuple(raws.into_iter().zip(types).map(|(raw, ty)| from_raw(raw, ty)).collect::<Result<_, _>>()?)
        }
        Type::Map(element) => {
            let members = parse::<BTreeMap<String, &RawValue>>(text, ty)?;
            let typed = members.into_iter().map(|(key, raw)| Ok((key, from_raw(raw, element)?)));
            Value::Map(typed.collect::<Result<_, _>>()?)
        }
        Type::Object(attributes) => {
            let members = parse::<BTreeMap<String, &RawValue>>(text, ty)?;
            let typed = attributes.iter().map(|(name, ty)| {
                Ok((name.clone(), members.get(name).map_or(Ok(Value::Null), |raw| from_raw(raw, ty))?))
            });
            Value::Object(typed.collect::<Result<_, _>>()?)
        }
        Type::Dynamic => {
            let members = parse::<BTreeMap<String, &RawValue>>(text, ty)?;
            let (Some(own), Some(raw)) = (members.get("type"), members.get("value")) else {
                return Err(bad(ty, &"without `type` and `value`"));
            };
            let own = Type::from_json(&parse(own.get(), ty)?).map_err(|error| bad(ty, &error))?;
            let value = from_raw(raw, &own)?;
            Value::Dynamic(Box::new((own, value)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_read_with_every_digit() {
        let ty = Type::object([
            ("n", Type::Number),
            ("gone", Type::String),
            ("tags", Type::map(Type::set(Type::String))),
            ("any", Type::Dynamic),
        ]);
        let state = br#"{"n": 0.1, "was": [1], "tags": {"a": ["y", "x"]}, "any": {"type": ["tuple", ["bool"]], "value": [true]}}"#;
        let value = Value::from_state_json(state, &ty).unwrap();
        assert_eq!(value.get("n").as_number().unwrap().to_string(), "0.1");
        assert_eq!(value.get("gone"), &Value::Null);
        assert_eq!(value.get("tags").get("a"), &Value::set(["x".into(), "y".into()]));
        assert_eq!(value.get("any").elements(), [Value::Bool(true)]);
        let big = Value::from_state_json(b"123456789012345678901234567890", &Type::Number).unwrap();
        assert_eq!(big.as_number().unwrap().to_string(), "123456789012345678901234567890");
    }

    #[test]
    fn state_of_another_shape_is_refused() {
        for (text, ty) in [
            ("[]", Type::Bool),
            ("{}", Type::list(Type::Bool)),
            ("[1]", Type::Tuple(vec![])),
            ("{}", Type::Dynamic),
            ("\"x\"", Type::Number),
            ("{", Type::String),
        ] {
            assert!(Value::from_state_json(text.as_bytes(), &ty).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_parts_have_no_json() {
        assert_eq!(Value::from(vec![Value::unknown()]).to_json(), None);
        assert_eq!(Value::from(vec![Some(1_i64), None]).to_json(), Some(serde_json::json!([1, null])));
    }
}
