//! What is refused, each with its code, its place and what to do about it.

use mesh_manifest::{Diagnostic, Severity, standards::import};
use serde_json::{Value, json};

use crate::fixtures::{CONTRACTS, LINES, PRODUCT, least};

fn refused(product: &str, contracts: &[&str]) -> Vec<Diagnostic> {
    let problems = import(product, contracts).map(|_| ()).expect_err("refused");
    assert!(problems.iter().any(|it| it.severity == Severity::Error));
    for problem in &problems {
        assert!(problem.line > 0 && problem.column > 0, "{problem:?}");
        assert!(problem.message.chars().count() < 1000, "{problem:?}");
    }
    problems
}

/// The first problem of the least documents after an edit: its code and pointer.
fn after(edit: impl FnOnce(&mut Value, &mut Value)) -> (String, String) {
    let (mut product, mut contract) = least();
    edit(&mut product, &mut contract);
    let problems = refused(&product.to_string(), &[&contract.to_string()]);
    (problems[0].code.clone(), problems[0].pointer.clone())
}

fn told(code: &str, pointer: &str) -> (String, String) {
    (format!("manifest.{code}"), pointer.to_owned())
}

#[test]
fn what_registration_needs_is_never_made_up() {
    for member in ["domain", "name", "version"] {
        assert_eq!(
            after(|product, _| drop(product.as_object_mut().unwrap().remove(member))),
            told("standard_incomplete", "/product")
        );
        assert_eq!(after(|product, _| product[member] = json!(" ")), told("standard_incomplete", "/product"));
    }
    assert_eq!(after(|product, _| product["name"] = json!("Our Tills")), told("standard_incomplete", "/product/name"));
    assert_eq!(after(|product, _| product["domain"] = json!("Retail")), told("standard_incomplete", "/product/domain"));
    assert_eq!(
        after(|product, _| product["version"] = json!("newest")),
        told("standard_incomplete", "/product/version")
    );
    assert_eq!(
        after(|product, _| product["outputPorts"] = json!([])),
        told("standard_incomplete", "/product/outputPorts")
    );
    let (mut product, contract) = least();
    product["name"] = json!("Our Tills");
    let problems = refused(&product.to_string(), &[&contract.to_string()]);
    assert_eq!(problems[0].remedy.as_deref(), Some("did you mean `our-tills`?"));
}

#[test]
fn a_port_needs_a_contract_that_is_given_and_a_promise() {
    assert_eq!(
        after(|product, _| product["outputPorts"][0]["contractId"] = json!("d")),
        told("standard_contract_missing", "/product/outputPorts/0/contractId")
    );
    assert_eq!(
        after(|product, _| drop(product["outputPorts"][0].as_object_mut().unwrap().remove("contractId"))),
        told("standard_contract_missing", "/product/outputPorts/0")
    );
    assert_eq!(
        after(|_, contract| drop(contract.as_object_mut().unwrap().remove("slaProperties"))),
        told("standard_incomplete", "/contracts/0/slaProperties")
    );
    assert_eq!(after(|_, contract| contract["schema"] = json!([])), told("schema_empty", "/contracts/0/schema"));
    assert_eq!(
        after(|product, _| product["outputPorts"][0]["type"] = json!("kafka")),
        told("endpoint_missing", "/product/outputPorts/0")
    );
    assert_eq!(
        after(|product, _| product["outputPorts"][0]["version"] = json!("first")),
        told("invalid_value", "/product/outputPorts/0/version")
    );
    let (product, contract) = least();
    let twice = refused(&product.to_string(), &[&contract.to_string(), &contract.to_string()]);
    assert_eq!(told("duplicate_entry", "/contracts/1/id"), (twice[0].code.clone(), twice[0].pointer.clone()));
}

#[test]
fn versions_that_are_not_read_are_named() {
    for (version, remedy) in [("v9.0.0", "use one of `v1.0.0`, `v1.1.0`"), ("1.1.0", "write `v1.1.0`")] {
        let (mut product, contract) = least();
        product["apiVersion"] = json!(version);
        let problems = refused(&product.to_string(), &[&contract.to_string()]);
        assert_eq!(problems[0].code, "manifest.standard_version_unknown");
        assert_eq!(
            (problems[0].pointer.as_str(), problems[0].remedy.as_deref()),
            ("/product/apiVersion", Some(remedy))
        );
    }
    assert_eq!(
        after(|product, _| drop(product.as_object_mut().unwrap().remove("apiVersion"))),
        told("standard_version_unknown", "/product")
    );
    assert_eq!(
        after(|_, contract| contract["apiVersion"] = json!("v2.2.2")),
        told("standard_version_unknown", "/contracts/0/apiVersion")
    );
    assert_eq!(
        after(|_, contract| contract["apiVersion"] = json!(3)),
        told("standard_version_unknown", "/contracts/0/apiVersion")
    );
}

#[test]
fn what_the_standards_refuse_is_refused_at_its_place() {
    let cases: &[(&str, Value, &str)] = &[
        ("product", json!({ "kind": "Product" }), "/product/kind"),
        ("product", json!({ "colour": "red" }), "/product/colour"),
        ("product", json!({ "id": 7 }), "/product/id"),
        ("product", json!({ "tags": "a" }), "/product/tags"),
        ("product", json!({ "status": null }), "/product"),
        ("product", json!({ "productCreatedTs": "2026-02-30T00:00:00Z" }), "/product/productCreatedTs"),
        ("product", json!({ "support": [{ "channel": "a" }] }), "/product/support/0"),
        ("product", json!({ "support": [{ "channel": "a", "url": "no uri" }] }), "/product/support/0/url"),
        (
            "product",
            json!({ "team": { "members": [{ "username": "a", "dateIn": "2025-02-29" }] } }),
            "/product/team/members/0/dateIn",
        ),
        ("product", json!({ "customProperties": [{ "property": "a" }] }), "/product/customProperties/0"),
        ("product", json!({ "managementPorts": [{ "name": "a" }] }), "/product/managementPorts/0"),
        ("product", json!({ "type": "aggregate" }), "/product/type"),
        ("contract", json!({ "kind": "X" }), "/contracts/0/kind"),
        ("contract", json!({ "colour": "red" }), "/contracts/0/colour"),
        ("contract", json!({ "price": { "priceAmount": "9" } }), "/contracts/0/price/priceAmount"),
        ("contract", json!({ "contractCreatedTs": "2026-13-01T00:00:00Z" }), "/contracts/0/contractCreatedTs"),
        (
            "contract",
            json!({ "team": { "members": [{ "username": "a", "dateOut": "2026-06-31" }] } }),
            "/contracts/0/team/members/0/dateOut",
        ),
        ("contract", json!({ "servers": [{ "server": "a", "type": "floppy" }] }), "/contracts/0/servers/0/type"),
        (
            "contract",
            json!({ "servers": [{ "server": "a", "type": "postgres", "host": "h" }] }),
            "/contracts/0/servers/0",
        ),
        ("contract", json!({ "slaProperties": [{ "property": "latency" }] }), "/contracts/0/slaProperties/0"),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "properties": [{ "name": "b", "logicalType": "text" }] }] }),
            "/contracts/0/schema/0/properties/0/logicalType",
        ),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "properties": [{ "name": "b", "logicalType": "integer", "logicalTypeOptions": { "minLength": 1 } }] }] }),
            "/contracts/0/schema/0/properties/0/logicalTypeOptions/minLength",
        ),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "properties": [{ "name": "b", "logicalType": "array", "items": { "logicalType": "string", "colour": 1 } }] }] }),
            "/contracts/0/schema/0/properties/0/items/colour",
        ),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "quality": [{ "metric": "rowCount", "mustBe": 1, "mustNotBe": 2 }] }] }),
            "/contracts/0/schema/0/quality/0",
        ),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "quality": [{ "metric": "rowCount", "mustBeBetween": [1] }] }] }),
            "/contracts/0/schema/0/quality/0/mustBeBetween",
        ),
        (
            "contract",
            json!({ "schema": [{ "name": "a", "relationships": [{ "to": "a.b" }] }] }),
            "/contracts/0/schema/0/relationships/0",
        ),
        ("contract", json!({ "schema": [{ "name": "a", "id": "a b" }] }), "/contracts/0/schema/0/id"),
    ];
    for (document, patch, pointer) in cases {
        let (mut product, mut contract) = least();
        let target = if *document == "product" { &mut product } else { &mut contract };
        for (name, value) in patch.as_object().unwrap() {
            if value.is_null() {
                target.as_object_mut().unwrap().remove(name);
            } else {
                target[name] = value.clone();
            }
        }
        let problems = refused(&product.to_string(), &[&contract.to_string()]);
        let found = problems.iter().find(|it| it.code == "manifest.standard_invalid" && it.pointer == *pointer);
        assert!(found.is_some(), "{patch}: {problems:#?}");
    }
}

#[test]
fn hostile_texts_end_early() {
    let (product, contract) = least();
    let (product, contract) = (product.to_string(), contract.to_string());
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]";
    let deep = "[".repeat(100_000);
    let nested = |levels: usize| {
        let property = (0..levels)
            .fold(json!({ "logicalType": "string" }), |inner, _| json!({ "logicalType": "array", "items": inner }));
        let mut contract = least().1;
        contract["schema"][0]["properties"][0]["items"] = property;
        contract["schema"][0]["properties"][0]["logicalType"] = json!("array");
        contract.to_string()
    };
    for (text, code) in [
        (bomb.to_owned(), "manifest.alias"),
        (deep, "manifest.too_deep"),
        (nested(200), "manifest.too_deep"),
        (String::new(), "manifest.empty"),
        (format!("a: {}", "x".repeat(1 << 20)), "manifest.too_large"),
        ("- a\n- b".to_owned(), "manifest.standard_invalid"),
        ("7".to_owned(), "manifest.standard_invalid"),
        ("a: 1\na: 2".to_owned(), "manifest.duplicate_key"),
        ("{\"id\": \"\\u0001\"}".to_owned(), "manifest.control_character"),
        (format!("[{}]", "1,".repeat(60_000)), "manifest.too_many_values"),
    ] {
        let started = std::time::Instant::now();
        let of_product = import(&text, &[&contract]).map(|_| ()).expect_err("refused");
        let of_contract = import(&product, &[&text]).map(|_| ()).expect_err("refused");
        assert!([of_product, of_contract].iter().all(|found| found[0].code == code), "{code}");
        assert!(started.elapsed().as_secs() < 20);
    }
    // As deep as is accepted: no time that doubles with each level.
    let started = std::time::Instant::now();
    assert!(import(&product, &[&nested(20)]).is_ok());
    assert!(started.elapsed().as_secs() < 20);
    assert!(import(&product, &vec![contract.as_str(); 101]).is_err());
}

#[test]
fn problems_stand_at_lines_of_their_own_document() {
    let text = LINES.replace("value: 4, unit: h", "value: 4, unit: fortnights");
    let problems = refused(PRODUCT, &[&text, CONTRACTS[1], CONTRACTS[2]]);
    let line = text.lines().position(|line| line.starts_with("slaProperties")).unwrap() + 1;
    assert_eq!((problems[0].code.as_str(), problems[0].line), ("manifest.standard_incomplete", line), "{problems:#?}");
    let text = LINES.replace("dateIn: 2025-01-31", "dateIn: 2025-01-32");
    let problems = refused(PRODUCT, &[&text, CONTRACTS[1], CONTRACTS[2]]);
    assert_eq!(problems[0].code, "manifest.standard_invalid");
}
