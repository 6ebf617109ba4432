//! Makes a value that a provider wrote fit its schema's type, or says where it does not.

use std::collections::BTreeMap;

use super::{Type, Value};
use crate::Path;

/// A value does not fit the type that the schema declares.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` must be {expected}, not {found}")]
pub struct TypeMismatch {
    pub path: Path,
    pub expected: String,
    pub found: String,
}

impl Value {
    /// This value as a value of `ty`: attributes left out become null, lists become sets where the type says so, and
    /// values of `dynamic` attributes get their type.
    ///
    /// # Errors
    /// If a part has another type, or an attribute that the type lacks.
    pub fn conform(self, ty: &Type) -> Result<Self, TypeMismatch> {
        conform(self, ty, &Path::root())
    }

    /// The type that a value has by itself, as for a `dynamic` attribute.
    #[must_use]
    pub fn natural_type(&self) -> Type {
        let element = |mut all: Box<dyn Iterator<Item = &Self> + '_>| {
            all.find(|v| !v.is_null() && !v.is_unknown()).map_or(Type::Dynamic, Self::natural_type)
        };
        match self {
            Self::Null | Self::Unknown(_) => Type::Dynamic,
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(elements) => Type::list(element(Box::new(elements.iter()))),
            Self::Set(elements) => Type::set(element(Box::new(elements.iter()))),
            Self::Tuple(elements) => Type::Tuple(elements.iter().map(Self::natural_type).collect()),
            Self::Map(elements) => Type::map(element(Box::new(elements.values()))),
            Self::Object(attributes) => {
                Type::Object(attributes.iter().map(|(name, value)| (name.clone(), value.natural_type())).collect())
            }
            Self::Dynamic(typed) => typed.0.clone(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "unknown",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Tuple(_) => "tuple",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Dynamic(_) => "any",
        }
    }
}

fn conform(value: Value, ty: &Type, at: &Path) -> Result<Value, TypeMismatch> {
    let mismatch =
        |found: &Value| TypeMismatch { path: at.clone(), expected: ty.to_string(), found: found.kind().to_owned() };
    let each = |elements: Vec<Value>, element: &Type| {
        elements.into_iter().enumerate().map(|(i, v)| conform(v, element, &at.index(i))).collect::<Result<Vec<_>, _>>()
    };
    Ok(match (ty, value) {
        (_, null_or_unknown @ (Value::Null | Value::Unknown(_))) => null_or_unknown,
        (Type::Dynamic, Value::Dynamic(typed)) => {
            let (own, value) = *typed;
            let value = conform(value, &own, at)?;
            Value::Dynamic(Box::new((own, value)))
        }
        (Type::Dynamic, value) => {
            let own = value.natural_type();
            let value = conform(value, &own, at)?;
            Value::Dynamic(Box::new((own, value)))
        }
        (Type::Bool, value @ Value::Bool(_))
        | (Type::Number, value @ Value::Number(_))
        | (Type::String, value @ Value::String(_)) => value,
        (Type::List(element), Value::List(elements)) => Value::List(each(elements, element)?),
        (Type::Set(element), Value::Set(elements) | Value::List(elements)) => Value::set(each(elements, element)?),
        (Type::Tuple(types), Value::Tuple(elements) | Value::List(elements)) if types.len() == elements.len() => {
            Value::Tuple(
                elements
                    .into_iter()
                    .zip(types)
                    .enumerate()
                    .map(|(i, (v, ty))| conform(v, ty, &at.index(i)))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Type::Map(element), Value::Map(members) | Value::Object(members)) => Value::Map(
            members
                .into_iter()
                .map(|(key, v)| Ok((key.clone(), conform(v, element, &at.key(&key))?)))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Object(attributes), Value::Object(mut members)) => {
            let fitted = attributes
                .iter()
                .map(|(name, ty)| {
                    let value = members.remove(name).unwrap_or(Value::Null);
                    Ok((name.clone(), conform(value, ty, &at.attribute(name))?))
                })
                .collect::<Result<BTreeMap<_, _>, _>>()?;
            if let Some((name, value)) = members.pop_first() {
                return Err(TypeMismatch {
                    path: at.attribute(&name),
                    expected: "left out: the schema has no such attribute".to_owned(),
                    found: value.kind().to_owned(),
                });
            }
            Value::Object(fitted)
        }
        (_, value) => return Err(mismatch(&value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_out_attributes_become_null_and_lists_become_sets() {
        let ty = Type::object([("a", Type::String), ("b", Type::set(Type::String)), ("c", Type::Dynamic)]);
        let value =
            Value::object([("b", Value::from(vec!["y", "x"])), ("c", Value::from("dynamic"))]).conform(&ty).unwrap();
        assert_eq!(value.get("a"), &Value::Null);
        assert_eq!(value.get("b"), &Value::set(["x".into(), "y".into()]));
        assert_eq!(value.get("c"), &Value::Dynamic(Box::new((Type::String, "dynamic".into()))));
    }

    #[test]
    fn a_misfit_is_named_by_its_place() {
        let ty = Type::object([("rules", Type::list(Type::object([("size", Type::Number)])))]);
        let wrong = Value::object([("rules", Value::from(vec![Value::object([("size", "big")])]))]);
        assert_eq!(wrong.conform(&ty).unwrap_err().to_string(), "`rules[0].size` must be number, not string");
        let extra = Value::object([("rulez", true)]);
        assert!(extra.conform(&ty).unwrap_err().to_string().starts_with("`rulez` must be left out"));
    }
}
