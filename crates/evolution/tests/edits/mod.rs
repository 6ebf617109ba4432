//! One edit of a manifest at a time: manifests that differ in one thing come closer to a rule than ones that differ in all.

#![allow(dead_code, reason = "each test takes what it needs")]

use mesh_manifest::{Manifest, parse};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Numbers by which an edit picks what it changes, where, and to what.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    kind: u16,
    place: u16,
    value: u16,
}

pub fn edit() -> impl Strategy<Value = Edit> {
    (any::<u16>(), any::<u16>(), any::<u16>()).prop_map(|(kind, place, value)| Edit { kind, place, value })
}

impl Edit {
    /// The same, to another value.
    pub fn to(self, value: u16) -> Self {
        Self { value, ..self }
    }

    /// The manifest with one thing changed, or as it was where that would be no manifest.
    pub fn apply(self, manifest: &Manifest) -> Manifest {
        match self.kind % 4 {
            0 => self.of_product(manifest),
            1 => self.of_port(manifest),
            _ => self.of_fields(manifest),
        }
    }

    /// The same, of fields alone.
    pub fn of_fields(self, manifest: &Manifest) -> Manifest {
        changed(manifest, |json| {
            let mut places = Vec::new();
            schemas(json, "", &mut places);
            let pointer = &places[usize::from(self.place) % places.len()];
            match json.pointer_mut(pointer) {
                Some(Value::Array(fields)) => self.edit_list(fields),
                Some(Value::Object(value)) => self.edit_value(value),
                _ => {}
            }
        })
    }

    fn of_product(self, manifest: &Manifest) -> Manifest {
        changed(manifest, |json| {
            if self.place.is_multiple_of(4) {
                if let Some(ports) = json["outputPorts"].as_array_mut() {
                    self.edit_ports(ports);
                }
                return;
            }
            let choices = [
                ("description", vec![json!("a"), json!("b")]),
                ("status", vec![Value::Null, json!("draft"), json!("active"), json!("deprecated")]),
                (
                    "classification",
                    vec![json!("public"), json!("internal"), json!("confidential"), json!("restricted")],
                ),
                ("retention", vec![json!("7d"), json!("30d"), json!("4y")]),
                ("mutability", vec![json!("mutable"), json!("append-only")]),
                (
                    "access",
                    vec![
                        json!({ "visibility": "company" }),
                        json!({ "visibility": "domain", "purposes": ["a"] }),
                        json!({ "visibility": "hidden", "purposes": ["a", "b"] }),
                        json!({ "visibility": "hidden", "purposes": ["b", "a"] }),
                    ],
                ),
                ("tags", vec![Value::Null, json!(["a", "b"]), json!(["b", "a"]), json!(["a, b"])]),
                ("properties", vec![Value::Null, json!({ "a": "1" }), json!({ "a": "2" })]),
                ("support", vec![Value::Null, json!([{ "channel": "chat", "url": "https://chat.example.org" }])]),
                (
                    "terms",
                    vec![
                        Value::Null,
                        json!({}),
                        json!({ "license": "CC0-1.0" }),
                        json!({ "license": "MIT", "limitations": "a" }),
                        json!({ "limitations": "b", "usage": "a" }),
                        json!({ "url": "https://example.org/a" }),
                    ],
                ),
                (
                    "inputs",
                    vec![
                        Value::Null,
                        json!([{ "port": "a.b/c@1", "purpose": "a" }, { "port": "a.b/d@1", "purpose": "a" }]),
                        json!([{ "port": "a.b/d@1", "purpose": "a" }, { "port": "a.b/c@1", "purpose": "a" }]),
                        json!([{ "port": "a.b/d@1", "purpose": "b" }]),
                    ],
                ),
                ("origin", vec![Value::Null, json!({}), json!({ "contracts": { "a": 1, "b": 2 } })]),
            ];
            let (key, values) = self.pick(&choices);
            set(json.as_object_mut(), key, self.pick(values));
        })
    }

    fn of_port(self, manifest: &Manifest) -> Manifest {
        changed(manifest, |json| {
            let Some(ports) = json["outputPorts"].as_array_mut() else { return };
            let count = ports.len();
            let port = &mut ports[usize::from(self.place) % count];
            if self.kind % 8 < 4 {
                let choices = [
                    ("freshness", vec![json!("5m"), json!("1h"), json!("1d")]),
                    ("availability", vec![Value::Null, json!("99%"), json!("99.9%")]),
                    ("completeness", vec![Value::Null, json!("99%"), json!("99.9%")]),
                    ("latency", vec![Value::Null, json!("1s"), json!("5s")]),
                    ("retention", vec![Value::Null, json!("7d"), json!("30d"), json!("4y")]),
                    ("processing", vec![Value::Null, json!("5m"), json!("6m")]),
                    (
                        "schedule",
                        vec![
                            Value::Null,
                            json!({ "at": ["06:00"] }),
                            json!({ "at": ["06:00", "07:00"] }),
                            json!({ "at": ["07:00", "06:00"] }),
                            json!({ "at": ["06:00"], "on": ["monday"] }),
                            json!({ "at": ["06:00"], "watermark": "day" }),
                        ],
                    ),
                ];
                let (key, values) = self.pick(&choices);
                set(port["sla"].as_object_mut(), key, self.pick(values));
                return;
            }
            let choices = [
                ("description", vec![Value::Null, json!("a"), json!("b")]),
                ("sunset", vec![Value::Null, json!("2027-03-01"), json!("2028-03-01")]),
                ("format", vec![json!("iceberg"), json!("parquet"), json!("csv")]),
                ("endpoint", vec![json!("https://a.example.org"), json!("https://b.example.org")]),
                ("adopt", vec![Value::Null, json!({ "table": "a.b" }), json!({ "location": "s3://bucket/a/" })]),
                ("contract", vec![Value::Null, json!({ "id": "a" }), json!({ "id": "a", "object": "x" })]),
                ("primaryKey", vec![Value::Null, json!(["a"]), json!(["a", "b"]), json!(["b", "a"])]),
                ("partitionBy", vec![Value::Null, json!(["a"]), json!(["bucket(2,a)"]), json!(["bucket(2, a)"])]),
                ("quality", rules()),
                (
                    "source",
                    vec![
                        Value::Null,
                        json!({ "language": "avro", "text": "{}" }),
                        json!({ "language": "protobuf", "text": "{}" }),
                    ],
                ),
            ];
            let (key, values) = self.pick(&choices);
            let of_schema = ["primaryKey", "partitionBy", "quality", "source"].contains(key);
            let place = if of_schema { &mut port["schema"] } else { port };
            set(place.as_object_mut(), key, self.pick(values));
        })
    }

    fn edit_ports(self, ports: &mut Vec<Value>) {
        let index = usize::from(self.value / 8) % ports.len();
        let copy = |change: &dyn Fn(&mut Value)| {
            let mut port = ports[index].clone();
            change(&mut port);
            port
        };
        match self.value % 5 {
            0 => ports.push(copy(&|port| port["version"] = json!("7.0.0"))),
            1 => ports.push(copy(&|port| port["name"] = json!("other"))),
            2 => drop(ports.remove(index)),
            3 => ports.swap(0, index),
            _ => ports[index]["version"] = copy(&|port| port["version"] = json!("1.9.9"))["version"].clone(),
        }
    }

    fn edit_list(self, fields: &mut Vec<Value>) {
        let index = usize::from(self.value / 8) % fields.len().max(1);
        match self.kind % 4 {
            0 if fields.len() > 1 => drop(fields.remove(index)),
            1 if fields.len() > 1 => fields.swap(0, index),
            _ => fields.insert(
                index,
                self.pick(&[
                    json!({ "name": "a", "type": "int" }),
                    json!({ "name": "day", "type": "date" }),
                    json!({ "name": "b", "type": "string", "required": true }),
                    json!({ "name": "new", "type": "long", "id": 3 }),
                    json!({ "name": "legs", "type": "list", "items": { "type": "struct", "fields": [{ "name": "a", "type": "int" }] } }),
                    json!({ "name": "by", "type": "map", "keys": { "type": "int", "required": true }, "values": { "type": "float" } }),
                    json!({ "name": "in", "type": "struct", "fields": [{ "name": "a", "type": "int", "required": true }] }),
                ])
                .clone(),
            ),
        }
    }

    fn edit_value(self, value: &mut Map<String, Value>) {
        let choices = [
            (
                "type",
                vec![
                    json!("int"),
                    json!("long"),
                    json!("float"),
                    json!("double"),
                    json!("string"),
                    json!("decimal(8,2)"),
                    json!("decimal(10,2)"),
                    json!("decimal(10,3)"),
                ],
            ),
            ("type", vec![json!("int"), json!("long")]),
            ("required", vec![json!(true), json!(false)]),
            ("unit", vec![Value::Null, json!("minutes"), json!("hours")]),
            (
                "pii",
                vec![
                    Value::Null,
                    json!({ "category": "a", "protection": "none" }),
                    json!({ "category": "a", "protection": "masked" }),
                    json!({ "category": "b", "protection": "masked" }),
                ],
            ),
            ("description", vec![Value::Null, json!("a"), json!("b")]),
            ("properties", vec![Value::Null, json!({ "a": "1" })]),
            ("id", vec![Value::Null, json!(1), json!(2), json!(3), json!(9)]),
            ("name", vec![json!("a"), json!("b"), json!("day"), json!("renamed")]),
            ("quality", rules()),
            (
                "enum",
                vec![
                    Value::Null,
                    json!({ "values": ["1", "2"] }),
                    json!({ "values": ["2", "1"] }),
                    json!({ "values": ["1", "2", "30"] }),
                    json!({ "values": ["1", "2", "30"], "open": true }),
                    json!({ "values": ["1"], "open": true }),
                ],
            ),
        ];
        let (key, values) = self.pick(&choices);
        set(Some(value), key, self.pick(values));
        if *key == "type" {
            // A plain type is made of nothing else.
            for part in ["fields", "items", "keys", "values", "enum"] {
                value.shift_remove(part);
            }
        }
    }

    fn pick<T>(self, choices: &[T]) -> &T
    where
        T: Pick,
    {
        &choices[usize::from(T::number(self)) % choices.len()]
    }
}

/// What is picked by which of an edit's numbers.
trait Pick {
    fn number(edit: Edit) -> u16;
}

impl Pick for Value {
    fn number(edit: Edit) -> u16 {
        edit.value
    }
}

impl Pick for (&str, Vec<Value>) {
    fn number(edit: Edit) -> u16 {
        edit.kind / 8
    }
}

fn rules() -> Vec<Value> {
    let rule = |name: &str, expect: Value, severity: &str| json!({ "name": name, "metric": "nullValues", "expect": expect, "severity": severity });
    vec![
        Value::Null,
        json!([rule("rule", json!({ "mustBe": 0 }), "error")]),
        json!([rule("rule", json!({ "mustBeLessThan": 2 }), "error")]),
        json!([rule("rule", json!({ "mustBeLessOrEqualTo": 2 }), "error")]),
        json!([rule("rule", json!({ "mustNotBe": 5 }), "error")]),
        json!([rule("rule", json!({ "mustBe": 0 }), "warning")]),
        json!([rule("rule", json!({ "mustBe": 0 }), "error"), rule("b", json!({ "mustBe": 0 }), "error")]),
        json!([rule("b", json!({ "mustBe": 0 }), "error"), rule("rule", json!({ "mustBe": 0 }), "error")]),
    ]
}

fn set(object: Option<&mut Map<String, Value>>, key: &str, value: &Value) {
    let Some(object) = object else { return };
    match value {
        Value::Null => drop(object.shift_remove(key)),
        value => drop(object.insert(key.to_owned(), value.clone())),
    }
}

/// Pointers to every list of fields and every field and element at any depth.
fn schemas(json: &Value, pointer: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(entries) => {
            if entries.contains_key("type") && pointer.contains("/schema/") {
                found.push(pointer.to_owned());
            }
            for (key, value) in entries {
                let at = format!("{pointer}{}", mesh_manifest::pointer::token(key));
                if key == "fields" && value.is_array() {
                    found.push(at.clone());
                }
                schemas(value, &at, found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                schemas(value, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn changed(manifest: &Manifest, change: impl FnOnce(&mut Value)) -> Manifest {
    let mut json = serde_json::to_value(manifest).unwrap();
    change(&mut json);
    parse(&json.to_string()).map_or_else(|_| manifest.clone(), |parsed| parsed.manifest)
}
