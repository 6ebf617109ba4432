//! Terraform's type system and its JSON form, in which types travel in schemas and dynamic values.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// The type of a value, as a schema declares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    Bool,
    Number,
    String,
    /// Any type: each value carries its own.
    Dynamic,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Type>),
}

/// The JSON does not describe a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not describe a type")]
pub struct NotAType(String);

impl Type {
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    #[must_use]
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    #[must_use]
    pub fn object<'a>(attributes: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
    }

    /// `"string"`, `["list","string"]`, `["object",{"a":"number"}]` …
    #[must_use]
    pub fn to_json(&self) -> Json {
        let nested = |kind: &str, inner: Json| Json::Array(vec![kind.into(), inner]);
        match self {
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => nested("list", element.to_json()),
            Self::Set(element) => nested("set", element.to_json()),
            Self::Map(element) => nested("map", element.to_json()),
            Self::Tuple(elements) => nested("tuple", elements.iter().map(Self::to_json).collect()),
            Self::Object(attributes) => nested(
                "object",
                attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.to_json()))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            ),
        }
    }

    /// The inverse of [`Type::to_json`].
    ///
    /// # Errors
    /// If the JSON has another shape.
    pub fn from_json(json: &Json) -> Result<Self, NotAType> {
        let wrong = || NotAType(json.to_string().chars().take(80).collect());
        if let Some(name) = json.as_str() {
            return match name {
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(wrong()),
            };
        }
        // An object type may have a third element, the names of its optional attributes.
        let [kind, inner, ..] = json.as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err(wrong());
        };
        match kind.as_str().ok_or_else(wrong)? {
            "list" => Ok(Self::list(Self::from_json(inner)?)),
            "set" => Ok(Self::set(Self::from_json(inner)?)),
            "map" => Ok(Self::map(Self::from_json(inner)?)),
            "tuple" => {
                let elements = inner.as_array().ok_or_else(wrong)?;
                Ok(Self::Tuple(elements.iter().map(Self::from_json).collect::<Result<_, _>>()?))
            }
            "object" => {
                let attributes = inner.as_object().ok_or_else(wrong)?;
                let typed = attributes.iter().map(|(name, ty)| Ok((name.clone(), Self::from_json(ty)?)));
                Ok(Self::Object(typed.collect::<Result<_, _>>()?))
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Type {
    /// As in Terraform's language: `list(string)`, `object({a=number})`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Dynamic => f.write_str("any"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                let all: Vec<_> = elements.iter().map(ToString::to_string).collect();
                write!(f, "tuple([{}])", all.join(","))
            }
            Self::Object(attributes) => {
                let all: Vec<_> = attributes.iter().map(|(name, ty)| format!("{name}={ty}")).collect();
                write!(f, "object({{{}}})", all.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_reads_back_from_its_json() {
        let ty = Type::object([
            ("a", Type::list(Type::String)),
            ("b", Type::Tuple(vec![Type::Number, Type::Dynamic])),
            ("c", Type::map(Type::set(Type::Bool))),
        ]);
        let json = serde_json::json!(["object", {"a": ["list", "string"], "b": ["tuple", ["number", "dynamic"]], "c": ["map", ["set", "bool"]]}]);
        assert_eq!(ty.to_json(), json);
        assert_eq!(Type::from_json(&json), Ok(ty.clone()));
        assert_eq!(ty.to_string(), "object({a=list(string),b=tuple([number,any]),c=map(set(bool))})");
    }

    #[test]
    fn optional_attributes_of_object_types_are_read() {
        let json = serde_json::json!(["object", {"a": "string"}, ["a"]]);
        assert_eq!(Type::from_json(&json), Ok(Type::object([("a", Type::String)])));
    }

    #[test]
    fn other_json_is_refused() {
        for json in [
            serde_json::json!("text"),
            serde_json::json!(["list"]),
            serde_json::json!({}),
            serde_json::json!(["bag", "string"]),
        ] {
            assert!(Type::from_json(&json).is_err(), "{json}");
        }
    }
}
