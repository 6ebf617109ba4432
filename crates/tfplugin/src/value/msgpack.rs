//! The MessagePack form of values on the wire: guided by the schema's type, with extension codes for unknown values.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::{decode as read, encode as write};

use super::{Number, Refinement, Type, Value};

/// Extension code of an unknown value with what is known about it.
const REFINED: i8 = 12;
/// A deeper message is hostile or broken.
const MAX_DEPTH: usize = 500;

/// The bytes are not a value of the type, or a value does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed value: {0}")]
pub struct BadMessage(String);

fn bad(reason: impl ToString) -> BadMessage {
    BadMessage(reason.to_string())
}

/// Reads a value of type `ty` that fills `bytes` exactly.
///
/// # Errors
/// If the bytes are malformed, do not fit the type or go on after the value.
pub fn decode(mut bytes: &[u8], ty: &Type) -> Result<Value, BadMessage> {
    let value = take(&mut bytes, ty, 0)?;
    if bytes.is_empty() { Ok(value) } else { Err(bad(format!("{} bytes too many", bytes.len()))) }
}

/// Writes `value`, which must fit `ty` (see [`Value::conform`]).
///
/// # Errors
/// If it does not fit, or holds more than 2³² elements.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, BadMessage> {
    let mut out = Vec::new();
    put(&mut out, value, ty)?;
    Ok(out)
}

fn take(input: &mut &[u8], ty: &Type, depth: usize) -> Result<Value, BadMessage> {
    if depth > MAX_DEPTH {
        return Err(bad("nested too deeply"));
    }
    let marker = Marker::from_u8(*input.first().ok_or_else(|| bad("ends early"))?);
    match marker {
        Marker::Null => {
            advance(input, 1)?;
            return Ok(Value::Null);
        }
        Marker::FixExt1
        | Marker::FixExt2
        | Marker::FixExt4
        | Marker::FixExt8
        | Marker::FixExt16
        | Marker::Ext8
        | Marker::Ext16
        | Marker::Ext32 => {
            let meta = read::read_ext_meta(input).map_err(bad)?;
            let payload = advance(input, meta.size)?;
            let refinement = (meta.typeid == REFINED).then(|| payload.to_vec());
            return Ok(Value::Unknown(Refinement(refinement)));
        }
        _ => {}
    }
    Ok(match ty {
        Type::Bool => Value::Bool(read::read_bool(input).map_err(bad)?),
        Type::String => Value::String(take_string(input)?),
        Type::Number => Value::Number(take_number(input, marker)?),
        Type::List(element) => Value::List(take_elements(input, |input, _| take(input, element, depth + 1))?),
        Type::Set(element) => Value::set(take_elements(input, |input, _| take(input, element, depth + 1))?),
        Type::Tuple(types) => {
            let elements = take_elements(input, |input, index| {
                let ty = types.get(index).ok_or_else(|| bad("too many elements in a tuple"))?;
                take(input, ty, depth + 1)
            })?;
            if elements.len() != types.len() {
                return Err(bad("too few elements in a tuple"));
            }
            Value::Tuple(elements)
        }
        Type::Map(element) => Value::Map(take_members(input, |input, _| take(input, element, depth + 1))?),
        Type::Object(attributes) => {
            let members = take_members(input, |input, name| {
                let ty = attributes.get(name).ok_or_else(|| bad(format!("the schema has no attribute `{name}`")))?;
                take(input, ty, depth + 1)
            })?;
            // Terraform sends all of them. Filled in, a byte could stand for as many values as its type has attributes.
            if let Some(name) = attributes.keys().find(|name| !members.contains_key(*name)) {
                return Err(bad(format!("the attribute `{name}` is missing")));
            }
            Value::Object(members)
        }
        Type::Dynamic => {
            if read::read_array_len(input).map_err(bad)? != 2 {
                return Err(bad("a dynamic value is a pair of type and value"));
            }
            let length = read::read_bin_len(input).map_err(bad)?;
            let json = serde_json::from_slice(advance(input, length)?).map_err(bad)?;
            let own = Type::from_json(&json).map_err(bad)?;
            let value = take(input, &own, depth + 1)?;
            Value::Dynamic(Box::new((own, value)))
        }
    })
}

fn advance<'a>(input: &mut &'a [u8], length: u32) -> Result<&'a [u8], BadMessage> {
    let length = usize::try_from(length).map_err(bad)?;
    let (head, tail) = input.split_at_checked(length).ok_or_else(|| bad("ends early"))?;
    *input = tail;
    Ok(head)
}

fn take_string(input: &mut &[u8]) -> Result<String, BadMessage> {
    let length = read::read_str_len(input).map_err(bad)?;
    String::from_utf8(advance(input, length)?.to_vec()).map_err(bad)
}

fn take_number(input: &mut &[u8], marker: Marker) -> Result<Number, BadMessage> {
    let float = match marker {
        Marker::F32 => read::read_f32(input).map_err(bad)?.into(),
        Marker::F64 => read::read_f64(input).map_err(bad)?,
        Marker::U64 => return Ok(read::read_u64(input).map_err(bad)?.into()),
        // Numbers that no double holds exactly come as text.
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
            return take_string(input)?.parse().map_err(bad);
        }
        _ => return Ok(read::read_int::<i64, _>(input).map_err(bad)?.into()),
    };
    Number::from_f64(float).ok_or_else(|| bad("infinite numbers are not supported"))
}

fn take_elements(
    input: &mut &[u8],
    mut one: impl FnMut(&mut &[u8], usize) -> Result<Value, BadMessage>,
) -> Result<Vec<Value>, BadMessage> {
    let length = usize::try_from(read::read_array_len(input).map_err(bad)?).map_err(bad)?;
    // No `with_capacity(length)`: five bytes could ask for gigabytes.
    (0..length).map(|index| one(input, index)).collect()
}

fn take_members(
    input: &mut &[u8],
    mut one: impl FnMut(&mut &[u8], &str) -> Result<Value, BadMessage>,
) -> Result<BTreeMap<String, Value>, BadMessage> {
    let length = read::read_map_len(input).map_err(bad)?;
    (0..length)
        .map(|_| {
            let name = take_string(input)?;
            let value = one(input, &name)?;
            Ok((name, value))
        })
        .collect()
}

fn put(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<(), BadMessage> {
    let length = |elements: usize| u32::try_from(elements).map_err(bad);
    match (ty, value) {
        (_, Value::Null) => write::write_nil(out).map_err(bad)?,
        (_, Value::Unknown(Refinement(None))) => out.extend([Marker::FixExt1.to_u8(), 0, 0]),
        (_, Value::Unknown(Refinement(Some(payload)))) => {
            write::write_ext_meta(out, length(payload.len())?, REFINED).map_err(bad)?;
            out.extend(payload);
        }
        (Type::Dynamic, Value::Dynamic(typed)) => {
            let (own, value) = typed.as_ref();
            write::write_array_len(out, 2).map_err(bad)?;
            write::write_bin(out, own.to_json().to_string().as_bytes()).map_err(bad)?;
            put(out, value, own)?;
        }
        (Type::Bool, Value::Bool(flag)) => write::write_bool(out, *flag).map_err(bad)?,
        (Type::String, Value::String(text)) => write::write_str(out, text).map_err(bad)?,
        (Type::Number, Value::Number(number)) => put_number(out, number)?,
        (Type::List(element), Value::List(elements)) | (Type::Set(element), Value::Set(elements)) => {
            write::write_array_len(out, length(elements.len())?).map_err(bad)?;
            elements.iter().try_for_each(|value| put(out, value, element))?;
        }
        (Type::Tuple(types), Value::Tuple(elements)) if types.len() == elements.len() => {
            write::write_array_len(out, length(elements.len())?).map_err(bad)?;
            elements.iter().zip(types).try_for_each(|(value, ty)| put(out, value, ty))?;
        }
        (Type::Map(element), Value::Map(members)) => {
            write::write_map_len(out, length(members.len())?).map_err(bad)?;
            for (key, value) in members {
                write::write_str(out, key).map_err(bad)?;
                put(out, value, element)?;
            }
        }
        (Type::Object(attributes), Value::Object(members)) => {
            write::write_map_len(out, length(attributes.len())?).map_err(bad)?;
            for (name, ty) in attributes {
                write::write_str(out, name).map_err(bad)?;
                put(out, members.get(name).unwrap_or(&Value::Null), ty)?;
            }
        }
        _ => return Err(bad(format!("the value is no {ty}"))),
    }
    Ok(())
}

fn put_number(out: &mut Vec<u8>, number: &Number) -> Result<(), BadMessage> {
    if let Some(integer) = number.to_i64() {
        write::write_sint(out, integer).map_err(bad)?;
    } else if let Some(integer) = number.to_u64() {
        write::write_uint(out, integer).map_err(bad)?;
    } else if Number::from_f64(number.to_f64()).as_ref() == Some(number) {
        write::write_f64(out, number.to_f64()).map_err(bad)?;
    } else {
        write::write_str(out, &number.to_string()).map_err(bad)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
