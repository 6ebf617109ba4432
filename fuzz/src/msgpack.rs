//! Values of the Terraform protocol: whatever the bytes, no panic; what is read is no larger than its bytes and is written back
//! as what is read as the same.

use serde_json::Value as Json;
use tfplugin::{Type, Value, decode_msgpack, encode_msgpack};

/// A first line that is a type in JSON, then any bytes as a value of it; without such a line, a value of any type.
pub fn msgpack(data: &[u8]) {
    let typed = data.iter().position(|byte| *byte == b'\n').and_then(|end| {
        let json: Json = serde_json::from_slice(data.get(..end)?).ok()?;
        Some((Type::from_json(&json).ok()?, data.get(end + 1..)?))
    });
    let (ty, bytes) = typed.unwrap_or((Type::Dynamic, data));
    assert_eq!(Type::from_json(&ty.to_json()).as_ref(), Ok(&ty), "a type's JSON reads back as the type");
    let Ok(value) = decode_msgpack(bytes, &ty) else { return };
    let (parts, length) = (parts(&value), bytes.len());
    assert!(parts <= length, "{length} bytes became {parts} parts");
    let written = encode_msgpack(&value, &ty).expect("what was read can be written");
    let again = decode_msgpack(&written, &ty).expect("what was written can be read");
    assert_eq!(again, value, "what was written is read as another value");
    assert_eq!(encode_msgpack(&again, &ty).as_ref(), Ok(&written), "a value is written in one way");
    assert_eq!(value.clone().conform(&ty).as_ref(), Ok(&value), "what was read fits its type");
}

/// How many values there are in all.
fn parts(value: &Value) -> usize {
    1 + match value {
        Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => elements.iter().map(parts).sum(),
        Value::Map(members) | Value::Object(members) => members.values().map(parts).sum(),
        Value::Dynamic(typed) => parts(&typed.1),
        _ => 0,
    }
}
