//! Requests without a good token, at every function: 401, what is wrong, and nothing done.

use mesh_api::routes;
use mesh_http::testing::{SCOPE, TestIssuer};
use serde_json::{Value, json};

use crate::{
    cases,
    world::{Call, World},
};

/// What is wrong → the token.
fn spoilt(issuer: &TestIssuer) -> Vec<(&'static str, String)> {
    let with = |key: &str, value: Value| {
        let mut claims = issuer.claims("operations-owner");
        claims[key] = value;
        issuer.sign(&claims)
    };
    let good = issuer.token("operations-owner");
    let claims = good.split('.').nth(1).unwrap();
    vec![
        ("has expired", with("exp", json!(1_000_000_000))),
        ("is not valid yet", with("nbf", json!(4_000_000_000_u64))),
        ("issuer is not trusted", with("iss", json!("https://evil.example.org"))),
        ("is not an access token", with("token_use", json!("id"))),
        ("nor has the scope", with("scope", json!("openid email"))),
        ("nor has the scope", with("scope", json!(format!("x{SCOPE} {SCOPE}x")))),
        ("signature does not hold", TestIssuer::new().token("operations-owner")),
        ("signature does not hold", format!("{}.", good.rsplit_once('.').unwrap().0)),
        // {"alg":"none","kid":"test"}
        ("is not a signed JWT", format!("eyJhbGciOiJub25lIiwia2lkIjoidGVzdCJ9.{claims}.")),
        // {"alg":"HS256","kid":"test"}
        ("`HS256`, which is not accepted", format!("eyJhbGciOiJIUzI1NiIsImtpZCI6InRlc3QifQ.{claims}.c2ln")),
        ("is not a signed JWT", "not.a.token".to_owned()),
        ("is not a signed JWT", "a".repeat(9000)),
    ]
}

#[tokio::test]
async fn every_function_refuses_every_bad_token_and_says_what_is_wrong() {
    let world = World::new().await;
    let tokens = spoilt(&world.issuer);
    let operations =
        ["registerProduct", "readPort", "checkPolicy", "search", "icebergCommit", "writePort", "listDomains"];
    for case in cases::all(&world).await.iter().filter(|case| operations.contains(&case.route.operation)) {
        for (wrong, token) in &tokens {
            let call = case.call("").header("authorization", format!("Bearer {token}"));
            let problem = world.refused(&call).await;
            assert_eq!((problem.status, problem.code.as_str()), (401, "token.refused"), "{wrong}: {problem:?}");
            assert!(problem.detail.contains(wrong), "{wrong}: {}", problem.detail);
            assert!(problem.remedy.is_some_and(|remedy| remedy.contains("Bearer")));
            assert!(!world.send(&call).await.json().to_string().contains(token.as_str()), "a token is not repeated");
        }
    }
}

#[tokio::test]
async fn other_schemes_and_tokens_elsewhere_do_not_count() {
    let world = World::new().await;
    let token = world.issuer.token("operations-owner");
    for header in ["Basic b3BlcmF0aW9uczpvd25lcg==".to_owned(), "Bearer".to_owned(), token.clone(), String::new()] {
        let call = Call::new("", &routes::PRODUCT_LIST, "/products").header("authorization", header);
        let answer = world.send(&call).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    for path in [format!("/products?access_token={token}"), format!("/products?authorization=Bearer%20{token}")] {
        let problem = world.refused(&Call::new("", &routes::PRODUCT_LIST, &path)).await;
        assert_eq!(problem.code, "token.refused");
        assert!(!problem.instance.contains(&token), "the query is not repeated");
    }
}

#[tokio::test]
async fn iceberg_clients_find_refusals_where_they_look_for_them() {
    let world = World::new().await;
    let table = "/iceberg/v1/namespaces/operations/tables/plain__daily__v1";
    for (who, path, status, kind) in [
        ("", table, 401, "NotAuthorizedException"),
        ("nobody", table, 403, "ForbiddenException"),
        ("insights-consumer", table, 403, "ForbiddenException"),
        ("insights-consumer", "/iceberg/v1/namespaces/operations/tables/none__daily__v1", 404, "NoSuchTableException"),
        ("insights-consumer", "/iceberg/v1/namespaces/operations/tables/%FF", 400, "BadRequestException"),
    ] {
        let answer = world.send(&Call::new(who, &routes::ICEBERG_TABLE, path)).await;
        let problem = answer.problem();
        let error = &answer.json()["error"];
        assert_eq!(
            (problem.status, &error["type"], &error["code"]),
            (status, &json!(kind), &json!(status)),
            "{who} {path}"
        );
        assert!(error["message"].as_str().unwrap().starts_with(&problem.detail), "{error}");
        assert_eq!(answer.headers["content-type"], "application/json", "clients take nothing else");
    }
    let namespace = Call::new("insights-consumer", &routes::ICEBERG_NAMESPACE, "/iceberg/v1/namespaces/nowhere");
    assert_eq!(world.send(&namespace).await.json()["error"]["type"], "NoSuchNamespaceException");
}
