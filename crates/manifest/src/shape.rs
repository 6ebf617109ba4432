//! What a manifest may look like, compiled from the JSON Schema that its types generate, so that all problems can be reported at once.

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
    /// The value or nothing.
    Optional(Box<Shape>),
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
        compile(schema, schema.get("$defs").unwrap_or(&Value::Null))
    }

    /// The shape of an object's known key.
    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object { fields, .. } => fields.get(key).map(|member| &member.shape),
            _ => None,
        }
    }

    /// The shape of a list's items.
    pub fn items(&self) -> Option<&Self> {
        match self {
            Self::List { items, .. } => Some(items),
            _ => None,
        }
    }
}

fn compile(schema: &Value, defs: &Value) -> Result<Shape, String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/").ok_or_else(|| format!("a reference to `{reference}`"))?;
        let target = defs.get(name).ok_or_else(|| format!("a reference to the unknown `{name}`"))?;
        return match TextRule::of_definition(name) {
            Some(rule) => Ok(Shape::Text { rule: Some(rule), min: 0, max: usize::MAX }),
            None => compile(target, defs),
        };
    }
    if let Some(choices) = choices(schema) {
        return Ok(Shape::Choice(choices));
    }
    if let Some([shape, null]) = schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        return match null.get("type").and_then(Value::as_str) {
            Some("null") => Ok(Shape::Optional(Box::new(compile(shape, defs)?))),
            _ => Err(format!("alternatives in {schema}")),
        };
    }
    match schema.get("type") {
        Some(Value::String(name)) => typed(name, schema, defs),
        Some(Value::Array(names)) => match names.as_slice() {
            [Value::String(name), Value::String(null)] if null == "null" => {
                Ok(Shape::Optional(Box::new(typed(name, schema, defs)?)))
            }
            _ => Err(format!("alternatives in {schema}")),
        },
        _ => Err(format!("no type in {schema}")),
    }
}

fn typed(name: &str, schema: &Value, defs: &Value) -> Result<Shape, String> {
    let bound = |key: &str, default: usize| {
        schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
    };
    match name {
        "object" => object(schema, defs),
        "array" => {
            let items = schema.get("items").ok_or_else(|| format!("a list without items in {schema}"))?;
            Ok(Shape::List {
                items: Box::new(compile(items, defs)?),
                min: bound("minItems", 0),
                max: bound("maxItems", usize::MAX),
            })
        }
        "string" => {
            let rule = match schema.get("pattern").and_then(Value::as_str) {
                None => None,
                Some(pattern) => Some(TextRule::of_pattern(pattern).ok_or_else(|| format!("the pattern `{pattern}`"))?),
            };
            Ok(Shape::Text { rule, min: bound("minLength", 0), max: bound("maxLength", usize::MAX) })
        }
        "boolean" => Ok(Shape::Boolean),
        other => Err(format!("the type `{other}`")),
    }
}

fn object(schema: &Value, defs: &Value) -> Result<Shape, String> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields = IndexMap::new();
    for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let description = member.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let member = Member { shape: compile(member, defs)?, required: required.contains(&name.as_str()), description };
        fields.insert(name.clone(), member);
    }
    let further = match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(shape @ Value::Object(_)) => Some(Box::new(compile(shape, defs)?)),
        other => return Err(format!("additional properties {other:?} in {schema}")),
    };
    Ok(Shape::Object { fields, further })
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
