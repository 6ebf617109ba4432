//! Fields of a port as properties of a contract: only what differs from what the property says already is written.

use serde_json::{Map, Value, json};

use crate::field_type::FieldType;

use super::{
    super::{
        custom,
        read::{
            field::{self, ELEMENT, FIELD, enum_text},
            notes::{At, Notes},
            value::{object, objects},
        },
    },
    means::Means,
    quality, set_text,
};

fn read_field(property: &Map<String, Value>) -> Map<String, Value> {
    field::field(property, &At::default(), &mut Notes::default())
}

fn read_element(property: &Map<String, Value>) -> Map<String, Value> {
    field::element(property, &At::default(), &mut Notes::default())
}

/// Makes the properties of `holder` those that `wanted` fields say.
pub fn write_fields(holder: &mut Map<String, Value>, wanted: &[Value], means: Means) {
    let now = field::fields(holder, &At::default(), &mut Notes::default());
    let same = now.len() == wanted.len() && now.iter().zip(wanted).all(|(now, wanted)| Some(now) == wanted.as_object());
    if same {
        return;
    }
    let given: Vec<Map<String, Value>> = objects(holder, "properties").map(|(_, property)| property.clone()).collect();
    let name = |field: &Map<String, Value>| field.get("name").cloned();
    let wanted: Vec<&Map<String, Value>> = wanted.iter().filter_map(Value::as_object).collect();
    let mut written = Vec::new();
    for (index, field) in wanted.iter().enumerate() {
        let known = now.iter().position(|now| name(now) == name(field)).or_else(|| {
            // What stands in the place of a field that is gone has another name now.
            let gone = |now: &Map<String, Value>| !wanted.iter().any(|field| name(field) == name(now));
            now.get(index).filter(|now| gone(now)).map(|_| index)
        });
        let mut property = known.and_then(|known| given.get(known)).cloned().unwrap_or_default();
        if property.is_empty() {
            set_text(&mut property, "name", field.get("name"));
            say_type(&mut property, field, means);
        }
        write_field(&mut property, field, means);
        written.push(Value::Object(property));
    }
    holder.insert("properties".to_owned(), written.into());
    // Names that collided in the document may collide no more.
    let again = field::fields(holder, &At::default(), &mut Notes::default());
    let list = holder.get_mut("properties").and_then(Value::as_array_mut);
    for ((property, now), field) in list.into_iter().flatten().zip(&again).zip(wanted) {
        if name(now) != name(field)
            && let Some(property) = property.as_object_mut()
        {
            custom::set(property, "name", name(field));
        }
    }
}

fn write_field(property: &mut Map<String, Value>, wanted: &Map<String, Value>, means: Means) {
    let now = read_field(property);
    if now == *wanted {
        return;
    }
    if now.get("name") != wanted.get("name") {
        set_text(property, "name", wanted.get("name"));
    }
    write_value(property, &now, wanted, means, FIELD);
    if now.get("quality") != wanted.get("quality") {
        quality::write(property, wanted.get("quality"), true, means);
    }
    custom::carry(property, FIELD, wanted, read_field);
}

fn write_element(property: &mut Map<String, Value>, wanted: &Map<String, Value>, means: Means) {
    let now = read_element(property);
    if now == *wanted {
        return;
    }
    write_value(property, &now, wanted, means, ELEMENT);
    custom::carry(property, ELEMENT, wanted, read_element);
}

fn write_value(
    property: &mut Map<String, Value>,
    now: &Map<String, Value>,
    wanted: &Map<String, Value>,
    means: Means,
    members: &[&str],
) {
    let differs = |member: &str| now.get(member) != wanted.get(member);
    let field_type: FieldType =
        wanted.get("type").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(FieldType::String);
    let is_vector = field_type == FieldType::List && !property.contains_key("items");
    if differs("type") || (is_vector && differs("items")) || !property.contains_key("logicalType") && differs("fields")
    {
        write_type(property, field_type, means);
    }
    if differs("required") {
        property.insert("required".to_owned(), wanted.get("required").cloned().unwrap_or(false.into()));
    }
    if differs("description") {
        set_text(property, "description", wanted.get("description"));
    }
    if differs("fields")
        && let Some(fields) = wanted.get("fields").and_then(Value::as_array)
    {
        write_fields(property, fields, means);
    }
    if differs("items")
        && let Some(items) = object(wanted, "items")
    {
        write_part(property, "items", items, means);
    }
    if means.maps && field_type == FieldType::Map && (differs("keys") || differs("values")) {
        let map = property.entry("map").or_insert_with(|| json!({}));
        if let Some(map) = map.as_object_mut() {
            for (member, part) in [("keys", "key"), ("values", "value")] {
                if let Some(value) = object(wanted, member) {
                    write_part(map, part, value, means);
                }
            }
        }
    }
    if means.maps && differs("enum") {
        write_enumeration(property, wanted.get("enum"), field_type);
    }
    if differs("properties") {
        custom::set_plain(property, members, object(wanted, "properties"));
    }
}

fn write_part(holder: &mut Map<String, Value>, name: &str, wanted: &Map<String, Value>, means: Means) {
    if let Some(part) = holder.entry(name).or_insert_with(|| json!({})).as_object_mut() {
        if part.is_empty() {
            say_type(part, wanted, means);
        }
        write_element(part, wanted, means);
    }
}

/// A property that is new says its type, also where leaving it out would be read as the same.
fn say_type(property: &mut Map<String, Value>, wanted: &Map<String, Value>, means: Means) {
    if let Some(FieldType::String) = wanted.get("type").and_then(Value::as_str).and_then(|text| text.parse().ok()) {
        write_type(property, FieldType::String, means);
    }
}

fn write_type(property: &mut Map<String, Value>, field_type: FieldType, means: Means) {
    let logical = match field_type {
        FieldType::Boolean => "boolean",
        FieldType::Int | FieldType::Long => "integer",
        FieldType::Float | FieldType::Double | FieldType::Decimal { .. } => "number",
        FieldType::Timestamp | FieldType::Timestamptz if means.timestamps => "timestamp",
        FieldType::Date | FieldType::Timestamp | FieldType::Timestamptz => "date",
        FieldType::String | FieldType::Binary => "string",
        FieldType::List => "array",
        FieldType::Map if means.maps => "map",
        FieldType::Struct | FieldType::Map => "object",
    };
    let before = property.insert("logicalType".to_owned(), logical.into());
    if before.as_ref().and_then(Value::as_str) != Some(logical) {
        property.shift_remove("logicalTypeOptions");
    }
    for (part, of) in [("properties", FieldType::Struct), ("items", FieldType::List), ("map", FieldType::Map)] {
        if field_type != of {
            property.shift_remove(part);
        }
    }
    if field_type.is_nested() {
        property.shift_remove("physicalType");
    } else {
        property.insert("physicalType".to_owned(), field_type.to_string().into());
    }
}

fn write_enumeration(property: &mut Map<String, Value>, wanted: Option<&Value>, field_type: FieldType) {
    let Some(values) = wanted.and_then(|wanted| wanted.get("values")).and_then(Value::as_array) else {
        property.shift_remove("enum");
        return;
    };
    let given: Vec<Map<String, Value>> = objects(property, "enum").map(|(_, entry)| entry.clone()).collect();
    let entries = values.iter().filter_map(Value::as_str).map(|text| {
        let known = given.iter().find(|entry| enum_text(entry).as_deref() == Some(text));
        known.cloned().map(Value::Object).unwrap_or_else(|| {
            let number =
                text.parse::<i64>().ok().filter(|number| field_type != FieldType::String && number.to_string() == text);
            json!({ "value": number.map_or_else(|| Value::from(text), Value::from) })
        })
    });
    let entries: Value = entries.collect();
    property.insert("enum".to_owned(), entries);
}
