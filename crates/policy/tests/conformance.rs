//! The shipped policies mean the same to Open Policy Agent as to the platform's engine: their own
//! tests hold there, and generated questions bring the same answers.
//!
//! Ignored by default: it needs Go and builds OPA, which takes minutes the first time. Run it by
//! `cargo test -p mesh-policy --test conformance -- --ignored`.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mesh_policy::{Decision, OfferSource, PolicyInput, PolicySet, Severity, folder};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::{contract, publish, read};

/// Questions asked of both.
const QUESTIONS: usize = 400;
/// Names through which rules speak.
const HEADS: [&str; 5] = ["deny", "warn", "require_approval", "obligation", "offer"];

/// What a policy says: rule, name, and the texts of an entry.
type Said = BTreeSet<(String, String, BTreeMap<String, String>)>;

fn root() -> PathBuf {
    PathBuf::from("../../policies")
}

/// Answers of OPA: for each input, the value of each query.
fn opa(modules: &BTreeMap<String, String>, queries: &[String], inputs: &[Value]) -> Vec<Vec<Value>> {
    let mut child = Command::new("go")
        .args(["run", "."])
        .current_dir(root().join("conformance"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`go` must be on the path");
    let job = json!({"modules": modules, "queries": queries, "inputs": inputs});
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(job.to_string().as_bytes()).expect("the program reads its job");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "OPA refused the policies");
    serde_json::from_slice(&output.stdout).expect("the program writes JSON")
}

fn question() -> impl Strategy<Value = PolicyInput> {
    let contracts = select(vec![
        json!(null),
        contract("active", &[]),
        contract("active", &["steward", "flight-ops-approver"]),
        contract("pending", &["steward"]),
    ]);
    let pii = select(vec![
        json!(null),
        json!({"category": "email", "protection": "none"}),
        json!({"category": "näme", "protection": "encrypted"}),
        json!({"category": "", "protection": "rot13"}),
    ]);
    let product = (
        select(vec!["public", "internal", "confidential", "restricted", "secret"]),
        select(vec!["hidden", "domain", "company"]),
        select(vec![json!([]), json!(["analytics"]), json!(["marketing", "operations"])]),
        select(vec![0, 1, 730, 731, 3650, 3651]),
        select(vec!["", " ", "ops@example.org", "https://example.org/a", "ask\nAnn", "a@b"]),
    );
    let purpose = select(vec![json!(null), json!("analytics"), json!("marketing")]);
    let action = select(vec!["publish", "read", "write", "contract"]);
    let role = select(vec!["owner", "steward", "producer", "consumer"]);
    (product, contracts, pii, purpose, action, role, any::<bool>()).prop_map(
        |(product, contract, pii, purpose, action, role, own)| {
            let (classification, visibility, purposes, days, contact) = product;
            let mut changes = vec![
                ("/product/classification", json!(classification)),
                ("/product/access/visibility", json!(visibility)),
                ("/product/access/purposes", purposes),
                ("/product/retention_days", json!(days)),
                ("/product/owner/contact", json!(contact)),
                ("/ports/0/fields/0/pii", pii.clone()),
            ];
            if action == "publish" {
                changes.push(("/principal/roles", json!([role])));
                return publish(&changes);
            }
            changes.extend([
                ("/port/fields/0/pii", pii),
                ("/action", json!(action)),
                ("/contract", contract),
                ("/purpose", purpose),
                ("/principal/roles", json!([role])),
                ("/same_domain", json!(own)),
            ]);
            if own {
                changes.push(("/principal/domain", json!("operations")));
            }
            read(&changes)
        },
    )
}

/// What OPA's answers say.
fn said_by_opa(queries: &[(String, String)], answers: &[Value]) -> Said {
    let mut said = Said::new();
    for ((rule, head), answer) in queries.iter().zip(answers) {
        assert!(answer.get("error").is_none(), "{rule}.{head}: {answer}");
        for entry in answer.as_array().into_iter().flatten() {
            let texts = serde_json::from_value(entry.clone()).expect("entries hold texts");
            said.insert((rule.clone(), head.clone(), texts));
        }
    }
    said
}

/// What a decision says of the rules, without what the platform adds.
fn said_by_decision(decision: &Decision) -> Said {
    let texts = |pairs: &[(&str, &String)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).clone())).collect()
    };
    let mut said = Said::new();
    for finding in &decision.findings {
        if finding.code.starts_with("policy.") {
            assert_ne!(finding.code, "policy.engine_error", "{finding:?}");
            continue;
        }
        let head = match finding.severity {
            Severity::Deny => "deny",
            Severity::Warn => "warn",
        };
        let entry = texts(&[
            ("code", &finding.code),
            ("message", &finding.message),
            ("path", &finding.path),
            ("remedy", &finding.remedy),
        ]);
        said.insert((finding.rule.clone(), head.to_owned(), entry));
    }
    for approval in &decision.required_approvals {
        let entry = texts(&[("role", &approval.role), ("reason", &approval.reason)]);
        said.insert((approval.rule.clone(), "require_approval".to_owned(), entry));
    }
    for obligation in &decision.obligations {
        let entry = texts(&[("kind", &obligation.kind), ("detail", &obligation.detail)]);
        said.insert((obligation.rule.clone(), "obligation".to_owned(), entry));
    }
    for offer in &decision.offers {
        if offer.source == OfferSource::Product {
            let entry = texts(&[("reason", &offer.reason)]);
            said.insert(("offer".to_owned(), "offer".to_owned(), entry));
        }
    }
    said
}

#[test]
#[ignore = "needs Go and builds OPA"]
fn generated_questions_bring_the_same_answers() {
    let global = folder::global(&root()).unwrap();
    let domain = folder::domain(&root(), "operations").unwrap().unwrap();
    let product = folder::product(&root()).unwrap();
    let program = PolicySet::compile(&global, Some(&domain), Some(&product)).unwrap();

    let mut modules = global.modules;
    modules.extend(domain.modules);
    modules.extend(product.modules);
    let mut names = Vec::new();
    let mut queries = Vec::new();
    for text in modules.values() {
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap();
        if package.starts_with("mesh.lib.") {
            continue;
        }
        let rule = match package {
            "mesh.product" => "offer",
            _ => package.rsplit('.').next().unwrap(),
        };
        for head in HEADS {
            names.push((rule.to_owned(), head.to_owned()));
            queries.push(format!("data.{package}.{head}"));
        }
    }
    let mut runner = TestRunner::deterministic();
    let questions: Vec<PolicyInput> =
        (0..QUESTIONS).map(|_| question().new_tree(&mut runner).unwrap().current()).collect();
    let inputs: Vec<Value> = questions.iter().map(|question| serde_json::to_value(question).unwrap()).collect();

    let mut spoken = BTreeSet::new();
    for (question, answers) in questions.iter().zip(opa(&modules, &queries, &inputs)) {
        let expected = said_by_opa(&names, &answers);
        spoken.extend(expected.iter().map(|(rule, head, _)| format!("{rule}.{head}")));
        let decision = program.decide(question);
        assert_eq!(said_by_decision(&decision), expected, "{question:?}");
    }
    // Agreement means something only if the rules were made to speak.
    for rule in [
        "classification.deny",
        "classification.obligation",
        "classification.require_approval",
        "contract_approval.require_approval",
        "marketing_use.deny",
        "marketing_use.require_approval",
        "offer.offer",
        "owner.deny",
        "owner.warn",
        "pii.deny",
        "retention.deny",
    ] {
        assert!(spoken.contains(rule), "`{rule}` never spoke: {spoken:?}");
    }
}

#[test]
#[ignore = "needs Go and builds OPA"]
fn the_policies_own_tests_hold_in_opa() {
    let mut modules = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rego") {
                let text = std::fs::read_to_string(&path).unwrap();
                modules.insert(path.display().to_string(), text);
            }
        }
    }
    let mut queries = Vec::new();
    for text in modules.values() {
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap();
        let tests = text.lines().filter(|line| line.starts_with("test_"));
        queries.extend(tests.map(|line| {
            let name = line.split_whitespace().next().unwrap();
            format!("data.{package}.{name}")
        }));
    }
    assert!(queries.len() >= 30);
    for (query, answer) in queries.iter().zip(&opa(&modules, &queries, &[json!({})])[0]) {
        assert_eq!(*answer, json!(true), "{query}");
    }
}
