//! Manifests and schemas as they were stored, perhaps by a newer version: what this one has no name for is passed over.
//!
//! Who writes a manifest is told of every unknown key. Who reads one back must not fail over it: while a new version is deployed,
//! functions of both read the same tables.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::{
    model::{Manifest, Schema},
    parse::shape,
    shape::Shape,
};

/// Reads a stored manifest: for `#[serde(deserialize_with)]`.
pub fn manifest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Manifest, D::Error> {
    read(deserializer, Some(shape()))
}

/// Reads a stored schema: for `#[serde(deserialize_with)]`.
pub fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Schema, D::Error> {
    let schema = shape().member("outputPorts").and_then(Shape::items).and_then(|port| port.member("schema"));
    read(deserializer, schema)
}

fn read<'de, D: Deserializer<'de>, T: for<'a> Deserialize<'a>>(
    deserializer: D,
    shape: Option<&Shape>,
) -> Result<T, D::Error> {
    let mut value = Value::deserialize(deserializer)?;
    if let Some(shape) = shape {
        keep_known(&mut value, shape);
    }
    serde_json::from_value(value).map_err(Error::custom)
}

fn keep_known(value: &mut Value, shape: &Shape) {
    match (shape, value) {
        (Shape::Optional(shape), value) => keep_known(value, shape),
        (Shape::Named(named), value) => keep_known(value, named.shape()),
        (Shape::Object { fields, further }, Value::Object(members)) => {
            members.retain(|key, _| further.is_some() || fields.contains_key(key));
            for (key, member) in members {
                if let Some(shape) = fields.get(key).map(|known| &known.shape).or(further.as_deref()) {
                    keep_known(member, shape);
                }
            }
        }
        (Shape::List { items, .. }, Value::Array(list)) => list.iter_mut().for_each(|item| keep_known(item, items)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_a_newer_version() -> Value {
        json!({
            "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "operations", "name": "flights", "version": "1.0.0",
            "description": "Departures.", "owner": { "team": "Ops", "contact": "ops@example.org", "pager": "42" },
            "classification": "internal", "retention": "730d", "mutability": "append-only", "carbon": { "grams": 3 },
            "access": { "visibility": "company", "purposes": ["analytics"], "regions": ["eu"] },
            "outputPorts": [{
                "name": "daily", "version": "1.0.0", "format": "iceberg", "sla": { "freshness": "60m", "jitter": "1s" },
                "schema": { "order": "natural", "fields": [{
                    "name": "tail_number", "type": "string", "hue": "none", "pii": { "category": "id", "protection": "masked", "since": 1 },
                }] },
            }],
        })
    }

    #[test]
    fn what_a_newer_version_added_is_passed_over_at_every_depth() {
        let stored = of_a_newer_version();
        assert!(Manifest::deserialize(&stored).is_err(), "who writes a manifest is told of unknown keys");
        let read = manifest(&stored).unwrap();
        assert_eq!(read.output_ports[0].schema.fields[0].name, "tail_number");
        let written = serde_json::to_value(&read).unwrap().to_string();
        for unknown in ["pager", "carbon", "regions", "jitter", "order", "hue", "since"] {
            assert!(!written.contains(unknown), "{unknown} in {written}");
        }
        assert_eq!(schema(&stored["outputPorts"][0]["schema"]).unwrap(), read.output_ports[0].schema);
    }

    #[test]
    fn what_is_missing_or_malformed_is_still_told() {
        for (pointer, value) in
            [("/owner", json!("Ops")), ("/outputPorts/0/format", json!("floppy")), ("/version", json!(1))]
        {
            let mut stored = of_a_newer_version();
            *stored.pointer_mut(pointer).unwrap() = value;
            assert!(manifest(&stored).is_err(), "{pointer}");
        }
    }
}
