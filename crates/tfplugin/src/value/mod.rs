//! The values that Terraform and a provider exchange: like JSON, but typed, with exact numbers, sets, and values that are not known yet.

mod conform;
mod json;
mod msgpack;
mod number;
mod types;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

pub use conform::TypeMismatch;
pub use json::BadJson;
pub use msgpack::{BadMessage, decode as decode_msgpack, encode as encode_msgpack};
pub use number::{NotANumber, Number};
pub use types::{NotAType, Type};

use crate::{Path, path::Step};

/// A value of any [`Type`].
///
/// Null and unknown belong to every type. Equality is Terraform's: sets made by [`Value::set`] ignore order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    /// Not known before apply.
    Unknown(Refinement),
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Value>),
    /// In canonical order: make it with [`Value::set`].
    Set(Vec<Value>),
    Tuple(Vec<Value>),
    Map(BTreeMap<String, Value>),
    Object(BTreeMap<String, Value>),
    /// A value of a `dynamic` attribute, with its own type.
    Dynamic(Box<(Type, Value)>),
}

/// What Terraform knows about an unknown value (that it is not null, a prefix, …), kept as it came to be sent back unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinement(pub(crate) Option<Vec<u8>>);

/// A value could not be read as what the provider expects.
#[derive(Debug, thiserror::Error)]
pub enum BadValue {
    #[error("the value is not known yet")]
    Unknown,
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
}

static NULL: Value = Value::Null;

impl Value {
    /// A value that is not known before apply, with nothing known about it.
    #[must_use]
    pub fn unknown() -> Self {
        Self::Unknown(Refinement::default())
    }

    #[must_use]
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut elements: Vec<_> = elements.into_iter().collect();
        elements.sort();
        // Equal unknowns may turn out to be different values.
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Set(elements)
    }

    #[must_use]
    pub fn object<'a, V: Into<Self>>(attributes: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Dynamic(typed) => typed.1.is_null(),
            _ => false,
        }
    }

    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Dynamic(typed) => typed.1.is_unknown(),
            _ => false,
        }
    }

    /// Neither unknown nor holding an unknown anywhere.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        self.first_unknown().is_none()
    }

    /// The place of the first unknown inside this value.
    #[must_use]
    pub fn first_unknown(&self) -> Option<Path> {
        fn search(value: &Value, at: &Path) -> Option<Path> {
            match value {
                Value::Unknown(_) => Some(at.clone()),
                Value::Dynamic(typed) => search(&typed.1, at),
                Value::Set(elements) => elements.iter().find_map(|v| search(v, at)).map(|_| at.clone()),
                Value::List(elements) | Value::Tuple(elements) => {
                    elements.iter().enumerate().find_map(|(i, v)| search(v, &at.index(i)))
                }
                Value::Map(elements) => elements.iter().find_map(|(k, v)| search(v, &at.key(k))),
                Value::Object(attributes) => attributes.iter().find_map(|(k, v)| search(v, &at.attribute(k))),
                _ => None,
            }
        }
        search(self, &Path::root())
    }

    /// The same value with null in place of every unknown.
    #[must_use]
    pub fn unknown_as_null(self) -> Self {
        let all = |elements: Vec<Self>| elements.into_iter().map(Self::unknown_as_null).collect();
        let named = |m: BTreeMap<_, Self>| m.into_iter().map(|(k, v)| (k, v.unknown_as_null())).collect();
        match self {
            Self::Unknown(_) => Self::Null,
            Self::List(elements) => Self::List(all(elements)),
            Self::Set(elements) => Self::set(all(elements)),
            Self::Tuple(elements) => Self::Tuple(all(elements)),
            Self::Map(elements) => Self::Map(named(elements)),
            Self::Object(attributes) => Self::Object(named(attributes)),
            Self::Dynamic(typed) => Self::Dynamic(Box::new((typed.0, typed.1.unknown_as_null()))),
            known => known,
        }
    }

    /// An attribute of an object or an element of a map; null if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Self {
        match self {
            Self::Object(members) | Self::Map(members) => members.get(name).unwrap_or(&NULL),
            Self::Dynamic(typed) => typed.1.get(name),
            _ => &NULL,
        }
    }

    /// The part of this value at `path`; null if there is none.
    #[must_use]
    pub fn at(&self, path: &Path) -> &Self {
        path.steps().iter().fold(self, |value, step| match step {
            Step::Attribute(name) | Step::Key(name) => value.get(name),
            Step::Index(index) => value.elements().get(*index).unwrap_or(&NULL),
        })
    }

    /// Replaces the part at `path`. `false` if an object, map or list on the way is missing.
    pub fn put(&mut self, path: &Path, value: Self) -> bool {
        let Some(place) = path.steps().iter().try_fold(self, |at, step| match (step, at) {
            (Step::Attribute(name), Self::Object(members)) | (Step::Key(name), Self::Map(members)) => {
                Some(members.entry(name.clone()).or_insert(Self::Null))
            }
            (Step::Index(index), Self::List(elements) | Self::Tuple(elements)) => elements.get_mut(*index),
            _ => None,
        }) else {
            return false;
        };
        *place = value;
        true
    }

    /// The elements of a list, set or tuple; none for anything else.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => elements,
            Self::Dynamic(typed) => typed.1.elements(),
            _ => &[],
        }
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Dynamic(typed) => typed.1.as_str(),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Dynamic(typed) => typed.1.as_bool(),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Dynamic(typed) => typed.1.as_number(),
            _ => None,
        }
    }

    /// Reads this value into the provider's own type, as from its JSON form.
    ///
    /// # Errors
    /// If any part is unknown, or the shape differs.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, BadValue> {
        Ok(serde_json::from_value(self.to_json().ok_or(BadValue::Unknown)?)?)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Number(integer.into())
    }
}

impl From<u64> for Value {
    fn from(integer: u64) -> Self {
        Self::Number(integer.into())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(optional: Option<T>) -> Self {
        optional.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<BTreeMap<String, T>> for Value {
    fn from(elements: BTreeMap<String, T>) -> Self {
        Self::Map(elements.into_iter().map(|(key, value)| (key, value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_ignore_order_and_duplicates_but_keep_unknowns_apart() {
        assert_eq!(Value::set(["b".into(), "a".into(), "b".into()]), Value::set(["a".into(), "b".into()]));
        assert_eq!(Value::set([Value::unknown(), Value::unknown()]).elements().len(), 2);
    }

    #[test]
    fn parts_are_found_and_replaced_by_path() {
        let mut value = Value::object([("rules", Value::from(vec![Value::object([("name", "a")])]))]);
        let name = Path::new("rules").index(0).attribute("name");
        assert_eq!(value.at(&name).as_str(), Some("a"));
        assert!(value.put(&name, Value::unknown()));
        assert_eq!(value.first_unknown(), Some(name));
        assert!(!value.put(&Path::new("rules").index(1), Value::Null));
        assert_eq!(value.unknown_as_null().get("rules").elements()[0].get("name"), &Value::Null);
    }

    #[test]
    fn known_values_read_into_the_providers_types() {
        #[derive(serde::Deserialize, PartialEq, Debug)]
        struct Owner {
            team: String,
            size: Option<u32>,
        }
        let mut value = Value::object([("team", Value::from("ops")), ("size", Value::Null)]);
        assert_eq!(value.read::<Owner>().unwrap(), Owner { team: "ops".into(), size: None });
        value.put(&"size".into(), Value::unknown());
        assert!(matches!(value.read::<Owner>(), Err(BadValue::Unknown)));
    }
}
