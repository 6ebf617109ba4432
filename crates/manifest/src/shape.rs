//! What a manifest may look like, compiled from the JSON Schema that its types generate, so that all problems can be reported at once.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use indexmap::IndexMap;
use serde_json::Value;

use crate::text_rule::TextRule;

/// What a value may be.
#[derive(Debug, Clone)]
pub enum Shape {
    Object {
        fields: IndexMap<String, Member>,
        /// What further keys may hold; without it there are none.
        further: Option<Box<Shape>>,
    },
    List {
        items: Box<Shape>,
        min: usize,
        max: usize,
    },
    Text {
        /// The form that the text must have, beside its length in characters.
        rule: Option<TextRule>,
        min: usize,
        max: usize,
    },
    Choice(Vec<String>),
    Boolean,
    /// A whole number, or any.
    Number {
        whole: bool,
        min: Option<i64>,
    },
    /// Whatever it is.
    Any,
    /// A shape that stands in several places, perhaps within itself.
    Named(Named),
    /// The value or nothing.
    Optional(Box<Shape>),
}

/// A shape that is told of once, however often it stands.
#[derive(Clone)]
pub struct Named(Arc<OnceLock<Shape>>);

impl Named {
    /// The shape.
    pub fn shape(&self) -> &Shape {
        self.0.get().expect("a definition is compiled by whoever meets it first")
    }
}

// What it holds may be itself.
impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Named")
    }
}

/// A known key of an object.
#[derive(Debug, Clone)]
pub struct Member {
    pub shape: Shape,
    pub required: bool,
    /// What the value means.
    pub description: String,
}

impl Shape {
    /// Compiles `schema`.
    ///
    /// Fails on a construct that is not compiled, naming it: a type of the model then needs a new case here.
    pub fn compile(schema: &Value) -> Result<Self, String> {
        Definitions { all: schema.get("$defs").unwrap_or(&Value::Null), met: HashMap::new() }.compile(schema)
    }

    /// The shape of an object's known key.
    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Named(named) => named.shape().member(key),
            Self::Object { fields, .. } => fields.get(key).map(|member| &member.shape),
            _ => None,
        }
    }

    /// The shape of a list's items.
    pub fn items(&self) -> Option<&Self> {
        match self {
            Self::Named(named) => named.shape().items(),
            Self::List { items, .. } => Some(items),
            _ => None,
        }
    }
}

/// What is compiled, and what of it was.
struct Definitions<'a> {
    all: &'a Value,
    met: HashMap<String, Named>,
}

impl Definitions<'_> {
    fn compile(&mut self, schema: &Value) -> Result<Shape, String> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/").ok_or_else(|| format!("a reference to `{reference}`"))?;
            return match TextRule::of_definition(name) {
                Some(rule) => Ok(Shape::Text { rule: Some(rule), min: 0, max: usize::MAX }),
                None => self.definition(name),
            };
        }
        if let Some(choices) = choices(schema) {
            return Ok(Shape::Choice(choices));
        }
        if let Some([shape, null]) = schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
            return match null.get("type").and_then(Value::as_str) {
                Some("null") => Ok(Shape::Optional(Box::new(self.compile(shape)?))),
                _ => Err(format!("alternatives in {schema}")),
            };
        }
        if *schema == Value::Bool(true)
            || schema
                .as_object()
                .is_some_and(|keys| keys.keys().all(|key| matches!(key.as_str(), "description" | "default")))
        {
            return Ok(Shape::Any);
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.typed(name, schema),
            Some(Value::Array(names)) => match names.as_slice() {
                [Value::String(name), Value::String(null)] if null == "null" => {
                    Ok(Shape::Optional(Box::new(self.typed(name, schema)?)))
                }
                _ => Err(format!("alternatives in {schema}")),
            },
            _ => Err(format!("no type in {schema}")),
        }
    }

    fn typed(&mut self, name: &str, schema: &Value) -> Result<Shape, String> {
        let bound = |key: &str, default: usize| {
            schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
        };
        match name {
            "object" => self.object(schema),
            "array" => {
                let items = schema.get("items").ok_or_else(|| format!("a list without items in {schema}"))?;
                Ok(Shape::List {
                    items: Box::new(self.compile(items)?),
                    min: bound("minItems", 0),
                    max: bound("maxItems", usize::MAX),
                })
            }
            "string" => {
                let rule = match schema.get("pattern").and_then(Value::as_str) {
                    None => None,
                    Some(pattern) => {
                        Some(TextRule::of_pattern(pattern).ok_or_else(|| format!("the pattern `{pattern}`"))?)
                    }
                };
                Ok(Shape::Text { rule, min: bound("minLength", 0), max: bound("maxLength", usize::MAX) })
            }
            "boolean" => Ok(Shape::Boolean),
            "integer" | "number" => {
                Ok(Shape::Number { whole: name == "integer", min: schema.get("minimum").and_then(Value::as_i64) })
            }
            other => Err(format!("the type `{other}`")),
        }
    }

    fn object(&mut self, schema: &Value) -> Result<Shape, String> {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = IndexMap::new();
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let description = member.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
            let member =
                Member { shape: self.compile(member)?, required: required.contains(&name.as_str()), description };
            fields.insert(name.clone(), member);
        }
        let further = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(shape @ Value::Object(_)) => Some(Box::new(self.compile(shape)?)),
            Some(Value::Bool(true)) => Some(Box::new(Shape::Any)),
            other => return Err(format!("additional properties {other:?} in {schema}")),
        };
        Ok(Shape::Object { fields, further })
    }

    fn definition(&mut self, name: &str) -> Result<Shape, String> {
        if let Some(named) = self.met.get(name) {
            return Ok(Shape::Named(named.clone()));
        }
        let schema = self.all.get(name).ok_or_else(|| format!("a reference to the unknown `{name}`"))?;
        let named = Named(Arc::default());
        self.met.insert(name.to_owned(), named.clone());
        let shape = self.compile(schema)?;
        // Only what holds others can hold itself; the rest is the same wherever it stands.
        if !matches!(shape, Shape::Object { .. }) {
            self.met.remove(name);
            return Ok(shape);
        }
        drop(named.0.set(shape));
        Ok(Shape::Named(named))
    }
}

/// The choices of an enumeration, which is one of: `enum`, `const`, or `oneOf` with a `const` or `enum` each.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(constant) = schema.get("const") {
        return Some(vec![text(constant)?]);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(text).collect();
    }
    let alternatives = schema.get("oneOf")?.as_array()?;
    alternatives.iter().map(choices).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
}
