//! Bytes as changes of a JSON document, so that a fuzzer reaches what a whole document with one thing wrong does.

use serde_json::{Value, json};

/// Changes `document` as `data` says: three bytes a change, which place (two bytes) and what becomes of it.
pub(crate) fn apply(document: &mut Value, data: &[u8]) {
    for change in data.chunks_exact(3) {
        let &[high, low, kind] = change else { continue };
        let mut places = Vec::new();
        places_of(document, String::new(), &mut places);
        let at = usize::from(u16::from_be_bytes([high, low])) % places.len().max(1);
        let Some(place) = places.get(at) else { continue };
        edit(document, place, kind);
    }
}

fn edit(document: &mut Value, place: &str, kind: u8) {
    let new = match kind % 12 {
        0 => return remove(document, place),
        1 => Value::Null,
        2 => json!(true),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!(""),
        7 => json!(" "),
        8 => json!("\u{0}\u{202e}ſ𝔞"),
        9 => json!("x".repeat(4096)),
        10 => json!([]),
        _ => json!({ "unheard": "of" }),
    };
    if let Some(old) = document.pointer_mut(place) {
        *old = new;
    }
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    match document.pointer_mut(parent) {
        Some(Value::Object(entries)) => {
            entries.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = key.parse::<usize>().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

fn places_of(value: &Value, pointer: String, into: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                places_of(value, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places_of(value, format!("{pointer}/{index}"), into);
            }
        }
        _ => {}
    }
    into.push(pointer);
}
