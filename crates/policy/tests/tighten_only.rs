//! The law of levels: adding a global or domain rule never turns a denial into an allowance, and
//! never silences what was said before.

mod support;

use mesh_policy::{PolicyInput, PolicySet, PolicySource, Program};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use support::{contract, modules, publish, read};

fn condition() -> impl Strategy<Value = &'static str> {
    select(vec![
        "true",
        "false",
        "input.same_domain",
        "not input.same_domain",
        "input.action == \"read\"",
        "input.action in {\"publish\", \"contract\"}",
        "input.product.classification == \"public\"",
        "not input.product.classification in {\"public\", \"internal\"}",
        "input.contract.status == \"active\"",
        "not input.contract",
        "\"producer\" in input.principal.roles",
        "every port in input.ports { port.format == \"iceberg\" }",
        "input.purpose == \"marketing\"",
        // An error for some questions only.
        "to_number(input.product.name) > 1",
        "input.product.retention_days % (input.product.retention_days - 730) == 0",
    ])
}

fn rule() -> impl Strategy<Value = String> {
    let head = select(vec![
        r#"deny contains {"code": "x.denied", "message": "no", "path": "", "remedy": "stop"}"#,
        r#"warn contains {"code": "x.warned", "message": "hm", "path": "", "remedy": ""}"#,
        r#"require_approval contains {"role": "steward", "reason": "care"}"#,
        r#"require_approval contains {"role": "auditor", "reason": "care"}"#,
        r#"obligation contains {"kind": "log", "detail": "twice"}"#,
    ]);
    (head, condition(), condition()).prop_map(|(head, a, b)| format!("{head} if {{\n\t{a}\n\t{b}\n}}\n"))
}

fn offers() -> impl Strategy<Value = String> {
    proptest::collection::vec(condition(), 0..3).prop_map(|conditions| {
        let offers: String = conditions
            .iter()
            .map(|condition| format!("offer contains {{\"reason\": \"offered\"}} if {{\n\t{condition}\n}}\n"))
            .collect();
        format!("package mesh.product\n\noffer contains {{\"reason\": \"never\"}} if false\n\n{offers}")
    })
}

fn question() -> impl Strategy<Value = PolicyInput> {
    let contracts = select(vec![
        json!(null),
        contract("active", &[]),
        contract("active", &["steward"]),
        contract("pending", &["steward", "auditor"]),
    ]);
    (
        any::<bool>(),
        select(vec!["read", "contract", "write"]),
        select(vec!["public", "internal", "restricted"]),
        contracts,
        select(vec!["analytics", "marketing"]),
        select(vec![0, 365, 730]),
    )
        .prop_map(|(own, action, classification, contract, purpose, days)| {
            let changes =
                [("/product/classification", json!(classification)), ("/product/retention_days", json!(days))];
            if own {
                return publish(&changes);
            }
            let [a, b] = changes;
            read(&[a, b, ("/action", json!(action)), ("/contract", contract), ("/purpose", json!(purpose))])
        })
}

fn program(global: &[String], domain: &[String], offers: &str) -> Program {
    let texts = |prefix: &str, rules: &[String]| -> Vec<(String, String)> {
        rules
            .iter()
            .enumerate()
            .map(|(i, rule)| (format!("{prefix}.r{i}.rego"), format!("package mesh.{prefix}.r{i}\n\n{rule}")))
            .collect()
    };
    let global = PolicySource::global(texts("global", global).into_iter().collect());
    let domain = PolicySource::domain("operations", texts("domains.operations", domain).into_iter().collect());
    let product = PolicySource::product(modules(&[("offer.rego", offers)]));
    PolicySet::compile(&global, Some(&domain), Some(&product)).expect("rules compile")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn adding_a_rule_only_tightens(
        global in proptest::collection::vec(rule(), 0..3),
        domain in proptest::collection::vec(rule(), 0..3),
        added in rule(),
        to_global in any::<bool>(),
        offers in offers(),
        questions in proptest::collection::vec(question(), 1..8),
    ) {
        let before = program(&global, &domain, &offers);
        let (mut more_global, mut more_domain) = (global, domain);
        if to_global {
            more_global.push(added);
        } else {
            more_domain.push(added);
        }
        let after = program(&more_global, &more_domain, &offers);
        prop_assert_ne!(before.revision(), after.revision());
        for question in &questions {
            let (before, after) = (before.decide(question), after.decide(question));
            prop_assert!(before.allow || !after.allow, "{before:?}\n{after:?}");
            for finding in before.findings {
                prop_assert!(after.findings.contains(&finding), "{finding:?}\n{:?}", after.findings);
            }
            prop_assert_eq!(before.offers, after.offers);
        }
    }
}
