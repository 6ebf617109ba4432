//! What may not be published, and how an author is told.

mod support;

use mesh_policy::{PolicyError, PolicySet, PolicySource};
use support::{deny_if, global_rule, modules, open};

/// Publishes one global rule that must be refused, and returns why.
fn refused(body: &str) -> Vec<PolicyError> {
    global_rule(body).expect_err(body)
}

fn refused_because(body: &str, reason: &str) {
    let errors = refused(body);
    assert!(errors.iter().any(|error| error.message.contains(reason)), "{body}\n{errors:?}");
    assert!(
        errors.iter().all(|error| error.file == "tried.rego" && error.line > 0 && !error.remedy.is_empty()),
        "{errors:?}"
    );
}

#[test]
fn an_ordinary_rule_is_published() {
    let program = global_rule(&deny_if("input.action == \"read\"")).unwrap();
    assert_eq!(program.revision().len(), 16);
}

#[test]
fn an_error_has_its_place_and_a_remedy() {
    let errors = refused(&deny_if("input.product.clasification == \"restricted\""));
    assert_eq!(errors.len(), 1);
    let error = &errors[0];
    assert_eq!((error.file.as_str(), error.line), ("tried.rego", 4));
    assert_eq!(error.message, "`input.product.clasification` leads nowhere: there is no `clasification`");
    assert!(error.remedy.contains("classification"), "{error}");
}

#[test]
fn builtins_that_reach_outside_or_take_the_machine_down() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"http://localhost\"})",
        "opa.runtime()",
        "rand.intn(\"x\", 3) == 1",
        "time.now_ns() > 0",
        "uuid.rfc4122(\"x\") != \"\"",
        "count(numbers.range(1, 20000000)) > 0",
        "count(numbers.range_step(1, 20000000, 1)) > 0",
        "strings.count(\"x\", \"\") > 0",
        "print(input)",
        "trace(\"x\")",
        "walk(input, [_, \"x\"])",
        "io.jwt.decode(\"x\")",
        "crypto.sha256(\"x\") == \"y\"",
        "bits.lsh(1, 100000000) > 0",
        "product([2, 3]) > 1",
        "json.unmarshal(\"{}\") == {}",
    ] {
        let name = call.trim_start_matches("count(").split('(').next().unwrap();
        refused_because(&deny_if(call), &format!("builtin `{name}` is not allowed in policies"));
    }
}

#[test]
fn what_is_not_there() {
    refused_because(&deny_if("count_them(input.ports) > 0"), "no function `count_them`");
    refused_because(&deny_if("lib.count(input.ports) > 0"), "no function `lib.count`");
    refused_because(&deny_if("not forbidden(input.action)"), "no function `forbidden`");
    refused_because(&deny_if("data.mesh.lib.access.crosses"), "is defined nowhere");
    refused_because(&deny_if("data.mesh.global.tried.other"), "is defined nowhere");
    refused_because(&deny_if("undefined_variable == 1"), "undefined_variable");
}

#[test]
fn misspelt_fields_are_found_through_variables_comprehensions_and_rules() {
    for condition in [
        "some port in input.ports; port.formatt == \"csv\"",
        "some port in input.ports; some field in port.fields; field.pii.protecton == \"none\"",
        "some i; input.ports[i].field == []",
        "product := input.product; product.owner.mail == \"\"",
        "every port in input.ports { port.sla.fresh > 1 }",
        "count([f | some p in input.ports; some f in p.fields; f.typ == \"string\"]) > 0",
        "input.contract.approvals[_].roles == \"steward\"",
        "input[\"actoin\"] == \"read\"",
        "input.action.name == \"read\"",
    ] {
        refused_because(&deny_if(condition), "leads nowhere");
    }
    refused_because(
        &format!(
            "{}\n\npersonal contains field if {{\n\tsome port in input.ports\n\tsome field in port.fields\n}}",
            deny_if("some field in personal; field.pi.category == \"email\"")
        ),
        "leads nowhere",
    );
}

#[test]
fn rules_that_nobody_asks() {
    refused_because(
        "denny contains {\"code\": \"a\", \"message\": \"b\", \"path\": \"\", \"remedy\": \"\"}",
        "says nothing",
    );
    refused_because(&format!("{}\n\nhelper if input.same_domain", deny_if("true")), "rule `helper` is used by nothing");
}

#[test]
fn entries_have_one_shape() {
    refused_because("deny := true", "`deny` must be a set");
    refused_because("deny if input.same_domain", "`deny` must be a set");
    refused_because("default deny := false", "`deny` must be a set");
    refused_because("deny contains \"no\"", "must be an object");
    refused_because("deny contains {\"msg\": \"no\"}", "has other keys than code");
    refused_because("require_approval contains {\"role\": \"steward\"}", "has other keys");
}

#[test]
fn circles_chains_and_growth() {
    refused_because(&format!("{}\n\na if b\n\nb if a", deny_if("a")), "leads back to itself");
    let chain: String = (0..40).map(|i| format!("\nr{i} if r{}\n", i + 1)).collect();
    refused_because(&format!("{}{chain}\nr40 if true", deny_if("r0")), "lean on one another");
    refused_because(&deny_if("x := input.product.retention_days; x * x > 10"), "one factor must be a number");
    refused_because(&deny_if("regex.match(input.purpose, \"x\")"), "must be written out");
    let deep = format!("count({}{}) > 0", "[".repeat(60), "]".repeat(60));
    refused_because(&deny_if(&deep), "nested more than 12 deep");
    let wide = format!("count({}{}) > 1", "[".repeat(10), "]".repeat(10));
    let started = std::time::Instant::now();
    global_rule(&deny_if(&wide)).unwrap();
    assert!(started.elapsed() < std::time::Duration::from_secs(2));
}

#[test]
fn what_only_tests_may_do() {
    refused_because(&deny_if("input.same_domain with input.same_domain as true"), "`with` is for tests only");
    let global =
        PolicySource::global(modules(&[("tried_test.rego", "package mesh.global.tried_test\n\ntest_x if true\n")]));
    let errors = PolicySet::compile(&global, None, None).unwrap_err();
    assert_eq!(errors[0].message, "tests are not published");
}

#[test]
fn old_rego_and_broken_text() {
    refused_because("deny[x] { x := 1 }", "");
    refused_because("deny contains {", "");
    refused_because("deny contains $\"{input.action}\"", "");
    refused_because("input := {\"action\": \"read\"}", "");
    refused_because(&deny_if("f(1)").replace("deny ", "f(input) := input\n\ndeny "), "may not be defined anew");
    refused_because(&deny_if("some input in [1]; input == 1"), "may not be defined anew");
}

#[test]
fn only_the_product_level_offers() {
    refused_because("offer contains {\"reason\": \"mine\"}", "a policy of level `global` may not define `offer`");
    let domain = PolicySource::domain(
        "operations",
        modules(&[("d.rego", "package mesh.domains.operations.generous\n\noffer contains {\"reason\": \"mine\"}\n")]),
    );
    let errors = PolicySet::compile(&PolicySource::global(modules(&[])), Some(&domain), None).unwrap_err();
    assert!(errors[0].message.contains("may not define `offer`"), "{errors:?}");
}

#[test]
fn nobody_speaks_for_another() {
    let try_domain = |package: &str, body: &str| {
        let text = format!("package {package}\n\n{body}\n");
        let domain = PolicySource::domain("flight-ops", modules(&[("d.rego", &text)]));
        PolicySet::compile(&PolicySource::global(modules(&[])), Some(&domain), Some(&open()))
    };
    let deny = deny_if("input.action == \"read\"");
    try_domain("mesh.domains.flight_ops.mine", &deny).unwrap();
    for package in [
        "mesh.domains.finance.mine",
        "mesh.global.mine",
        "mesh.lib.mine",
        "mesh.product",
        "mesh.domains.flight_ops",
        "mesh.domains.flight_ops.mine.deeper",
        "mesh.domains[\"flight-ops\"].mine",
        "other",
    ] {
        let errors = try_domain(package, &deny).expect_err(package);
        assert!(errors[0].message.contains("is not for policies of level `domain`"), "{errors:?}");
        assert!(errors[0].remedy.contains("mesh.domains.flight_ops.<rule>"));
        assert_eq!((errors[0].file.as_str(), errors[0].line), ("d.rego", 1));
    }
    for reference in [
        "data.mesh.domains.finance.rule.deny",
        "data.mesh.global.pii.deny",
        "data.mesh.product.offer",
        "data",
        "data.mesh",
        "data[input.action]",
        "data.mesh.domains.flight_ops[input.action]",
    ] {
        let errors = try_domain("mesh.domains.flight_ops.mine", &deny_if(&format!("count({reference}) > 0")))
            .expect_err(reference);
        assert!(errors[0].remedy.contains("read only `input`"), "{errors:?}");
    }
    let errors = try_domain(
        "mesh.domains.flight_ops.mine",
        &format!("import data.mesh.global.pii\n\n{}", deny_if("count(pii.deny) > 0")),
    )
    .unwrap_err();
    assert!(errors[0].message.contains("may not be imported"), "{errors:?}");
}

#[test]
fn one_package_is_one_module() {
    let text = format!("package mesh.global.twice\n\n{}\n", deny_if("true"));
    let global = PolicySource::global(modules(&[("a.rego", &text), ("b.rego", &text)]));
    let errors = PolicySet::compile(&global, None, None).unwrap_err();
    assert_eq!(errors[0].file, "b.rego");
    assert!(errors[0].message.contains("defined by another module"));
}

#[test]
fn sources_stand_at_their_own_level() {
    let global = PolicySource::global(modules(&[]));
    assert!(PolicySet::compile(&open(), None, None).is_err());
    assert!(PolicySet::compile(&global, Some(&global), None).is_err());
    assert!(PolicySet::compile(&global, None, Some(&global)).is_err());
}

#[test]
fn all_errors_come_at_once() {
    let errors = refused(&format!("{}\n\n{}", deny_if("http.send({}) == 1"), deny_if("time.now_ns() == 1")));
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].line < errors[1].line);
}

#[test]
fn the_revision_moves_with_any_source() {
    let revision = |global: &str, offer: &str| {
        let global =
            PolicySource::global(modules(&[("g.rego", &format!("package mesh.global.g\n\n{}\n", deny_if(global)))]));
        let product = PolicySource::product(modules(&[(
            "p.rego",
            &format!("package mesh.product\n\noffer contains {{\"reason\": \"{offer}\"}}\n"),
        )]));
        PolicySet::compile(&global, None, Some(&product)).unwrap().revision().to_owned()
    };
    assert_eq!(revision("true", "open"), revision("true", "open"));
    assert_ne!(revision("true", "open"), revision("false", "open"));
    assert_ne!(revision("true", "open"), revision("true", "public"));
}
