//! Fields: what a row of a port is made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{QualityRule, SchemaSource};
use crate::{field_type::FieldType, text_rule::PARTITION};

/// A port's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schema {
    /// The fields; left out where `source` tells them.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub fields: Vec<Field>,
    /// The fields whose values together tell one row from all others, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 128)))]
    pub primary_key: Vec<String>,
    /// What the data is partitioned by, such as `flight_date`, `day(departure)` or `bucket(16, id)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(regex(pattern = PARTITION))
    )]
    pub partition_by: Vec<String>,
    /// Rules over whole rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub quality: Vec<QualityRule>,
    /// The schema in the language that it is kept in elsewhere; the fields are read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SchemaSource>,
}

/// One field of a port or of a struct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// The field's name.
    #[schemars(length(max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// A number that stays with the field for ever, also under another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<u32>,
    /// The type of its values.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether every row has a value.
    #[serde(default)]
    pub required: bool,
    /// What the values mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Of a struct, its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2000))]
    pub fields: Vec<Field>,
    /// Of a list, its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Element>>,
    /// Of a map, its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Box<Element>>,
    /// Of a map, its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Element>>,
    /// The unit of the values, such as `minutes` or `USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60))]
    pub unit: Option<String>,
    /// The values that there are, where they are few.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub enumeration: Option<Enumeration>,
    /// Set where the values tell of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pii: Option<Pii>,
    /// Rules over the field's values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub quality: Vec<QualityRule>,
    /// Further properties, carried through unread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// The entries of a list, or the keys or values of a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Element {
    /// The type of the values.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether there is a value each time.
    #[serde(default)]
    pub required: bool,
    /// What the values mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Of a struct, its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2000))]
    pub fields: Vec<Field>,
    /// Of a list, its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Element>>,
    /// Of a map, its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Box<Element>>,
    /// Of a map, its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Element>>,
    /// The unit of the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60))]
    pub unit: Option<String>,
    /// The values that there are, where they are few.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub enumeration: Option<Enumeration>,
    /// Set where the values tell of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pii: Option<Pii>,
    /// Further properties, carried through unread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// The values that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enumeration {
    /// The values, as texts.
    #[schemars(length(min = 1, max = 1000), inner(length(min = 1, max = 200)))]
    pub values: Vec<String>,
    /// Whether readers have to reckon with further values.
    #[serde(default)]
    pub open: bool,
}

/// Personally identifiable information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pii {
    /// What kind of information, such as `email`: lower-case letters, digits, hyphens and underscores.
    #[schemars(length(min = 1, max = 60), regex(pattern = r"^[a-z][a-z0-9_-]*$"))]
    pub category: String,
    /// How the values are protected where they are stored.
    pub protection: PiiProtection,
}

/// How personal values are protected where they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PiiProtection {
    None,
    Masked,
    Tokenized,
    Encrypted,
}

text_of!(PiiProtection { None => "none", Masked => "masked", Tokenized => "tokenized", Encrypted => "encrypted" });

/// What fields and elements have in common.
#[derive(Debug, Clone, Copy)]
pub struct ValueRef<'a> {
    pub field_type: FieldType,
    pub required: bool,
    pub description: Option<&'a str>,
    pub fields: &'a [Field],
    pub items: Option<&'a Element>,
    pub keys: Option<&'a Element>,
    pub values: Option<&'a Element>,
    pub unit: Option<&'a str>,
    pub enumeration: Option<&'a Enumeration>,
    pub pii: Option<&'a Pii>,
    pub properties: &'a BTreeMap<String, String>,
}

// Both are taken apart without `..`: what a field or an element gets anew has to be put somewhere to compile.
impl<'a> From<&'a Field> for ValueRef<'a> {
    fn from(field: &'a Field) -> Self {
        let Field {
            name: _,    // what tells fields apart
            id: _,      // likewise
            quality: _, // of a field of its own
            field_type,
            required,
            description,
            fields,
            items,
            keys,
            values,
            unit,
            enumeration,
            pii,
            properties,
        } = field;
        Self {
            field_type: *field_type,
            required: *required,
            description: description.as_deref(),
            fields,
            items: items.as_deref(),
            keys: keys.as_deref(),
            values: values.as_deref(),
            unit: unit.as_deref(),
            enumeration: enumeration.as_ref(),
            pii: pii.as_ref(),
            properties,
        }
    }
}

impl<'a> From<&'a Element> for ValueRef<'a> {
    fn from(element: &'a Element) -> Self {
        let Element {
            field_type,
            required,
            description,
            fields,
            items,
            keys,
            values,
            unit,
            enumeration,
            pii,
            properties,
        } = element;
        Self {
            field_type: *field_type,
            required: *required,
            description: description.as_deref(),
            fields,
            items: items.as_deref(),
            keys: keys.as_deref(),
            values: values.as_deref(),
            unit: unit.as_deref(),
            enumeration: enumeration.as_ref(),
            pii: pii.as_ref(),
            properties,
        }
    }
}

impl Element {
    /// A value of this type that is always there, and of which nothing else is known.
    pub fn of(field_type: FieldType) -> Self {
        Self {
            field_type,
            required: true,
            description: None,
            fields: Vec::new(),
            items: None,
            keys: None,
            values: None,
            unit: None,
            enumeration: None,
            pii: None,
            properties: BTreeMap::new(),
        }
    }

    /// The value as the field `name`.
    pub fn named(self, name: impl Into<String>) -> Field {
        let Self { field_type, required, description, fields, items, keys, values, unit, enumeration, pii, properties } =
            self;
        Field {
            name: name.into(),
            id: None,
            field_type,
            required,
            description,
            fields,
            items,
            keys,
            values,
            unit,
            enumeration,
            pii,
            quality: Vec::new(),
            properties,
        }
    }
}

impl From<Field> for Element {
    /// The field's value: its name, id and rules are a field's alone.
    fn from(field: Field) -> Self {
        let Field {
            name: _,
            id: _,
            quality: _,
            field_type,
            required,
            description,
            fields,
            items,
            keys,
            values,
            unit,
            enumeration,
            pii,
            properties,
        } = field;
        Self { field_type, required, description, fields, items, keys, values, unit, enumeration, pii, properties }
    }
}

impl ValueRef<'_> {
    /// The type with all that it is made of, such as `list<struct<a: int, b: string>>`.
    pub fn type_text(&self) -> String {
        let element =
            |element: Option<&Element>| element.map_or_else(|| "?".to_owned(), |it| ValueRef::from(it).type_text());
        match self.field_type {
            FieldType::Struct => {
                let fields: Vec<_> = self
                    .fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, ValueRef::from(field).type_text()))
                    .collect();
                format!("struct<{}>", fields.join(", "))
            }
            FieldType::List => format!("list<{}>", element(self.items)),
            FieldType::Map => format!("map<{}, {}>", element(self.keys), element(self.values)),
            plain => plain.to_string(),
        }
    }
}

/// One value of a schema at any depth, and its path: names of fields, and `[]`, `{key}` and `{value}` for elements, with dots between.
#[derive(Debug, Clone)]
pub struct FieldRef<'a> {
    pub path: String,
    pub value: ValueRef<'a>,
}

impl Schema {
    /// Every field and element at any depth, each before what lies within it.
    pub fn flat(&self) -> Vec<FieldRef<'_>> {
        let mut found = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            flatten(field.name.clone(), field.into(), &mut found);
        }
        found
    }

    /// Whether a field with this path is there.
    pub fn has(&self, path: &str) -> bool {
        self.fields.iter().any(|field| field.name == path)
            // Only a path that goes deeper needs the walk.
            || path.contains('.') && self.flat().iter().any(|field| field.path == path)
    }
}

fn flatten<'a>(path: String, value: ValueRef<'a>, found: &mut Vec<FieldRef<'a>>) {
    found.push(FieldRef { path: path.clone(), value });
    for field in value.fields {
        flatten(format!("{path}.{}", field.name), field.into(), found);
    }
    for (token, element) in [("[]", value.items), ("{key}", value.keys), ("{value}", value.values)] {
        if let Some(element) = element {
            flatten(format!("{path}.{token}"), element.into(), found);
        }
    }
}
