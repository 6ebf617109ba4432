//! Small readings that every part needs: texts, lists and names out of documents, and one form for values that mean the same.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A member's text, if it says something.
pub fn text<'a>(holder: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    holder.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// A member's entries that are mappings, each with its index.
pub fn objects<'a>(
    holder: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> {
    let list = holder.get(name).and_then(Value::as_array).into_iter().flatten();
    list.enumerate().filter_map(|(index, entry)| Some((index, entry.as_object()?)))
}

/// A member that is a mapping.
pub fn object<'a>(holder: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    holder.get(name).and_then(Value::as_object)
}

/// Whether a member is there and true.
pub fn is_true(holder: &Map<String, Value>, name: &str) -> bool {
    holder.get(name).and_then(Value::as_bool) == Some(true)
}

/// The value as the type `T` writes it, so that equal values are equal; as it is where it is none of `T`.
pub fn canonical<T: DeserializeOwned + Serialize>(value: Value) -> Value {
    match T::deserialize(&value).map(|typed| serde_json::to_value(typed)) {
        Ok(Ok(canonical)) => canonical,
        _ => value,
    }
}

/// A field's name made of `text`, where that is none: other characters as underscores.
pub fn field_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = text.trim().chars().take(127).map(plain).collect();
    match name.chars().next() {
        None => "_".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) => name,
    }
}

/// A port's name made of `text`, where that is none: lower case, and other characters as hyphens.
pub fn port_name(text: &str) -> String {
    let mut name = String::new();
    let mut before: Option<char> = None;
    for c in text.trim().chars() {
        // `OrderLines` is two words, `order_lines` as well.
        if c.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase()) {
            name.push('-');
        }
        name.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        before = Some(c);
    }
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name = format!("port-{name}");
    }
    name.truncate(crate::name::PortName::MAX);
    name.trim_end_matches('-').to_owned()
}

/// A semantic version made of `text`: a leading `v` goes, and what is missing is zero. As it is where it is no version.
pub fn version(text: &str) -> String {
    let plain = text.trim().trim_start_matches(['v', 'V']);
    let numbers = plain.split('.').all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    match plain.split('.').count() {
        1 if numbers => format!("{plain}.0.0"),
        2 if numbers => format!("{plain}.0"),
        _ if plain.parse::<semver::Version>().is_ok() => plain.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_made_plain() {
        for (text, name) in [
            ("orders", "orders"),
            ("Order Lines", "order-lines"),
            ("OrderLines", "order-lines"),
            ("2nd_tbl", "port-2nd-tbl"),
            ("é", "port"),
        ] {
            assert_eq!(port_name(text), name);
            assert!(name.parse::<crate::PortName>().is_ok());
        }
        for (text, name) in [("a b", "a_b"), ("1a", "_1a"), ("", "_"), ("é", "_")] {
            assert_eq!(field_name(text), name);
        }
        for (text, read) in
            [("v1.2.3", "1.2.3"), ("2", "2.0.0"), ("1.1", "1.1.0"), ("1.0.0-rc.1", "1.0.0-rc.1"), ("one", "one")]
        {
            assert_eq!(version(text), read);
        }
    }
}
