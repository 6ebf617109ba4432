//! Names outside the allow-list, wherever a name can stand: in paths, queries, headers, bodies and policy scopes.

use mesh_api::routes;
use serde_json::json;

use crate::{
    cases,
    world::{Call, World, manifest},
};

/// What is no name: globs, ways up, look-alikes, encoded slashes, hyphens out of place, other cases and control characters.
const BAD: [&str; 20] = [
    "*",
    "oper*",
    "oper?tions",
    "..",
    "../platform",
    ".",
    "operations/flights",
    "Operations",
    "OPERATIONS",
    "\u{43E}perations",
    "\u{FF4F}perations",
    "operations\u{200B}",
    "opérations",
    "operations-",
    "oper--ations",
    "-operations",
    "1operations",
    "oper_ations",
    "operations\u{0}",
    "a234567890123456789012345678901234567890b",
];

/// Every byte but letters and digits percent-encoded, so that a slash or a dot stays within its segment.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The path with the parameter at `place` replaced, for every parameter of the route.
fn replaced(template: &str, path: &str, value: &str) -> Vec<String> {
    let (path, query) = path.split_once('?').map_or((path, String::new()), |(path, query)| (path, format!("?{query}")));
    let segments: Vec<_> = path.split('/').collect();
    let places = template.split('/').enumerate().filter(|(_, segment)| segment.starts_with('{'));
    places
        .map(|(place, _)| {
            let mut segments: Vec<&str> = segments.clone();
            segments[place] = value;
            format!("{}{query}", segments.join("/"))
        })
        .collect()
}

/// Who may do most of what a route does.
fn strongest(operation: &str) -> &'static str {
    let of_platform = operation.contains("Domain") && !operation.contains("Policies") || operation.contains("Envelope");
    if of_platform { "platform-owner" } else { "operations-owner" }
}

#[tokio::test]
async fn a_path_with_what_is_no_name_is_not_found_on_every_route() {
    let world = World::new().await;
    let mut sent = 0;
    for case in cases::all(&world).await {
        let who = strongest(case.route.operation);
        for bad in BAD {
            for path in replaced(case.route.path, &case.call(who).path, &encoded(bad)) {
                let call = Call { path, ..case.call(who) };
                if call.method == "HEAD" {
                    let before = world.content();
                    assert_eq!(world.send(&call).await.status, 404, "{}", call.path);
                    assert_eq!(world.content(), before);
                } else {
                    let problem = world.refused(&call).await;
                    assert_eq!(problem.status, 404, "{} {}: {problem:?}", call.method, call.path);
                }
                sent += 1;
            }
        }
    }
    assert!(sent > 1000, "{sent}");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_told_so() {
    let world = World::new().await;
    for case in cases::all(&world).await.iter().filter(|case| case.route.method != "HEAD") {
        let who = strongest(case.route.operation);
        for path in replaced(case.route.path, &case.call(who).path, "%FF%FE") {
            let problem = world.refused(&Call { path, ..case.call(who) }).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_path"), "{problem:?}");
        }
    }
}

#[tokio::test]
async fn a_query_with_what_is_no_name_is_told_its_parameter() {
    let world = World::new().await;
    for bad in BAD {
        let bad = encoded(bad);
        for (route, path, code, pointer) in [
            (&routes::PRODUCT_LIST, format!("/products?domain={bad}"), "request.invalid_domain", "/query/domain"),
            (&routes::CONTRACT_LIST, format!("/contracts?consumer={bad}"), "request.invalid_domain", "/query/consumer"),
            (&routes::CONTRACT_LIST, format!("/contracts?product={bad}"), "request.invalid_product", "/query/product"),
            (
                &routes::CONTRACT_LIST,
                format!("/contracts?product={bad}.a"),
                "request.invalid_product",
                "/query/product",
            ),
            (&routes::SEARCH, format!("/marketplace/search?domain={bad}"), "search.invalid_filter", "/query/domain"),
        ] {
            let problem = world.refused(&Call::new("operations-owner", route, &path)).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, code), "{path}: {problem:?}");
            assert_eq!(problem.errors[0].pointer, pointer, "{path}");
        }
    }
    let empty = Call::new("operations-owner", &routes::PRODUCT_LIST, "/products?domain=");
    assert_eq!(world.refused(&empty).await.code, "request.invalid_domain");
}

#[tokio::test]
async fn a_body_with_what_is_no_name_is_told_its_place() {
    let world = World::new().await;
    for bad in BAD {
        let member = json!([{ "principal": "https://idp.example.org|a", "roles": ["owner"] }]);
        let domain = json!({ "id": bad, "description": "x", "members": member });
        let call = Call::new("platform-owner", &routes::DOMAIN_CREATE, "/domains").json(&domain);
        let problem = world.refused(&call).await;
        assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_json"), "{bad}");
        assert!(problem.detail.contains("is not a valid name"), "{}", problem.detail);

        let port = format!("{bad}.flights/daily@1");
        let ask = json!({ "port": port, "purpose": "analytics", "contact": "a@example.org" });
        let call = Call::new("insights-owner", &routes::CONTRACT_REQUEST, "/contracts").json(&ask);
        let problem = world.refused(&call).await;
        assert!(problem.detail.contains("is not a port address"), "{}", problem.detail);

        let question = json!({ "action": { "name": "read" }, "resource": { "type": "output_port", "id": port } });
        let call = Call::new("insights-owner", &routes::POLICY_CHECK, "/governance/policy-check").json(&question);
        let problem = world.refused(&call).await;
        assert_eq!(problem.code, "policy.invalid_port", "{bad}");
        assert_eq!(problem.errors[0].pointer, "/resource/id");
    }
    for (principal, role, code, pointer) in [
        ("alice", "owner", "domain.invalid_principal", "/members/0/principal"),
        ("http://idp.example.org|alice", "owner", "domain.invalid_principal", "/members/0/principal"),
        ("https://idp.example.org|", "owner", "domain.invalid_principal", "/members/0/principal"),
        ("https://idp.example.org|a b", "owner", "domain.invalid_principal", "/members/0/principal"),
        ("https://idp.example.org|\u{430}lice", "owner", "domain.invalid_principal", "/members/0/principal"),
        ("https://idp.example.org|alice", "Owner", "domain.invalid_role", "/members/0/roles"),
        ("https://idp.example.org|alice", "*", "domain.invalid_role", "/members/0/roles"),
    ] {
        let members = json!([{ "principal": principal, "roles": [role] }]);
        let body = json!({ "id": "fleet", "description": "x", "members": members });
        let problem = world.refused(&Call::new("platform-owner", &routes::DOMAIN_CREATE, "/domains").json(&body)).await;
        assert_eq!((problem.code.as_str(), problem.errors[0].pointer.as_str()), (code, pointer), "{principal} {role}");
    }
}

#[tokio::test]
async fn a_manifest_with_what_is_no_name_is_told_line_and_column() {
    let world = World::new().await;
    let good = manifest("operations", "new", "company", "internal");
    for bad in BAD.iter().filter(|bad| !bad.contains('\u{0}')) {
        let quoted = serde_json::to_string(bad).unwrap();
        for (old, pointer, line) in [
            ("domain: operations", "/domain", 3),
            ("name: new", "/name", 4),
            ("name: daily", "/outputPorts/0/name", 12),
        ] {
            let key = old.split(':').next().unwrap();
            let text = good.replacen(old, &format!("{key}: {quoted}"), 1);
            for path in ["/products", "/products?dry_run=true"] {
                let call = Call::new("operations-owner", &routes::PRODUCT_REGISTER, path).body(&text);
                let problem = world.refused(&call).await;
                assert_eq!(problem.status, 400, "{bad}");
                let error = problem.errors.iter().find(|error| error.pointer == pointer);
                let error = error.unwrap_or_else(|| panic!("{pointer} of {bad}: {problem:?}"));
                assert!(
                    ["manifest.invalid_value", "manifest.length", "manifest.control_character"]
                        .contains(&error.code.as_str()),
                    "{error:?}"
                );
                assert_eq!(error.line, Some(line), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn policies_are_published_for_a_domain_and_nothing_else() {
    let world = World::new().await;
    for bad in BAD {
        let path = format!("/governance/policies/domains/{}", encoded(bad));
        let call =
            Call::new("operations-steward", &routes::POLICY_PUBLISH_DOMAIN, &path).json(&json!({ "modules": {} }));
        assert_eq!(world.refused(&call).await.status, 404, "{bad}");
    }
    // A rule that speaks for another domain, or for everybody, is refused where its own domain publishes it.
    for package in ["mesh.domains.insights.own", "mesh.global.own", "mesh.product", "mesh.domains.operations", "data.x"]
    {
        let text = format!(
            "# METADATA\n# title: A rule\n# description: It speaks.\npackage {package}\n\nwarn contains {{\"code\": \"own.rule\", \"message\": \"m\", \"path\": \"\", \"remedy\": \"r\"}} if input.action == \"read\"\n"
        );
        let modules = json!({ "modules": { "own/rule.rego": text } });
        let path = "/governance/policies/domains/operations";
        let call = Call::new("operations-steward", &routes::POLICY_PUBLISH_DOMAIN, path).json(&modules);
        let problem = world.refused(&call).await;
        assert_eq!(problem.status, 400, "{package}: {problem:?}");
        assert!(
            problem.errors.iter().all(|error| error.code == "policy.invalid" && error.remedy.is_some()),
            "{problem:?}"
        );
        assert!(problem.errors[0].pointer.starts_with("/modules/"), "{problem:?}");
    }
}
