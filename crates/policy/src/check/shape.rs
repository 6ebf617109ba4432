//! The shape of `input`, from the same types that requests are read into.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::PolicyInput;

/// What is known about a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Any,
    /// Text, number, boolean or null: nothing inside.
    Scalar,
    /// An object with these keys and no others.
    Object(BTreeMap<String, Shape>),
    /// An array or set of these.
    List(Box<Shape>),
}

/// A step that leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoSuchKey<'a> {
    pub(super) key: &'a str,
    pub(super) known: Vec<&'a str>,
}

impl Shape {
    /// The shape of `input`.
    pub(super) fn input() -> &'static Self {
        static INPUT: OnceLock<Shape> = OnceLock::new();
        INPUT.get_or_init(|| {
            let schema = schemars::schema_for!(PolicyInput).to_value();
            Self::of_schema(&schema, &schema)
        })
    }

    /// One step by a written name.
    pub(super) fn key<'a>(&'a self, key: &'a str) -> Result<&'a Self, NoSuchKey<'a>> {
        match self {
            Self::Any => Ok(&Self::Any),
            Self::Object(keys) => {
                keys.get(key).ok_or_else(|| NoSuchKey { key, known: keys.keys().map(String::as_str).collect() })
            }
            // `list["x"]` and `text.x` are never defined.
            Self::Scalar | Self::List(_) => Err(NoSuchKey { key, known: Vec::new() }),
        }
    }

    /// One step by a computed index, or what `some x in` yields.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::List(item) => (**item).clone(),
            _ => Self::Any,
        }
    }

    fn of_schema(schema: &Value, root: &Value) -> Self {
        if let Some(pointer) =
            schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'))
        {
            return root.pointer(pointer).map_or(Self::Any, |target| Self::of_schema(target, root));
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            // A nullable one is what it is when it is not null.
            return choices
                .iter()
                .find(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
                .map_or(Self::Any, |choice| Self::of_schema(choice, root));
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            return Self::Object(
                properties.iter().map(|(name, property)| (name.clone(), Self::of_schema(property, root))).collect(),
            );
        }
        match schema.get("items") {
            Some(items) => Self::List(Box::new(Self::of_schema(items, root))),
            None => Self::Scalar,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step<'a>(shape: &'a Shape, keys: &[&'a str]) -> Result<&'a Shape, NoSuchKey<'a>> {
        keys.iter().try_fold(shape, |shape, key| shape.key(key))
    }

    #[test]
    fn follows_objects_lists_and_nullables() {
        let input = Shape::input();
        assert_eq!(step(input, &["action"]), Ok(&Shape::Scalar));
        assert_eq!(step(input, &["contract", "purpose"]), Ok(&Shape::Scalar));
        let port = step(input, &["ports"]).unwrap().item();
        let field = step(&port, &["fields"]).unwrap().item();
        assert_eq!(step(&field, &["pii", "protection"]), Ok(&Shape::Scalar));
    }

    #[test]
    fn a_misspelt_key_is_no_key() {
        let error = step(Shape::input(), &["product", "clasification"]).unwrap_err();
        assert_eq!(error.key, "clasification");
        assert!(error.known.contains(&"classification"));
    }
}
