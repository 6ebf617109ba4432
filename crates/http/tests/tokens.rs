//! What passes for a token and what does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use mesh_http::{
    testing::{ISSUER, TestIssuer},
    token::TokenError,
};
use serde_json::{Value, json};

async fn refused(issuer: &TestIssuer, token: &str) -> TokenError {
    issuer.verifier().principal(Some(&format!("Bearer {token}"))).await.unwrap_err()
}

fn spoilt(issuer: &TestIssuer, key: &str, value: Value) -> String {
    let mut claims = issuer.claims("alice");
    claims[key] = value;
    issuer.sign(&claims)
}

#[tokio::test]
async fn a_good_token_names_its_principal() {
    let issuer = TestIssuer::new();
    let principal = issuer.verifier().principal(Some(&format!("Bearer {}", issuer.token("alice")))).await.unwrap();
    assert_eq!(principal.as_str(), format!("{ISSUER}|alice"));
}

#[tokio::test]
async fn what_is_no_bearer_token_is_missing() {
    let issuer = TestIssuer::new();
    for header in [None, Some(""), Some("Bearer"), Some("Basic YTpi")] {
        assert_eq!(issuer.verifier().principal(header).await.unwrap_err(), TokenError::Missing, "{header:?}");
    }
}

#[tokio::test]
async fn spoilt_tokens_are_refused_for_what_is_wrong() {
    let issuer = TestIssuer::new();
    let cases = [
        ("exp", json!(1_000_000_000), TokenError::Expired),
        ("nbf", json!(4_000_000_000_u64), TokenError::NotYet),
        ("iss", json!("https://evil.example.org"), TokenError::Issuer),
        ("token_use", json!("id"), TokenError::Use),
        ("scope", json!("mesh/api-but-not-quite"), TokenError::Scope("mesh/api".to_owned())),
        ("sub", json!(""), TokenError::Malformed),
    ];
    for (key, value, expected) in cases {
        assert_eq!(refused(&issuer, &spoilt(&issuer, key, value)).await, expected, "{key}");
    }
}

#[tokio::test]
async fn a_foreign_signature_and_no_signature_are_refused() {
    let (issuer, other) = (TestIssuer::new(), TestIssuer::new());
    assert_eq!(refused(&issuer, &other.token("alice")).await, TokenError::Signature);
    let token = issuer.token("alice");
    let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
    assert_eq!(refused(&issuer, &unsigned).await, TokenError::Signature);
    // {"alg":"none","kid":"test"}
    let claims = token.split('.').nth(1).unwrap();
    let none = format!("eyJhbGciOiJub25lIiwia2lkIjoidGVzdCJ9.{claims}.");
    assert_eq!(refused(&issuer, &none).await, TokenError::Malformed);
    // {"alg":"HS256","kid":"test"}
    let shared = format!("eyJhbGciOiJIUzI1NiIsImtpZCI6InRlc3QifQ.{claims}.c2ln");
    assert_eq!(refused(&issuer, &shared).await, TokenError::Algorithm("HS256".to_owned()));
    assert_eq!(refused(&issuer, "not.a.token").await, TokenError::Malformed);
    assert_eq!(refused(&issuer, &"a".repeat(9000)).await, TokenError::Malformed);
}
