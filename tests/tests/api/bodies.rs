//! Bodies that are too large, of another type, no text, no JSON, or of another shape: on every route that takes one.

use axum::body::Body;
use mesh_api::routes;
use mesh_http::answer::MAX_BODY;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    cases::{self, Case},
    world::{Call, World},
};

/// One case for each route with a body, and who may do it.
async fn with_bodies(world: &World) -> Vec<(Case, &'static str)> {
    let mut cases = cases::all(world).await;
    let mut seen = std::collections::BTreeSet::new();
    cases.retain(|case| case.route.request.is_some() && !case.hidden && seen.insert(case.route.operation));
    assert!(cases.len() >= 11, "{seen:?}");
    let who = |operation: &str| match operation {
        "createDomain" | "updateDomain" | "bindEnvelope" | "publishGlobalPolicies" | "publishProductPolicies" => {
            "platform-owner"
        }
        "requestContract" | "moveContract" | "pinContract" => "insights-owner",
        _ => "operations-owner",
    };
    cases
        .into_iter()
        .map(|case| {
            let who = who(case.route.operation);
            (case, who)
        })
        .collect()
}

/// The request with another body, and with what the route takes as its type.
fn with(case: &Case, who: &str, body: &[u8]) -> Call {
    case.call(who).body(body)
}

fn is_manifest(case: &Case) -> bool {
    case.route.operation == "registerProduct"
}

#[tokio::test]
async fn the_cases_themselves_are_good() {
    for (case, who) in with_bodies(&World::new().await).await {
        // Each on a mesh of its own, since they write.
        let world = World::new().await;
        let fresh = cases::all(&world).await;
        let same = fresh.iter().find(|one| one.route.operation == case.route.operation && one.about == case.about);
        let answer = world.send(&same.unwrap().call(who)).await;
        assert!(answer.status.is_success(), "{}: {}", case.route.operation, answer.json());
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_it_says_how_long_it_is_or_not() {
    let world = World::new().await;
    for (case, who) in with_bodies(&world).await {
        for size in [MAX_BODY + 1, 3 * MAX_BODY] {
            let call = with(&case, who, &vec![b' '; size]);
            let problem = world.refused(&call).await;
            assert_eq!((problem.status, problem.code.as_str()), (413, "request.too_large"), "{}", case.route.operation);
            let declared = Call { body: b"{}".to_vec(), ..call }.header("content-length", size.to_string());
            let problem = world.refused(&declared).await;
            assert_eq!((problem.status, problem.code.as_str()), (413, "request.too_large"), "{}", case.route.operation);
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_and_nothing_is_written() {
    let world = World::new().await;
    let before = world.content();
    let broken = futures::stream::iter([Ok("apiVersion: mesh/v1\n"), Err(std::io::Error::other("gone"))]);
    let request = axum::http::Request::post("/products")
        .header("authorization", format!("Bearer {}", world.issuer.token("operations-owner")))
        .body(Body::from_stream(broken))
        .unwrap();
    let response = world.router(mesh_api::routes::Function::Registry).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 400);
    let bytes = axum::body::to_bytes(response.into_body(), MAX_BODY).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap()["code"], "request.unreadable_body");
    assert_eq!(world.content(), before);
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_and_the_right_one_named() {
    let world = World::new().await;
    for (case, who) in with_bodies(&world).await {
        for kind in [
            "text/html",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "",
            "json",
        ] {
            let call = Call { headers: Vec::new(), ..case.call(who) }.header("content-type", kind);
            let problem = world.refused(&call).await;
            assert_eq!((problem.status, problem.code.as_str()), (415, "request.unsupported_type"), "{kind}");
            let expected = if is_manifest(&case) { "application/yaml" } else { "application/json" };
            assert!(problem.remedy.unwrap().contains(expected));
        }
        if !is_manifest(&case) {
            let yaml = Call { headers: Vec::new(), ..case.call(who) }.header("content-type", "application/yaml");
            assert_eq!(world.refused(&yaml).await.status, 415, "{}", case.route.operation);
        }
    }
}

#[tokio::test]
async fn parameters_and_case_of_a_media_type_do_not_matter() {
    let world = World::new().await;
    let question = json!({ "action": { "name": "read" }, "resource": { "type": "output_port", "id": "operations.plain/daily@1" } });
    for kind in ["application/json; charset=utf-8", "Application/JSON", " application/json ;x=y"] {
        let call = Call::new("operations-owner", &routes::POLICY_CHECK, "/governance/policy-check")
            .header("content-type", kind)
            .body(question.to_string());
        assert_eq!(world.send(&call).await.status, 200, "{kind}");
    }
}

#[tokio::test]
async fn what_is_no_json_or_no_text_is_told_with_its_place() {
    let world = World::new().await;
    for (case, who) in with_bodies(&world).await.iter().filter(|(case, _)| !is_manifest(case)) {
        for body in ["{", "nonsense", "{\"a\": 1,}", "{} {}", "\u{FEFF}{}", "<a/>", "NaN"] {
            let problem = world.refused(&with(case, who, body.as_bytes())).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_json"), "{body}");
            assert!(problem.errors[0].line.is_some() && problem.errors[0].column.is_some(), "{problem:?}");
            assert!(problem.remedy.is_some_and(|remedy| remedy.contains("/openapi.json")));
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let nested = format!("{{\"a\":{deep}}}");
        for body in [b"{\"a\": \"\xFF\xFE\"}".as_slice(), b"\xFF\xFE{\0}\0", deep.as_bytes(), nested.as_bytes()] {
            let problem = world.refused(&with(case, who, body)).await;
            assert_eq!(
                (problem.status, problem.code.as_str()),
                (400, "request.invalid_json"),
                "{}",
                case.route.operation
            );
        }
    }
    let call = Call::new("operations-owner", &routes::PRODUCT_REGISTER, "/products").body(b"name: \xFF\xFE");
    let problem = world.refused(&call).await;
    assert_eq!((problem.status, problem.code.as_str()), (400, "request.not_utf8"));
    assert!(problem.detail.contains("byte 6"), "{}", problem.detail);
}

#[tokio::test]
async fn json_of_another_shape_is_told() {
    let world = World::new().await;
    for (case, who) in with_bodies(&world).await.iter().filter(|(case, _)| !is_manifest(case)) {
        if case.route.operation == "icebergCommit" {
            continue;
        }
        let good: Value = serde_json::from_slice(&case.call(who).body).unwrap();
        let mut unknown = good.clone();
        unknown["colour"] = json!("red");
        let mut shapes =
            vec![unknown.to_string(), "null".to_owned(), "[]".to_owned(), "\"x\"".to_owned(), "7".to_owned()];
        if let Some((key, value)) = good.as_object().unwrap().iter().next() {
            let (key, value) = (json!(key), value.to_string());
            shapes.push(format!("{{{key}:{value},{key}:{value},{}", good.to_string().trim_start_matches('{')));
            let mut other = good.clone();
            other[key.as_str().unwrap()] = json!([[7]]);
            shapes.push(other.to_string());
        }
        for shape in shapes {
            let problem = world.refused(&with(case, who, shape.as_bytes())).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_json"), "{shape}");
            assert!(problem.errors[0].line.is_some(), "{problem:?}");
        }
        let told = world.refused(&with(case, who, unknown.to_string().as_bytes())).await.detail;
        assert!(told.contains("`colour`") && told.contains("expected"), "the fields to choose from are named: {told}");
    }
}

#[tokio::test]
async fn commits_of_another_shape_are_told() {
    let world = World::new().await;
    let path = "/iceberg/v1/namespaces/operations/tables/flights__daily__v1";
    let drop = json!({ "action": "add-schema", "schema": { "type": "struct", "schema-id": 1, "fields": [] } });
    for (body, code) in [
        (json!({}), "iceberg.invalid_commit"),
        (json!([]), "request.invalid_json"),
        (json!({ "requirements": {}, "updates": [] }), "iceberg.invalid_commit"),
        (json!({ "requirements": [], "updates": [{ "action": "explode" }] }), "iceberg.invalid_commit"),
        (json!({ "requirements": [], "updates": vec![json!({}); 101] }), "iceberg.invalid_commit"),
        (json!({ "requirements": [], "updates": [drop] }), "iceberg.field_removed"),
        (
            json!({ "requirements": [], "updates": [{ "action": "set-location", "location": "s3://elsewhere" }] }),
            "iceberg.location",
        ),
        (
            json!({ "requirements": [], "updates": [{ "action": "set-properties", "updates": { "owner": "me" } }] }),
            "iceberg.property",
        ),
    ] {
        let problem = world.refused(&Call::new("operations-producer", &routes::ICEBERG_COMMIT, path).json(&body)).await;
        assert_eq!((problem.status, problem.code.as_str()), (400, code), "{problem:?}");
    }
    let stale = json!({ "requirements": [{ "type": "assert-table-uuid", "uuid": "00000000-0000-0000-0000-000000000000" }], "updates": [] });
    let problem = world.refused(&Call::new("operations-producer", &routes::ICEBERG_COMMIT, path).json(&stale)).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "iceberg.requirement_failed"));
}

#[tokio::test]
async fn a_short_body_that_is_wrong_in_many_ways_gets_a_short_answer() {
    let world = World::new().await;
    let ask = json!({ "port": "operations.plain/daily@1", "purpose": "", "contact": "\u{7}", "agreed_freshness": "1m",
        "expires_at": "2020-01-01T00:00:00Z", "fields": vec!["a"; 200_000] });
    let call = Call::new("insights-owner", &routes::CONTRACT_REQUEST, "/contracts").json(&ask);
    let answer = world.send(&call).await;
    assert!(answer.bytes.len() < 64 * 1024, "{}", answer.bytes.len());
    let problem = world.refused(&call).await;
    assert_eq!((problem.code.as_str(), problem.errors.len()), ("request.invalid", 100));
    assert!(problem.detail.contains("the first 100 are listed"), "{}", problem.detail);
    let found: std::collections::BTreeSet<_> = problem.errors.iter().map(|error| error.code.as_str()).collect();
    for code in ["contract.purpose", "contract.contact", "contract.duplicate_field"] {
        assert!(found.contains(code), "{code}: {found:?}");
    }
    let long = format!("{{\"{}\": 1}}", "a".repeat(500_000));
    let call = Call::new("platform-owner", &routes::DOMAIN_CREATE, "/domains").body(long);
    assert!(world.send(&call).await.bytes.len() < 4096, "what was sent is not sent back");
}

#[tokio::test]
async fn what_a_domain_and_its_storage_must_be_is_told_at_its_place() {
    let world = World::new().await;
    let owner = json!({ "principal": "https://idp.example.org|a", "roles": ["owner"] });
    let domain =
        |description: &str, members: Value| json!({ "id": "fleet", "description": description, "members": members });
    let many: Vec<_> =
        (0..41).map(|n| json!({ "principal": format!("https://idp.example.org|{n}"), "roles": ["owner"] })).collect();
    for (body, code, pointer) in [
        (domain(" ", json!([owner])), "domain.description", "/description"),
        (domain(&"é".repeat(2001), json!([owner])), "domain.description", "/description"),
        (domain("x", json!([])), "domain.no_owner", "/members"),
        (domain("x", json!(many)), "domain.too_many_members", "/members"),
        (domain("x", json!([owner, owner])), "domain.duplicate_member", "/members/1/principal"),
        (
            domain("x", json!([owner, { "principal": "https://idp.example.org|b", "roles": [] }])),
            "domain.member_without_role",
            "/members/1/roles",
        ),
    ] {
        let problem = world.refused(&Call::new("platform-owner", &routes::DOMAIN_CREATE, "/domains").json(&body)).await;
        assert_eq!((problem.status, problem.code.as_str()), (400, code), "{body}");
        assert_eq!(problem.errors[0].pointer, pointer);
    }
    let reserved = json!({ "id": "platform", "description": "x", "members": [owner] });
    let problem = world.refused(&Call::new("platform-owner", &routes::DOMAIN_CREATE, "/domains").json(&reserved)).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "domain.reserved"));
    let other =
        Call::new("platform-owner", &routes::DOMAIN_UPDATE, "/domains/operations").json(&domain("x", json!([owner])));
    let problem = world.refused(&other).await;
    assert_eq!((problem.status, problem.code.as_str()), (400, "domain.other_id"));
    let read =
        world.send(&Call::new("platform-owner", &routes::ENVELOPE_READ, "/domains/operations/envelope")).await.json();
    for (part, value) in [
        ("bucket", "mesh-*"),
        ("bucket", "../other"),
        ("bucket", "UPPER"),
        ("bucket", "ab"),
        ("key_arn", "arn:aws:s3:eu-west-1:0:key/x"),
        ("key_arn", "arn:aws:kms:eu-west-1:0:key/*"),
        ("key_arn", "key"),
        ("glue_database", "mesh-operations"),
        ("glue_database", ""),
        ("reader_role_arn", "arn:aws:iam::0:role/r\""),
        ("reader_role_arn", "arn:aws:iam::0:role/${aws:username}"),
        ("observer_role_arn", "arn:aws:iam::0:role/?"),
        ("alert_topic_arn", "https://example.org/hook"),
    ] {
        let mut envelope = read.clone();
        envelope[part] = json!(value);
        let call = Call::new("platform-owner", &routes::ENVELOPE_BIND, "/domains/operations/envelope").json(&envelope);
        let problem = world.refused(&call).await;
        assert_eq!((problem.status, problem.code.as_str()), (400, "domain.envelope_invalid"), "{part} {value}");
        assert_eq!(problem.errors[0].pointer, format!("/{part}"));
    }
    let mut same = read.clone();
    same["reader_role_arn"] = same["producer_role_arn"].clone();
    let call = Call::new("platform-owner", &routes::ENVELOPE_BIND, "/domains/operations/envelope").json(&same);
    assert_eq!(world.refused(&call).await.code, "domain.envelope_invalid");
    let taken = Call::new("platform-owner", &routes::ENVELOPE_BIND, "/domains/weather/envelope").json(&read);
    assert_eq!(world.refused(&taken).await.code, "domain.envelope_conflict");
}
