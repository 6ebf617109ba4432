//! What is hidden from a domain answers it in the same words as what does not exist.

use serde_json::Value;

use crate::{
    cases,
    world::{Call, ROLES, World},
};

/// The answer without what differs by request.
async fn told(world: &World, call: &Call) -> (u16, Value) {
    let answer = world.send(call).await;
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status.as_u16(), body)
}

/// The same request about another thing.
fn about(call: &Call, old: &str, new: &str) -> Call {
    let body = String::from_utf8(call.body.clone()).unwrap().replace(old, new).into_bytes();
    Call { path: call.path.replace(old, new), body, ..call.clone() }
}

#[tokio::test]
async fn hidden_things_cannot_be_told_from_unknown_ones() {
    let world = World::new().await;
    let mut compared = 0;
    for case in cases::all(&world).await.iter().filter(|case| case.hidden) {
        for role in ROLES {
            let call = case.call(&format!("insights-{role}"));
            let schema = call.path.strip_prefix("/schemas/").map(str::to_owned);
            let of_team = call.path.contains("operations.team");
            let hidden = schema.clone().unwrap_or_else(|| if of_team { "team" } else { "secret" }.to_owned());
            let unknown = if schema.is_some() { "f".repeat(hidden.len()) } else { "x".repeat(hidden.len()) };
            let (status, body) = told(&world, &call).await;
            let (unknown_status, unknown_body) = told(&world, &about(&call, &hidden, &unknown)).await;
            let unknown_body: Value =
                serde_json::from_str(&unknown_body.to_string().replace(&unknown, &hidden)).unwrap();
            assert_eq!((status, body), (unknown_status, unknown_body), "{} {}", call.method, call.path);
            compared += 1;
        }
    }
    assert!(compared >= 5 * 10, "{compared}");
}

#[tokio::test]
async fn lists_searches_and_cursors_do_not_tell_of_hidden_products() {
    let world = World::new().await;
    for path in ["/products?limit=1", "/products?limit=2", "/products?domain=operations&limit=1"] {
        let mut next = path.to_owned();
        let mut listed = Vec::new();
        loop {
            let call = Call::new("insights-consumer", &mesh_api::routes::PRODUCT_LIST, &next);
            let page = world.send(&call).await.json();
            listed.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["cursor"].as_str() else { break };
            // The fake's cursors are hexadecimal, the real store's base64: both can be read by who wants to.
            let place = cursor
                .as_bytes()
                .chunks(2)
                .filter_map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().map(char::from));
            let place: String = place.collect();
            assert!(place.contains("operations.") && !place.contains("secret") && !place.contains("team"), "{place}");
            next = format!("{path}&cursor={cursor}");
        }
        assert_eq!(listed, ["operations.flights", "operations.open", "operations.plain"], "{path}");
    }
    let search = Call::new("insights-owner", &mesh_api::routes::SEARCH, "/marketplace/search?q=product&limit=100");
    let found = world.send(&search).await.json();
    assert_eq!(found["total"], 3, "{found}");
    let found = found.to_string();
    assert!(!found.contains("operations.secret") && !found.contains("operations.team"), "{found}");
}

#[tokio::test]
async fn consumers_are_named_to_those_who_answer_for_the_product_only() {
    let world = World::new().await;
    let path = "/contracts?product=operations.flights";
    for (who, seen) in [
        ("operations-owner", true),
        ("operations-producer", true),
        ("operations-approver", true),
        ("operations-consumer", false),
        ("insights-consumer", true),
        ("weather-owner", false),
    ] {
        let listed = world.send(&Call::new(who, &mesh_api::routes::CONTRACT_LIST, path)).await.json();
        assert_eq!(listed.to_string().contains("insights@example.org"), seen, "{who}: {listed}");
    }
}
