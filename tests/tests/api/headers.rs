//! Headers that are malformed: the acting domain, idempotency keys, the plan's digest, preferences.

use mesh_api::routes;

use crate::world::{BOTH, Call, World, manifest, places};

const WHO: &str = "operations-owner";

fn register() -> Call {
    Call::new(WHO, &routes::PRODUCT_REGISTER, "/products").header("content-type", "application/yaml").body(manifest(
        "operations",
        "new",
        "company",
        "internal",
    ))
}

#[tokio::test]
async fn a_domain_to_act_for_is_one_of_ones_own() {
    let world = World::new().await;
    let list = |who: &str| Call::new(who, &routes::PRODUCT_LIST, "/products");
    for malformed in [
        "",
        " ",
        "Operations",
        "*",
        "operations,insights",
        "operations insights",
        "..",
        "\u{43E}perations",
        "operations\u{200B}",
    ] {
        let problem = world.refused(&list(WHO).header("mesh-domain", malformed)).await;
        assert_eq!(problem.status, 400, "{malformed}");
        assert_eq!(places(&problem), [("request.invalid_domain", "/headers/Mesh-Domain")], "{malformed}");
    }
    let problem = world.refused(&list(WHO).header("mesh-domain", [0xFF, 0xFE])).await;
    assert_eq!(places(&problem), [("request.invalid_domain", "/headers/Mesh-Domain")]);
    let twice = list(BOTH).header("mesh-domain", "operations").header("mesh-domain", "insights");
    assert_eq!(world.refused(&twice).await.code, "request.invalid_domain", "which of the two is meant is not guessed");
    for other in ["insights", "platform", "nowhere"] {
        let problem = world.refused(&list(WHO).header("mesh-domain", other)).await;
        assert_eq!((problem.status, problem.code.as_str()), (403, "identity.not_a_member"), "{other}");
        assert!(problem.remedy.is_some_and(|remedy| remedy.contains(other)));
    }
    let problem = world.refused(&list(BOTH)).await;
    assert_eq!((problem.status, problem.code.as_str()), (400, "identity.ambiguous_domain"));
    assert!(problem.detail.contains("insights") && problem.detail.contains("operations"), "{}", problem.detail);
    assert_eq!(world.send(&list(BOTH).header("mesh-domain", "insights")).await.status, 200);
}

#[tokio::test]
async fn an_idempotency_key_is_short_printable_and_for_one_body() {
    let world = World::new().await;
    for key in ["".to_owned(), "k".repeat(256), "schlüssel".to_owned()] {
        let problem = world.refused(&register().header("idempotency-key", &key)).await;
        assert_eq!(places(&problem), [("idempotency.invalid_key", "/headers/Idempotency-Key")], "{key}");
    }
    let keyed = register().header("idempotency-key", "k".repeat(255));
    assert_eq!(world.send(&keyed).await.status, 202);
    assert_eq!(world.send(&keyed).await.status, 200, "the same request is answered again");
    let other = manifest("operations", "newer", "company", "internal");
    let problem = world.refused(&keyed.clone().body(other)).await;
    assert_eq!((problem.status, problem.code.as_str()), (422, "idempotency.other_body"));
    assert_eq!(problem.errors[0].pointer, "/headers/Idempotency-Key");
    assert!(problem.remedy.is_some());
    // Somebody else's key is another key.
    let colleague = Call { who: "operations-producer".to_owned(), ..keyed };
    let colleague = colleague.body(manifest("operations", "third", "company", "internal"));
    assert_eq!(world.send(&colleague).await.status, 202);
}

#[tokio::test]
async fn a_digest_that_is_none_does_not_loosen_the_registration() {
    let world = World::new().await;
    for digest in ["", "0", "none", &"g".repeat(64), &"0".repeat(65)] {
        let problem = world.refused(&register().header("mesh-findings-digest", digest)).await;
        assert_eq!(places(&problem), [("registration.invalid_digest", "/headers/Mesh-Findings-Digest")], "{digest}");
    }
    let problem = world.refused(&register().header("mesh-findings-digest", [0xFF])).await;
    assert_eq!(problem.code, "registration.invalid_digest");
    let problem = world.refused(&register().header("mesh-findings-digest", "0".repeat(64))).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "registration.findings_changed"));
    let planned = Call { path: "/products?dry_run=true".to_owned(), ..register() };
    let digest = world.send(&planned).await.json()["findings_digest"].as_str().unwrap().to_owned();
    assert_eq!(world.send(&register().header("mesh-findings-digest", digest)).await.status, 202);
}

#[tokio::test]
async fn a_wait_is_a_number_of_seconds() {
    let world = World::new().await;
    for prefer in ["wait=soon", "wait=", "wait=-1", "wait=1.5", "respond-async, wait=x"] {
        let problem = world.refused(&register().header("prefer", prefer)).await;
        assert_eq!(places(&problem), [("request.invalid_prefer", "/headers/Prefer")], "{prefer}");
    }
    assert_eq!(
        world.send(&register().header("prefer", "respond-async")).await.status,
        202,
        "other preferences may be left"
    );
}
