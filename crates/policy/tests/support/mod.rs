//! Questions and modules that the tests start from.
#![allow(dead_code)]

use std::collections::BTreeMap;

use mesh_policy::{Decision, PolicyError, PolicyInput, PolicySet, PolicySource, Program};
use serde_json::{Value, json};

/// Domain `insights` reads `operations.flights/daily@1` without a contract.
pub fn read(changes: &[(&str, Value)]) -> PolicyInput {
    serde_json::from_value(read_json(changes)).expect("changes keep the shape")
}

/// As [`read`], as JSON; changes are values by JSON pointer.
pub fn read_json(changes: &[(&str, Value)]) -> Value {
    let port = json!({
        "name": "daily", "major": 1, "format": "iceberg", "sla": {"freshness_minutes": 60},
        "fields": [{"name": "tail_number", "type": "string", "required": true, "pii": null}],
    });
    let mut input = json!({
        "action": "read",
        "principal": {"id": "issuer|ann", "domain": "insights", "roles": ["consumer"]},
        "product": {
            "id": "operations.flights", "domain": "operations", "name": "flights",
            "version": "1.0.0",
            "owner": {"team": "Flight Operations", "contact": "flight-ops@example.org"},
            "classification": "internal", "retention_days": 730, "mutability": "append-only",
            "access": {"visibility": "company", "purposes": ["operations", "analytics"]},
        },
        "ports": [port], "port": port, "contract": null, "purpose": "analytics",
        "same_domain": false,
    });
    for (pointer, value) in changes {
        *input.pointer_mut(pointer).expect("changes name what is there") = value.clone();
    }
    input
}

/// The owner publishes.
pub fn publish(changes: &[(&str, Value)]) -> PolicyInput {
    let mut all = vec![
        ("/action", json!("publish")),
        ("/principal", json!({"id": "issuer|ops", "domain": "operations", "roles": ["producer"]})),
        ("/port", json!(null)),
        ("/purpose", json!(null)),
        ("/same_domain", json!(true)),
    ];
    all.extend_from_slice(changes);
    read(&all)
}

pub fn contract(status: &str, approvals: &[&str]) -> Value {
    let approvals: Vec<Value> =
        approvals.iter().map(|role| json!({"role": role, "by": format!("issuer|{role}")})).collect();
    json!({
        "id": "operations.flights.01jd", "consumer_domain": "insights", "status": status,
        "purpose": "analytics", "approvals": approvals,
    })
}

pub fn modules(modules: &[(&str, &str)]) -> BTreeMap<String, String> {
    modules.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// A program of one global module that defines `body`, over a product that offers everything.
pub fn global_rule(body: &str) -> Result<Program, Vec<PolicyError>> {
    let text = format!("package mesh.global.tried\n\n{body}\n");
    let global = PolicySource::global(modules(&[("tried.rego", &text)]));
    PolicySet::compile(&global, None, Some(&open()))
}

/// Offers everything.
pub fn open() -> PolicySource {
    PolicySource::product(modules(&[("offer.rego", "package mesh.product\n\noffer contains {\"reason\": \"open\"}\n")]))
}

/// A `deny` that holds whenever `condition` does.
pub fn deny_if(condition: &str) -> String {
    format!(
        "deny contains {{\"code\": \"tried.denied\", \"message\": \"no\", \"path\": \"\", \"remedy\": \"stop\"}} if {{\n\t{condition}\n}}"
    )
}

pub fn codes(decision: &Decision) -> Vec<&str> {
    decision.findings.iter().map(|finding| finding.code.as_str()).collect()
}
