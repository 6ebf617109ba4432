//! Manifests that are malformed, forbidden or against what is registered: planned and registered, each told with its place.

use mesh_api::{Problem, routes};

use crate::world::{Call, World, manifest};

const WHO: &str = "operations-owner";

fn new() -> String {
    manifest("operations", "new", "company", "internal")
}

/// The example with `old` replaced.
fn with(old: &str, new_text: &str) -> String {
    let text = new();
    assert!(text.contains(old), "{old}");
    text.replacen(old, new_text, 1)
}

fn post(path: &str, text: &str) -> Call {
    Call::new(WHO, &routes::PRODUCT_REGISTER, path).header("content-type", "application/yaml").body(text)
}

/// Plans and registers a manifest that must be refused: both say the same.
async fn refused(world: &World, text: &str) -> Problem {
    let planned = world.refused(&post("/products?dry_run=true", text)).await;
    let registered = world.refused(&post("/products", text)).await;
    assert_eq!(
        (planned.status, &planned.code, &planned.errors),
        (registered.status, &registered.code, &registered.errors)
    );
    registered
}

/// What stands against a manifest that can be read: the plan says it with 200, the registration with 422, in the same words.
async fn stands_against(world: &World, text: &str) -> Vec<mesh_api::ProblemError> {
    let before = world.content();
    let plan = world.send(&post("/products?dry_run=true", text)).await;
    assert_eq!(plan.status, 200, "{}", plan.json());
    let plan: mesh_api::types::Plan = serde_json::from_slice(&plan.bytes).unwrap();
    assert_eq!(world.content(), before, "a plan writes nothing");
    assert!(!plan.accepted);
    let problem = world.refused(&post("/products", text)).await;
    assert_eq!((problem.status, problem.code.as_str()), (422, "registration.refused"));
    assert_eq!(problem.errors, plan.violations);
    for error in &problem.errors {
        assert!(error.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{error:?}");
        assert!(error.line.is_some(), "{error:?}");
    }
    problem.errors
}

#[tokio::test]
async fn text_that_is_no_manifest_is_told_line_and_column() {
    let world = World::new().await;
    let deep = format!("a: {}{}", "[".repeat(60_000), "]".repeat(60_000));
    let laughs = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n";
    let many = format!("a: [{}]", "1,".repeat(50_001));
    for (text, code, line) in [
        ("", "manifest.empty", 1),
        ("name: [", "manifest.syntax", 1),
        ("name: 'x", "manifest.syntax", 1),
        ("a: b\n---\nc: d\n", "manifest.several_documents", 2),
        (laughs, "manifest.alias", 1),
        ("a: !!python/object/apply:os.system [id]\n", "manifest.tag", 1),
        ("<<: {a: b}\n", "manifest.alias", 1),
        ("? [a]\n: b\n", "manifest.key_not_text", 1),
        ("a: \"x\\u202Ey\"\n", "manifest.control_character", 1),
        (deep.as_str(), "manifest.too_deep", 1),
        (many.as_str(), "manifest.too_many_values", 1),
    ] {
        let problem = refused(&world, text).await;
        let shown: String = text.chars().take(40).collect();
        assert_eq!((problem.status, problem.code.as_str()), (400, code), "{shown}: {problem:?}");
        assert!(problem.errors[0].line.is_some_and(|found| found >= line && found <= line + 1), "{problem:?}");
        assert!(problem.errors[0].column.is_some());
    }
    let twice = refused(&world, &with("name: new\n", "name: new\nname: newer\n")).await;
    assert_eq!((twice.code.as_str(), twice.errors[0].line), ("manifest.duplicate_key", Some(5)));
}

#[tokio::test]
async fn a_manifest_over_the_limit_is_too_large() {
    let world = World::new().await;
    for size in [121 * 1024, 900 * 1024] {
        let problem = refused(&world, &format!("{}# {}\n", new(), "x".repeat(size))).await;
        assert_eq!((problem.status, problem.code.as_str()), (413, "manifest.too_large"));
    }
    let large = refused(&world, &"x".repeat(1024 * 1024 + 1)).await;
    assert_eq!((large.status, large.code.as_str()), (413, "request.too_large"));
}

#[tokio::test]
async fn unknown_fields_are_told_with_what_was_meant() {
    let world = World::new().await;
    for (old, new_text, pointer, line, meant) in [
        ("retention:", "retenton:", "/retenton", 9, "`retention`"),
        ("outputPorts:", "output_ports:", "/output_ports", 11, "`outputPorts`"),
        ("visibility:", "visiblity:", "/access/visiblity", 10, "`visibility`"),
        ("freshness:", "freshnes:", "/outputPorts/0/sla/freshnes", 15, "`freshness`"),
        ("required:", "requried:", "/outputPorts/0/schema/fields/0/requried", 18, "`required`"),
        ("contact:", "contakt:", "/owner/contakt", 7, "`contact`"),
    ] {
        let problem = refused(&world, &with(old, new_text)).await;
        let error = problem.errors.iter().find(|error| error.code == "manifest.unknown_field");
        let error = error.unwrap_or_else(|| panic!("{new_text}: {problem:?}"));
        assert_eq!((error.pointer.as_str(), error.line), (pointer, Some(line)));
        assert!(error.remedy.as_ref().is_some_and(|remedy| remedy.contains(meant)), "{error:?}");
    }
}

#[tokio::test]
async fn a_promise_is_a_whole_number_above_zero_with_a_unit() {
    let world = World::new().await;
    for bad in [
        "0m",
        "0h",
        "-60m",
        "-1d",
        "60",
        "m",
        "60s",
        "1.5h",
        "60 m",
        "soon",
        "''",
        "9999999999m",
        "null",
        "[60m]",
        "{m: 60}",
        "６０m",
    ] {
        let problem = refused(&world, &with("freshness: 60m", &format!("freshness: {bad}"))).await;
        let error = problem.errors.iter().find(|error| error.pointer.starts_with("/outputPorts/0/sla/freshness"));
        let error = error.unwrap_or_else(|| panic!("{bad}: {problem:?}"));
        assert_eq!((problem.status, error.line), (400, Some(15)), "{bad}: {error:?}");
    }
    for bad in ["0%", "-1%", "100.1%", "99", "'99'"] {
        let promise = format!("sla: {{ freshness: 60m, availability: {bad} }}");
        let problem = refused(&world, &with("sla: { freshness: 60m }", &promise)).await;
        assert_eq!(problem.errors[0].pointer, "/outputPorts/0/sla/availability", "{bad}");
    }
    for bad in ["0d", "-1d", "730", "0"] {
        let problem = refused(&world, &with("retention: 700d", &format!("retention: {bad}"))).await;
        assert_eq!((problem.errors[0].pointer.as_str(), problem.errors[0].line), ("/retention", Some(9)), "{bad}");
    }
}

#[tokio::test]
async fn endpoints_lead_to_named_hosts_outside_and_carry_no_credentials() {
    let world = World::new().await;
    for bad in [
        "http://api.example.org",
        "ftp://api.example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:api.example.org",
        "//api.example.org",
        "https://localhost/x",
        "https://LOCALHOST./x",
        "https://app.localhost",
        "https://api",
        "https://printer.local",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://0",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://169.254.170.2/",
        "https://metadata.google.internal/",
        "https://instance-data.ec2.internal/",
        "https://10.0.0.1",
        "https://172.16.0.1",
        "https://192.168.1.1",
        "https://[fe80::1%25eth0]/",
        "https://user:password@api.example.org",
        "https://token@api.example.org",
        "https://api.example.org\\\\@evil.example.com",
        "https://api.example.org/?access_key=x",
        "https://api.example.org:0",
        "https://api.example.org:99999",
        "https://ex\u{E4}mple.org",
        "https://\u{FF11}\u{FF12}\u{FF17}.0.0.1",
        "https://127%2e0%2e0%2e1",
        "https://api.example.org /",
        "https://*.example.org",
    ] {
        let text = with("format: iceberg", &format!("format: http\n    endpoint: \"{bad}\""));
        let problem = refused(&world, &text).await;
        let error = problem.errors.iter().find(|error| error.pointer == "/outputPorts/0/endpoint");
        let error = error.unwrap_or_else(|| panic!("{bad}: {problem:?}"));
        assert!(
            ["manifest.endpoint_invalid", "manifest.control_character"].contains(&error.code.as_str()),
            "{bad}: {error:?}"
        );
        assert_eq!(error.line, Some(15), "{bad}");
        assert!(error.remedy.is_some(), "{bad}");
    }
}

#[tokio::test]
async fn an_endpoint_is_handed_on_and_never_looked_at() {
    let world = World::new().await;
    let text = with("format: iceberg", "format: http\n    endpoint: https://data.example.org/flights");
    world.active(&text.replace("classification: internal", "classification: public")).await;
    let read = Call::new("insights-consumer", &routes::PORT_READ, "/products/operations.new/ports/daily/read");
    let requests = world.vendor.requests().len();
    let grant = world.send(&read).await.json();
    assert_eq!(grant["endpoint"], "https://data.example.org/flights", "{grant}");
    assert!(grant.get("credentials").is_none(), "an owner's endpoint gets no credentials of the platform");
    assert_eq!(world.vendor.requests().len(), requests);
    let write = Call::new(WHO, &routes::PORT_WRITE, "/products/operations.new/ports/daily/write");
    assert_eq!(world.refused(&write).await.code, "access.not_stored");
}

#[tokio::test]
async fn a_domain_that_is_not_the_callers_or_does_not_exist_is_refused_alike() {
    let world = World::new().await;
    for domain in ["insights", "nowhere", "platform"] {
        let text = manifest(domain, "new", "company", "internal");
        let problem = refused(&world, &text).await;
        assert_eq!((problem.status, problem.code.as_str()), (403, "product.not_a_producer"), "{domain}");
        assert!(problem.remedy.unwrap().contains(domain));
    }
}

#[tokio::test]
async fn content_of_a_version_never_changes_and_versions_never_go_down() {
    let world = World::new().await;
    world.active(&new()).await;
    let moved =
        new().replace("version: 1.0.0", "version: 1.1.0").replace("name: tail_number, type", "name: tail, type");
    for (text, code, pointer) in [
        (with("A product of", "The product of"), "evolution.version_unchanged", "/version"),
        (with("version: 1.0.0", "version: 0.9.0"), "evolution.version_went_down", "/version"),
        (with("    version: 1.0.0", "    version: 0.9.0"), "evolution.port_removed", ""),
        (with("type: int,", "type: long,"), "schema.version_taken", "/outputPorts/0/version"),
        (moved, "evolution.breaking_within_major", "/outputPorts/0"),
    ] {
        let errors = stands_against(&world, &text).await;
        if pointer.is_empty() {
            continue;
        }
        let found = errors.iter().find(|error| error.code == code).unwrap_or_else(|| panic!("{code}: {errors:?}"));
        assert!(found.pointer.starts_with(pointer), "{found:?}");
    }
}

#[tokio::test]
async fn an_input_exists_and_may_be_known() {
    let world = World::new().await;
    let made_from = |port: &str| {
        with("outputPorts:", &format!("inputs:\n  - {{ port: {port}, purpose: analytics }}\noutputPorts:"))
    };
    for port in
        ["operations.none/daily@1", "operations.plain/none@1", "operations.plain/daily@2", "insights.none/daily@1"]
    {
        let errors = stands_against(&world, &made_from(port)).await;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(
            (errors[0].code.as_str(), errors[0].pointer.as_str()),
            ("input.unknown", "/inputs/0/port"),
            "{port}"
        );
        assert_eq!(errors[0].line, Some(12));
    }
    let problem = refused(&world, &made_from("operations.new/daily@1")).await;
    assert_eq!(problem.code, "manifest.input_on_itself");
    for malformed in [
        "operations.plain",
        "plain/daily@1",
        "operations.plain/daily",
        "operations.plain/daily@01",
        "operations.plain/daily@-1",
        "'*/*@1'",
    ] {
        let problem = refused(&world, &made_from(malformed)).await;
        assert_eq!(
            (problem.code.as_str(), problem.errors[0].pointer.as_str()),
            ("manifest.invalid_value", "/inputs/0/port"),
            "{malformed}"
        );
    }
    // A hidden product of another domain and one that does not exist read the same.
    let from_insights = |port: &str| made_from(port).replacen("domain: operations", "domain: insights", 1);
    let told = async |port: &str| {
        let call = Call { who: "insights-owner".to_owned(), ..post("/products?dry_run=true", &from_insights(port)) };
        world.send(&call).await.json()["violations"].to_string()
    };
    let (hidden, unknown) = (told("operations.secret/daily@1").await, told("operations.sicret/daily@1").await);
    assert!(hidden.contains("input.unknown"), "{hidden}");
    assert_eq!(hidden, unknown.replace("sicret", "secret"));
}

#[tokio::test]
async fn policy_refuses_at_the_line_with_a_remedy() {
    let world = World::new().await;
    let open = "- { name: captain, type: string, description: Who flew, pii: { category: name, protection: none } }\n";
    for (text, code, line) in [
        (format!("{}        {open}", new()), "pii.unencrypted", 20),
        (
            with("classification: internal", "classification: restricted"),
            "classification.restricted_across_domains",
            10,
        ),
        (with("retention: 700d", "retention: 4000d"), "retention.too_long", 9),
    ] {
        let errors = stands_against(&world, &text).await;
        let found = errors.iter().find(|error| error.code == code).unwrap_or_else(|| panic!("{code}: {errors:?}"));
        assert_eq!(found.line, Some(line), "{found:?}");
    }
}
