//! Output ports as output ports of a product and objects of contracts.

use serde_json::{Map, Number, Value, json};

use crate::{model::Format, partition::Partition};

use super::{
    super::{
        custom,
        read::{
            notes::{At, Notes},
            port::{Port, SCHEMA},
            sla::{LEVELS, Part, written_name},
            value::{is_true, object, objects, text, version},
        },
    },
    field::write_fields,
    means::Means,
    quality, set_text,
};

/// Writes into the output port what of `wanted` differs from `port`, which was read from it, and stands there.
pub fn write_output(
    output: &mut Map<String, Value>,
    contract: &mut Map<String, Value>,
    port: &Port,
    wanted: &Map<String, Value>,
) {
    let differs = |member: &str| port.json.get(member) != wanted.get(member);
    if differs("name") && !port.several {
        set_text(output, "name", wanted.get("name"));
    }
    if differs("version") {
        set_text(output, "version", wanted.get("version"));
        let contracts = text(contract, "version").map(version);
        if contracts.as_deref() == port.json.get("version").and_then(Value::as_str) {
            set_text(contract, "version", wanted.get("version"));
        }
    }
    if differs("format") {
        set_text(output, "type", wanted.get("format"));
    }
    if differs("description") && !port.several {
        set_text(output, "description", wanted.get("description"));
    }
}

/// Writes into the contract what of `wanted` differs from `port`, which was read from it.
pub fn write_contract(contract: &mut Map<String, Value>, port: &Port, wanted: &Map<String, Value>) {
    let differs = |member: &str| port.json.get(member) != wanted.get(member);
    let means = Means::of(contract);
    if differs("endpoint") && !contract.contains_key("servers") {
        write_server(contract, wanted);
    }
    if differs("sla") {
        write_promise(contract, port, wanted);
    }
    if differs("sunset") {
        write_level(contract, port, wanted.get("sunset"), Level::Sunset);
    }
    let Some(part) = part_mut(contract, port.object) else { return };
    if differs("description") {
        let own = part.contains_key("description");
        if port.several || (own && wanted.get("description").is_none()) {
            set_text(part, "description", wanted.get("description"));
        }
    }
    if differs("schema")
        && let Some(schema) = object(wanted, "schema")
    {
        write_schema(part, schema, means);
    }
}

fn part_mut(contract: &mut Map<String, Value>, object: Option<usize>) -> Option<&mut Map<String, Value>> {
    contract.get_mut("schema")?.as_array_mut()?.get_mut(object?)?.as_object_mut()
}

fn write_server(contract: &mut Map<String, Value>, wanted: &Map<String, Value>) {
    let Some(endpoint) = wanted.get("endpoint") else { return };
    let is_http = wanted.get("format").and_then(Value::as_str) == Some(Format::Http.as_str());
    let kind = if is_http { "api" } else { "custom" };
    contract.insert("servers".to_owned(), json!([{ "server": "production", "type": kind, "location": endpoint }]));
}

#[derive(Clone, Copy)]
enum Level<'a> {
    Promise(&'a str),
    Sunset,
}

impl Level<'_> {
    fn find(self, part: Part<'_>) -> Option<usize> {
        match self {
            Self::Promise(member) => part.level(member).map(|(index, _)| index),
            Self::Sunset => part.date(&["endoflife", "el"]).map(|(index, _)| index),
        }
    }
}

fn write_promise(contract: &mut Map<String, Value>, port: &Port, wanted: &Map<String, Value>) {
    let (now, wanted) = (object(&port.json, "sla"), object(wanted, "sla"));
    for (member, _) in LEVELS {
        let value = wanted.and_then(|wanted| wanted.get(*member));
        if now.and_then(|now| now.get(*member)) != value {
            write_level(contract, port, value, Level::Promise(member));
        }
    }
}

fn write_level(contract: &mut Map<String, Value>, port: &Port, wanted: Option<&Value>, level: Level<'_>) {
    let found = {
        let object =
            objects(contract, "schema").find(|(index, _)| Some(*index) == port.object).map(|(_, object)| object);
        let part = Part { contract, object };
        // What holds for other objects as well is left to them.
        level.find(part).filter(|index| {
            let entry = objects(contract, "slaProperties").find(|(at, _)| at == index);
            !port.several || entry.is_some_and(|(_, entry)| part.nearness(entry) == 2)
        })
    };
    let list = contract.entry("slaProperties").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    match (found, wanted.and_then(Value::as_str)) {
        (Some(index), None) => drop(list.remove(index)),
        (None, None) => {}
        (found, Some(wanted)) => {
            if found.is_none() {
                let property = match level {
                    Level::Promise(member) => written_name(member),
                    Level::Sunset => "endOfLife",
                };
                let mut entry = Map::from_iter([("property".to_owned(), Value::from(property))]);
                if port.several {
                    entry.insert("element".to_owned(), port.object_name.as_str().into());
                }
                list.push(entry.into());
            }
            let index = found.unwrap_or(list.len().saturating_sub(1));
            let Some(entry) = list.get_mut(index).and_then(Value::as_object_mut) else { return };
            match (level, split(wanted)) {
                (Level::Promise(_), Some((number, unit))) => {
                    entry.insert("value".to_owned(), number.into());
                    entry.insert("unit".to_owned(), unit.into());
                }
                _ => drop(entry.insert("value".to_owned(), wanted.into())),
            }
        }
    }
    if contract.get("slaProperties").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        contract.shift_remove("slaProperties");
    }
}

/// `24h` as 24 and `h`.
fn split(quantity: &str) -> Option<(Number, &str)> {
    let digits = quantity.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, unit) = quantity.split_at_checked(digits)?;
    Some((serde_json::from_str(number).ok()?, unit))
}

fn write_schema(part: &mut Map<String, Value>, wanted: &Map<String, Value>, means: Means) {
    let list = |member: &str| wanted.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    write_flags(part, &list("fields"), &list("primaryKey"), ("primaryKey", "primaryKeyPosition"));
    let partitions: Vec<Value> = list("partitionBy")
        .iter()
        .filter_map(|text| text.as_str()?.parse::<Partition>().ok())
        .map(|partition| partition.field.into())
        .collect();
    write_flags(part, &list("fields"), &partitions, ("partitioned", "partitionKeyPosition"));
    write_fields(part, &list("fields"), means);
    // New properties have their flags only now, and what is required may follow from them.
    write_flags(part, &list("fields"), &list("primaryKey"), ("primaryKey", "primaryKeyPosition"));
    write_flags(part, &list("fields"), &partitions, ("partitioned", "partitionKeyPosition"));
    write_fields(part, &list("fields"), means);
    if read_schema(part).get("quality") != wanted.get("quality") {
        quality::write(part, wanted.get("quality"), false, means);
    }
    custom::carry(part, SCHEMA, wanted, read_schema);
}

fn read_schema(part: &Map<String, Value>) -> Map<String, Value> {
    super::super::read::port::schema(part, &At::default(), &mut Notes::default())
}

/// Gives the flag to the properties of the fields `names`, with their places from 1, and takes it from all others.
fn write_flags(part: &mut Map<String, Value>, fields: &[Value], names: &[Value], (flag, position): (&str, &str)) {
    let member = if flag == "primaryKey" { "primaryKey" } else { "partitionBy" };
    if read_schema(part).get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() == names {
        return;
    }
    let current = super::super::read::field::fields(part, &At::default(), &mut Notes::default());
    let list = part.get_mut("properties").and_then(Value::as_array_mut);
    for (property, field) in list.into_iter().flatten().filter_map(Value::as_object_mut).zip(current) {
        let name = field.get("name");
        let known = fields.iter().any(|field| field.get("name") == name);
        match names.iter().position(|wanted| Some(wanted) == name) {
            Some(place) if known => {
                property.insert(flag.to_owned(), true.into());
                property.insert(position.to_owned(), (place + 1).into());
            }
            _ if is_true(property, flag) => {
                property.shift_remove(flag);
                property.shift_remove(position);
            }
            _ => {}
        }
    }
}
