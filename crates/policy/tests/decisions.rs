//! Decisions: offers, denials, approvals, what a denial explains, and that whatever goes wrong
//! denies.

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mesh_policy::{Decision, OfferSource, PolicySet, PolicySource, Program, Severity, defaults, folder};
use serde_json::json;
use support::{codes, contract, deny_if, global_rule, modules, publish, read, read_json};

/// The shipped policies with those of domain `operations`.
fn operations() -> Program {
    let root = PathBuf::from("../../policies");
    let domain = folder::domain(&root, "operations").expect("the folder is readable");
    PolicySet::compile(&defaults::global(), domain.as_ref(), Some(&defaults::product()))
        .expect("shipped policies compile")
}

fn denied_by(decision: &Decision, expected: &[&str]) {
    assert!(!decision.allow, "{decision:?}");
    assert_eq!(codes(decision), expected, "{decision:?}");
    assert!(!decision.remedy.is_empty());
}

#[test]
fn the_way_of_a_consumer() {
    let program = operations();

    let decision = program.decide(&read(&[]));
    denied_by(&decision, &["policy.approval_missing", "policy.no_offer"]);
    assert!(
        decision.remedy.contains(&"request a consumption contract for operations.flights/daily@1".to_owned()),
        "{:?}",
        decision.remedy
    );
    assert_eq!(decision.missing, ["/contract", "/contract/approvals/steward"]);

    let request = |status: &str, approvals: &[&str]| {
        read(&[("/action", json!("contract")), ("/contract", contract(status, approvals))])
    };
    let decision = program.decide(&request("pending", &[]));
    denied_by(&decision, &["policy.approval_missing"]);
    assert!(decision.awaits_approval());
    let finding = &decision.findings[0];
    assert_eq!(finding.rule, "contract_approval");
    assert_eq!(finding.message, "approval by role `steward` missing: another domain uses flight data");
    assert_eq!(decision.remedy, ["let a `steward` of domain `operations` approve contract `operations.flights.01jd`"]);

    let decision = program.decide(&request("pending", &["steward"]));
    assert!(decision.allow, "{decision:?}");
    assert_eq!(decision.required_approvals[0].satisfied_by.as_deref(), Some("issuer|steward"));

    let decision = program.decide(&read(&[("/contract", contract("active", &["steward"]))]));
    assert!(decision.allow, "{decision:?}");
    assert_eq!(decision.offers[0].source, OfferSource::Contract);
    assert_eq!(decision.revision, program.revision());
}

#[test]
fn a_contract_offers_only_while_it_fits() {
    let program = PolicySet::compile(&defaults::global(), None, Some(&defaults::product())).unwrap();
    for status in ["pending", "rejected", "expired", "revoked", "ACTIVE"] {
        let decision = program.decide(&read(&[("/contract", contract(status, &[]))]));
        denied_by(&decision, &["policy.no_offer"]);
    }
    let mut other = contract("active", &[]);
    other["consumer_domain"] = json!("fleet");
    denied_by(&program.decide(&read(&[("/contract", other)])), &["policy.no_offer"]);
    let decision = program.decide(&read(&[("/contract", contract("active", &[])), ("/purpose", json!("marketing"))]));
    denied_by(&decision, &["policy.no_offer"]);
    assert!(decision.remedy[0].contains("read for purpose `analytics`"));
    let decision = program.decide(&read(&[("/contract", contract("active", &[])), ("/action", json!("write"))]));
    denied_by(&decision, &["policy.no_offer"]);
}

#[test]
fn owners_and_producers_publish_and_write_in_their_own_domain() {
    let program = operations();
    for role in ["owner", "producer"] {
        let decision = program.decide(&publish(&[("/principal/roles", json!([role]))]));
        assert!(decision.allow, "{decision:?}");
        assert_eq!(decision.offers[0].source, OfferSource::Ownership);
    }
    let decision = program.decide(&publish(&[("/principal/roles", json!(["consumer"]))]));
    denied_by(&decision, &["policy.no_offer"]);
    let decision =
        program.decide(&publish(&[("/same_domain", json!(false)), ("/principal/domain", json!("insights"))]));
    denied_by(&decision, &["policy.no_offer"]);
}

#[test]
fn a_finding_says_where_and_what_to_do() {
    let pii = json!({"category": "email", "protection": "none"});
    let decision = operations().decide(&publish(&[("/ports/0/fields/0/pii", pii)]));
    denied_by(&decision, &["pii.unencrypted"]);
    let finding = &decision.findings[0];
    assert_eq!(finding.path, "/outputPorts/0/schema/fields/0/pii");
    assert_eq!(finding.severity, Severity::Deny);
    assert_eq!(finding.message, "field `tail_number` of port `daily` holds personal data (email) without protection");
}

#[test]
fn a_warning_does_not_deny() {
    let decision = operations().decide(&publish(&[("/product/owner/contact", json!("ask Ann"))]));
    assert!(decision.allow, "{decision:?}");
    assert_eq!(codes(&decision), ["owner.contact_unclear"]);
    assert!(decision.remedy.is_empty());
}

#[test]
fn confidential_data_is_read_in_short_sessions() {
    let decision = operations().decide(&read(&[
        ("/product/classification", json!("confidential")),
        ("/contract", contract("active", &["steward"])),
    ]));
    assert!(decision.allow, "{decision:?}");
    assert_eq!(decision.obligations[0].kind, "session_minutes");
    assert_eq!(decision.obligations[0].detail, "15");
}

#[test]
fn a_question_that_lacks_something_is_denied() {
    let program = operations();
    for key in ["contract", "purpose", "same_domain", "product"] {
        let mut input = read_json(&[]);
        input.as_object_mut().unwrap().remove(key);
        let decision = program.decide_json(&input);
        denied_by(&decision, &["policy.input_incomplete"]);
        assert!(decision.findings[0].message.contains(key), "{decision:?}");
    }
    for (pointer, empty) in [
        ("/product/classification", json!("")),
        ("/principal/domain", json!("")),
        ("/port", json!(null)),
        ("/same_domain", json!(true)),
    ] {
        let decision = program.decide(&read(&[(pointer, empty)]));
        denied_by(&decision, &["policy.input_incomplete"]);
        assert_eq!(decision.missing, [pointer]);
    }
}

#[test]
fn a_program_decides_about_its_own_domain_only() {
    let decision = operations().decide(&read(&[("/product/domain", json!("weather"))]));
    denied_by(&decision, &["policy.engine_error"]);
}

#[test]
fn without_the_product_level_nothing_is_offered() {
    let program = PolicySet::compile(&PolicySource::global(modules(&[])), None, None).unwrap();
    denied_by(&program.decide(&read(&[])), &["policy.no_offer"]);
}

#[test]
fn an_error_in_a_rule_denies_and_names_it() {
    for condition in [
        "to_number(input.purpose) > 3",
        "not to_number(input.purpose)",
        "input.product.retention_days / 0 > 1",
        "concat(\"\", [input.ports]) == \"\"",
        "not startswith(input.ports, \"x\")",
    ] {
        let decision = global_rule(&deny_if(condition)).unwrap().decide(&read(&[]));
        denied_by(&decision, &["policy.engine_error"]);
        let finding = &decision.findings[0];
        assert_eq!(finding.rule, "tried", "{condition}");
        assert!(finding.message.contains("tried.rego:4:"), "{finding:?}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_denies() {
    for entry in [
        "{\"code\": input.purpose, \"message\": input.same_domain, \"path\": \"\", \"remedy\": \"\"}",
        "{\"code\": \"\", \"message\": \"x\", \"path\": \"\", \"remedy\": \"\"}",
    ] {
        let program = global_rule(&format!("warn contains {entry}")).unwrap();
        denied_by(&program.decide(&read(&[])), &["policy.engine_error"]);
    }
}

/// Programs that publication cannot recognise as hostile.
#[test]
fn hostile_programs_deny_soon() {
    let doubling = |step: &str| {
        let steps: String =
            (0..40).map(|i| format!("\n\tx{} := {}", i + 1, step.replace('x', &format!("x{i}")))).collect();
        format!("x0 := input.action{steps}\n\tx40 == \"\"")
    };
    let lists = "a := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\n\tcount([1 | some b in a; some c in a; some d in a; some e in a; some f in a; some g in a; b + c + d + e + f + g < 0]) > 0";
    for condition in [
        doubling("concat(\"\", [x, x])"),
        doubling("replace(x, \"a\", x)"),
        doubling("sprintf(\"%s%s\", [x, x])"),
        "sprintf(\"%999999999d\", [1]) == \"\"".to_owned(),
        lists.to_owned(),
    ] {
        let program = global_rule(&deny_if(&condition)).unwrap();
        let started = Instant::now();
        let decision = program.decide(&read(&[]));
        denied_by(&decision, &["policy.engine_error"]);
        assert!(started.elapsed() < Duration::from_secs(5), "{condition}");
    }
}

/// The engine's own timer does not see inside a comparison; the watchdog does.
#[test]
fn what_the_engine_cannot_interrupt_is_left_behind() {
    let pairs =
        |name: &str| -> String { (0..36).map(|i| format!("\n\t{name}{} := [{name}{i}, {name}{i}]", i + 1)).collect() };
    let condition = format!("a0 := [1]\n\tb0 := [1]{}{}\n\ta36 == b36", pairs("a"), pairs("b"));
    let program = global_rule(&deny_if(&condition)).unwrap();
    let started = Instant::now();
    let decision = program.decide(&read(&[]));
    denied_by(&decision, &["policy.engine_error"]);
    assert!(started.elapsed() < Duration::from_secs(5));
}
