//! The product's own members.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    super::{
        custom,
        read::{
            notes::Notes,
            product::{self, PRODUCT},
            value::{is_true, object, objects},
        },
    },
    set_text,
};

/// Makes the product's document say what `wanted` does, and leaves alone what says so already.
pub fn write(document: &mut Map<String, Value>, contracts: &BTreeMap<String, Value>, wanted: &Map<String, Value>) {
    let read = |document: &Map<String, Value>| product::product(document, contracts, &mut Notes::default());
    // The description comes last: where it has no text of its own, it is that of another member.
    for member in [
        "domain",
        "name",
        "version",
        "status",
        "owner",
        "support",
        "terms",
        "tags",
        "properties",
        "inputs",
        "description",
    ] {
        let now = read(document);
        if now.get(member) != wanted.get(member) {
            write_member(document, member, &now, wanted);
        }
    }
    custom::carry(document, PRODUCT, wanted, read);
}

fn write_member(
    document: &mut Map<String, Value>,
    member: &str,
    now: &Map<String, Value>,
    wanted: &Map<String, Value>,
) {
    let list = |member: &str| wanted.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    match member {
        "status" => {
            if let Some(status) = wanted.get(member) {
                document.insert(member.to_owned(), status.clone());
            } else {
                document.insert(member.to_owned(), "active".into());
            }
            if is_true(document, "deprecated") && wanted.get(member).and_then(Value::as_str) != Some("deprecated") {
                document.insert("deprecated".to_owned(), false.into());
            }
        }
        "owner" => {
            let team =
                |manifest: &Map<String, Value>| manifest.get("owner").and_then(|owner| owner.get("team")).cloned();
            if team(now) != team(wanted)
                && let Some(members) = document.entry("team").or_insert_with(|| json!({})).as_object_mut()
            {
                set_text(members, "name", team(wanted).as_ref());
            }
        }
        "support" => write_support(document, &list(member)),
        "terms" => {
            let terms = object(wanted, member);
            for part in ["usage", "limitations"] {
                let text = terms.and_then(|terms| terms.get(part));
                if now.get(member).and_then(|terms| terms.get(part)) != text {
                    set_described(document, part, text);
                }
            }
        }
        "tags" => {
            let fit = product::tags(document);
            let unfit = document.get("tags").and_then(Value::as_array).into_iter().flatten();
            let unfit = unfit.filter(|tag| tag.as_str().is_none_or(|tag| !fit.iter().any(|fit| fit == tag))).cloned();
            let tags: Vec<Value> = list(member).into_iter().chain(unfit.collect::<Vec<_>>()).collect();
            set_list(document, "tags", tags);
        }
        "properties" => custom::set_plain(document, PRODUCT, object(wanted, member)),
        "inputs" => write_inputs(document, &list(member)),
        "description" => set_described(document, "purpose", wanted.get(member)),
        plain => set_text(document, plain, wanted.get(plain)),
    }
}

fn set_described(document: &mut Map<String, Value>, part: &str, text: Option<&Value>) {
    if let Some(description) = document.entry("description").or_insert_with(|| json!({})).as_object_mut() {
        set_text(description, part, text);
    }
    if object(document, "description").is_some_and(Map::is_empty) {
        document.shift_remove("description");
    }
}

fn set_list(document: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if list.is_empty() {
        document.shift_remove(name);
    } else {
        document.insert(name.to_owned(), list.into());
    }
}

fn write_support(document: &mut Map<String, Value>, wanted: &[Value]) {
    let known = product::support(document);
    let given: Vec<Map<String, Value>> = objects(document, "support").map(|(_, entry)| entry.clone()).collect();
    let mut free: Vec<usize> = known.iter().map(|(index, _)| *index).collect();
    let mut written = Vec::new();
    for channel in wanted.iter().filter_map(Value::as_object) {
        let like = |member: &str| {
            known.iter().find(|(index, entry)| free.contains(index) && entry.get(member) == channel.get(member))
        };
        let place = like("url").or_else(|| like("channel"));
        let mut entry = place.and_then(|(index, _)| given.get(*index)).cloned().unwrap_or_default();
        let before = place.map(|(_, entry)| entry);
        free.retain(|index| place.is_none_or(|(used, _)| used != index));
        for member in ["channel", "url", "description"] {
            if before.and_then(|before| before.get(member)) != channel.get(member) {
                set_text(&mut entry, member, channel.get(member));
            }
        }
        written.push(Value::Object(entry));
    }
    // Channels that the manifest has no place for are carried.
    let carried = given.into_iter().enumerate().filter(|(index, _)| !known.iter().any(|(known, _)| known == index));
    written.extend(carried.map(|(_, entry)| Value::Object(entry)));
    set_list(document, "support", written);
}

fn write_inputs(document: &mut Map<String, Value>, wanted: &[Value]) {
    let known = product::inputs(document);
    let given: Vec<Map<String, Value>> = objects(document, "inputPorts").map(|(_, entry)| entry.clone()).collect();
    let mut written = Vec::new();
    for input in wanted.iter().filter_map(Value::as_object) {
        let address = input.get("port").and_then(Value::as_str).unwrap_or_default();
        let place = known.iter().find(|(_, known)| known.get("port").and_then(Value::as_str) == Some(address));
        let mut entry = place.and_then(|(index, _)| given.get(*index)).cloned().unwrap_or_else(|| {
            let major = address.rsplit('@').next().unwrap_or("1");
            Map::from_iter([
                ("name".to_owned(), address.into()),
                ("version".to_owned(), format!("{major}.0.0").into()),
                ("contractId".to_owned(), address.into()),
            ])
        });
        let before = place.and_then(|(_, known)| known.get("purpose"));
        if before != input.get("purpose") {
            custom::set(&mut entry, "purpose", input.get("purpose").cloned());
        }
        written.push(Value::Object(entry));
    }
    let carried = given.into_iter().enumerate().filter(|(index, _)| !known.iter().any(|(known, _)| known == index));
    written.extend(carried.map(|(_, entry)| Value::Object(entry)));
    set_list(document, "inputPorts", written);
}
