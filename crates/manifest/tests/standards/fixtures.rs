//! The documents that tests start from, as texts and as values.

use mesh_manifest::{
    Manifest,
    standards::{Imported, import},
};
use serde_json::Value;

pub const PRODUCT: &str = include_str!("fixtures/retail.odps.yaml");
pub const LINES: &str = include_str!("fixtures/lines.odcs.yaml");
pub const EVENTS: &str = include_str!("fixtures/events.odcs.yaml");
pub const MARTS: &str = include_str!("fixtures/marts.odcs.yaml");
pub const CONTRACTS: [&str; 3] = [LINES, EVENTS, MARTS];

/// The product of the fixtures.
pub fn retail() -> Imported {
    must(PRODUCT, &CONTRACTS)
}

/// What documents are read as, which must be valid.
pub fn must(product: &str, contracts: &[&str]) -> Imported {
    import(product, contracts).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|it| format!("{} {it}\n", it.pointer)).collect::<String>())
    })
}

/// The documents that the fixtures' product was read from.
pub fn originals(imported: &Imported) -> (Value, Vec<Value>) {
    let origin = imported.manifest.origin.clone().unwrap();
    (origin.product.unwrap(), origin.contracts.into_values().collect())
}

/// A product with one port on one contract, which is the least that is accepted.
pub fn least() -> (Value, Value) {
    let product = serde_json::json!({
        "apiVersion": "v1.0.0", "kind": "DataProduct", "id": "p", "status": "active", "domain": "retail", "name": "tills",
        "version": "1.0.0", "outputPorts": [{ "name": "all", "version": "1.0.0", "contractId": "c" }],
    });
    let contract = serde_json::json!({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active",
        "schema": [{ "name": "all", "properties": [{ "name": "a", "logicalType": "string", "description": "A." }] }],
        "slaProperties": [{ "property": "latency", "value": 1, "unit": "h" }],
    });
    (product, contract)
}

/// Where two documents differ, as pointers.
pub fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
                let null = Value::Null;
                let of = |value: &serde_json::Map<String, Value>| value.get(name).cloned().unwrap_or(null.clone());
                differences(&of(before), &of(after), &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            before
                .iter()
                .zip(after)
                .enumerate()
                .for_each(|(index, (before, after))| differences(before, after, &format!("{at}/{index}"), found));
        }
        _ if before == after => {}
        _ => found.push(at.to_owned()),
    }
}

/// Where two manifests differ, each place with what stands there in both.
pub fn unlike(one: &Manifest, other: &Manifest) -> Vec<String> {
    let (one, other) = (serde_json::to_value(one).unwrap(), serde_json::to_value(other).unwrap());
    let mut found = Vec::new();
    differences(&one, &other, "", &mut found);
    found.into_iter().map(|at| format!("{at}: {:?} and {:?}", one.pointer(&at), other.pointer(&at))).collect()
}
