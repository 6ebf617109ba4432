//! Properties of a contract as fields of a port.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::{
    code::Code,
    diagnostic::shown,
    field_type::FieldType,
    model::{Element, Field},
};

use super::{
    super::custom,
    notes::{At, Notes},
    quality,
    types::{kind, vector_entry},
    value::{canonical, field_name, is_true, object, objects, text},
};

/// What a field is made of.
pub const FIELD: &[&str] = &[
    "name",
    "id",
    "type",
    "required",
    "description",
    "fields",
    "items",
    "keys",
    "values",
    "unit",
    "enum",
    "pii",
    "quality",
    "properties",
];

/// What the entries of a list or map are made of.
pub const ELEMENT: &[&str] =
    &["type", "required", "description", "fields", "items", "keys", "values", "unit", "enum", "pii", "properties"];

/// The most fields of one place. One more is read, so that there being more is told of.
const MAX_FIELDS: usize = 2000;

/// The fields that the mappings of `holder`'s member `properties` tell of, one each.
pub fn fields(holder: &Map<String, Value>, at: &At, notes: &mut Notes) -> Vec<Map<String, Value>> {
    let mut taken = HashSet::new();
    let mut found = Vec::new();
    for (index, property) in objects(holder, "properties").take(MAX_FIELDS + 1) {
        let at = at.step(&format!("fields/{}", found.len()), &format!("properties/{index}"));
        let mut field = field(property, &at, notes);
        if let Some(name) = field.get("name").and_then(Value::as_str) {
            let unique = unique(name, &mut taken);
            if unique != name {
                let message = format!("`{}` stands here already, so that it is called `{unique}`", shown(name));
                notes.warn(Code::StandardRenamed, &at.within("name"), message, "give each property a name of its own");
                field.insert("name".to_owned(), Value::String(unique));
            }
        }
        found.push(field);
    }
    found
}

/// `name`, or with a number where one of `taken` differs from it by case at most.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut free = (1u32..).map(|number| match number {
        1 => name.to_owned(),
        number => format!("{}_{number}", name.chars().take(120).collect::<String>()),
    });
    free.find(|candidate| taken.insert(candidate.to_ascii_lowercase())).unwrap_or_else(|| name.to_owned())
}

/// One property as a field.
pub fn field(property: &Map<String, Value>, at: &At, notes: &mut Notes) -> Map<String, Value> {
    let mut field = value(property, at, notes, FIELD);
    let given = text(property, "name").unwrap_or_default();
    let physical = text(property, "physicalName").filter(|name| field_name(name) == **name);
    let name = match field_name(given) {
        name if name == given => name,
        _ => {
            let name = physical.map_or_else(|| field_name(given), str::to_owned);
            let message = format!("`{}` is no name of a field, so that it is called `{name}`", shown(given));
            let remedy = "use ASCII letters, digits and underscores, not starting with a digit";
            notes.warn(Code::StandardRenamed, &at.within("name"), message, remedy);
            name
        }
    };
    field.insert("name".to_owned(), name.into());
    notes.came_from(&at.step("name", "name"));
    let rules = quality::rules(property, true, at, notes);
    if !rules.is_empty() {
        field.insert("quality".to_owned(), rules.into_iter().map(|(_, rule)| rule).collect());
    }
    finished::<Field>(property, field, FIELD, at, notes)
}

/// One property as the entries of a list or map.
pub fn element(property: &Map<String, Value>, at: &At, notes: &mut Notes) -> Map<String, Value> {
    let element = value(property, at, notes, ELEMENT);
    finished::<Element>(property, element, ELEMENT, at, notes)
}

fn finished<T: serde::de::DeserializeOwned + serde::Serialize>(
    property: &Map<String, Value>,
    mut read: Map<String, Value>,
    members: &[&str],
    at: &At,
    notes: &mut Notes,
) -> Map<String, Value> {
    for member in members {
        if let Some((index, patch)) = custom::get(property, member) {
            custom::merge_member(&mut read, member, patch);
            notes.came_from(&at.step(member, &format!("customProperties/{index}/value")));
        }
    }
    match canonical::<T>(Value::Object(read)) {
        Value::Object(read) => read,
        _ => Map::new(),
    }
}

fn value(property: &Map<String, Value>, at: &At, notes: &mut Notes, members: &[&str]) -> Map<String, Value> {
    notes.came_from(at);
    let mut read = Map::new();
    let kind = kind(property);
    let overridden = custom::get(property, "type").is_some();
    if let Some(why) = kind.approximated.filter(|_| !overridden) {
        let remedy =
            "give `logicalType` with what it is made of, or `physicalType`, or `dataMeshType` in `customProperties`";
        notes.warn(Code::StandardApproximated, at, why, remedy);
    }
    let field_type = kind.field_type;
    read.insert("type".to_owned(), field_type.to_string().into());
    // What tells rows apart is always there.
    read.insert("required".to_owned(), (is_true(property, "required") || is_true(property, "primaryKey")).into());
    if let Some(description) = text(property, "description") {
        read.insert("description".to_owned(), description.into());
        notes.came_from(&at.step("description", "description"));
    }
    match field_type {
        FieldType::Struct => {
            let fields: Vec<Value> = fields(property, at, notes).into_iter().map(Value::Object).collect();
            read.insert("fields".to_owned(), fields.into());
        }
        FieldType::List => {
            let items = match object(property, "items") {
                Some(items) => element(items, &at.step("items", "items"), notes),
                None => {
                    let entry = if text(property, "logicalType") == Some("vector") {
                        vector_entry(property)
                    } else {
                        FieldType::String
                    };
                    Map::from_iter([
                        ("type".to_owned(), entry.to_string().into()),
                        ("required".to_owned(), true.into()),
                    ])
                }
            };
            read.insert("items".to_owned(), items.into());
        }
        FieldType::Map => {
            let map = object(property, "map");
            for (member, part) in [("keys", "key"), ("values", "value")] {
                if let Some(part_value) = map.and_then(|map| object(map, part)) {
                    let part_value = element(part_value, &at.step(member, &format!("map/{part}")), notes);
                    read.insert(member.to_owned(), part_value.into());
                }
            }
        }
        _ => {}
    }
    if let Some(enumeration) = enumeration(property, field_type) {
        read.insert("enum".to_owned(), enumeration);
        notes.came_from(&at.step("enum", "enum"));
    }
    if let Some(pii) = pii(property) {
        read.insert("pii".to_owned(), pii);
        notes.came_from(&at.step("pii", "classification"));
    }
    let properties = custom::plain(property, members);
    if !properties.is_empty() {
        read.insert("properties".to_owned(), properties.into());
        notes.came_from(&at.step("properties", custom::MEMBER));
    }
    read
}

/// The values, where they are of a type and number that enumerations have; others are carried.
fn enumeration(property: &Map<String, Value>, field_type: FieldType) -> Option<Value> {
    let listed: Vec<String> = objects(property, "enum").filter_map(|(_, entry)| enum_text(entry)).collect();
    let distinct: HashSet<&String> = listed.iter().collect();
    let fits = |text: &String| match field_type {
        FieldType::String => (1..=200).contains(&text.chars().count()) && !text.trim().is_empty(),
        FieldType::Int => text.parse::<i32>().is_ok(),
        FieldType::Long => text.parse::<i64>().is_ok(),
        _ => false,
    };
    let whole = property.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    let all = whole == listed.len() && distinct.len() == whole && (1..=1000).contains(&whole);
    (all && listed.iter().all(fits)).then(|| json!({ "values": listed, "open": false }))
}

/// The text of one value of an enumeration.
pub fn enum_text(entry: &Map<String, Value>) -> Option<String> {
    match entry.get("value")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Set where the property's classification says that its values tell of a person.
fn pii(property: &Map<String, Value>) -> Option<Value> {
    let classification = text(property, "classification")?.trim().to_ascii_lowercase();
    let protection = if text(property, "encryptedName").is_some() { "encrypted" } else { "none" };
    matches!(classification.as_str(), "pii" | "personal" | "personal data")
        .then(|| json!({ "category": "personal", "protection": protection }))
}
