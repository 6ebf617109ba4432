//! Custom properties: where the documents carry what the standards have no member for.
//!
//! `dataMesh` and a member of the manifest, such as `dataMeshClassification` or `dataMeshSla`, holds that member in the manifest's own
//! spelling. It is merged over what the standard's members say (RFC 7396: mappings are merged, `null` removes, anything else replaces), at
//! three levels: the product's members in the product's document, a port's members at the output port or the schema object, a field's
//! members at the property. Other properties with a plain value become `properties` of the manifest.

use serde_json::{Map, Value, json};

/// What the names of custom properties that hold a member of the manifest start with.
const PREFIX: &str = "dataMesh";

/// The member that holds custom properties.
pub const MEMBER: &str = "customProperties";

/// The name of the custom property that holds `member`.
pub fn key(member: &str) -> String {
    let mut characters = member.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase()).into_iter();
    PREFIX.chars().chain(first).chain(characters).collect()
}

fn entries(holder: &Map<String, Value>) -> impl Iterator<Item = (usize, &str, &Value)> {
    holder.get(MEMBER).and_then(Value::as_array).into_iter().flatten().enumerate().filter_map(|(index, entry)| {
        let name = entry.get("property")?.as_str()?;
        Some((index, name, entry.get("value")?))
    })
}

/// What `holder` says of `member` in its custom properties, and at which entry.
pub fn get<'a>(holder: &'a Map<String, Value>, member: &str) -> Option<(usize, &'a Value)> {
    let wanted = key(member);
    entries(holder).find(|(_, name, _)| *name == wanted).map(|(index, _, value)| (index, value))
}

/// Writes `value` as what `holder` says of `member`, or takes it away.
pub fn set(holder: &mut Map<String, Value>, member: &str, value: Option<Value>) {
    put(holder, &key(member), value);
}

fn put(holder: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let list = holder.entry(MEMBER).or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    let named = |entry: &Value| entry.get("property").and_then(Value::as_str) == Some(name);
    match value {
        None => list.retain(|entry| !named(entry)),
        Some(value) => match list.iter_mut().find(|entry| named(entry)).and_then(Value::as_object_mut) {
            Some(entry) => {
                entry.insert("value".to_owned(), value);
            }
            None => list.push(json!({ "property": name, "value": value })),
        },
    }
    if list.is_empty() {
        holder.remove(MEMBER);
    }
}

/// The plain ones that hold no member out of `reserved`, as texts.
pub fn plain(holder: &Map<String, Value>, reserved: &[&str]) -> Map<String, Value> {
    let mut found = Map::new();
    for (_, name, value) in entries(holder) {
        if reserved.iter().any(|member| key(member) == name) {
            continue;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => continue,
        };
        found.entry(name).or_insert(Value::String(text));
    }
    found.sort_keys();
    found
}

/// Makes [`plain`] of `holder` what `wanted` says, and leaves alone what says so already.
pub fn set_plain(holder: &mut Map<String, Value>, reserved: &[&str], wanted: Option<&Map<String, Value>>) {
    let now = plain(holder, reserved);
    for name in now.keys().filter(|name| wanted.is_none_or(|wanted| !wanted.contains_key(*name))) {
        put(holder, name, None);
    }
    // What is called as a member is would be taken for it.
    let held = |name: &str| reserved.iter().any(|member| key(member) == name);
    for (name, value) in
        wanted.into_iter().flatten().filter(|(name, value)| now.get(*name) != Some(*value) && !held(name))
    {
        put(holder, name, Some(value.clone()));
    }
}

/// Makes what `read` says of `holder` what `wanted` says, member by member: custom properties hold what the rest of it cannot.
pub fn carry(
    holder: &mut Map<String, Value>,
    members: &[&str],
    wanted: &Map<String, Value>,
    read: impl Fn(&Map<String, Value>) -> Map<String, Value>,
) {
    let now = read(holder);
    for member in members.iter().filter(|member| now.get(**member) != wanted.get(**member)) {
        let mut without = holder.clone();
        set(&mut without, member, None);
        let bare = read(&without);
        if bare.get(*member) == wanted.get(*member) {
            *holder = without;
        } else {
            set(holder, member, Some(difference(bare.get(*member), wanted.get(*member))));
        }
    }
}

/// Merges `patch` over `target` by RFC 7396.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        merge_member(members, name, value);
    }
}

/// Merges `patch` over the member `name` by RFC 7396.
pub fn merge_member(members: &mut Map<String, Value>, name: &str, patch: &Value) {
    if patch.is_null() {
        members.remove(name);
    } else {
        merge(members.entry(name).or_insert(Value::Null), patch);
    }
}

/// What merged over `from` gives `to`.
pub fn difference(from: Option<&Value>, to: Option<&Value>) -> Value {
    match (from, to) {
        (_, None) => Value::Null,
        (Some(Value::Object(from)), Some(Value::Object(to))) => {
            let mut patch = Map::new();
            for name in from.keys().chain(to.keys().filter(|name| !from.contains_key(*name))) {
                let (before, after) = (from.get(name), to.get(name));
                if before != after {
                    patch.insert(name.clone(), difference(before, after));
                }
            }
            Value::Object(patch)
        }
        (_, Some(to)) => to.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_merges_back() {
        let values = [
            json!({ "a": 1, "b": { "c": [1], "d": 2 } }),
            json!({ "b": { "c": [2] }, "e": {} }),
            json!([1]),
            json!("x"),
        ];
        for from in &values {
            for to in &values {
                let mut merged = from.clone();
                merge(&mut merged, &difference(Some(from), Some(to)));
                assert_eq!(merged, *to);
            }
        }
    }

    #[test]
    fn names_follow_the_manifest() {
        assert_eq!(
            (key("classification").as_str(), key("partitionBy").as_str()),
            ("dataMeshClassification", "dataMeshPartitionBy")
        );
    }
}
