//! Query parameters that are unknown, doubled, out of bounds or forged.

use mesh_api::routes::{self, Route};

use crate::{
    cases,
    world::{Call, World},
};

const WHO: &str = "operations-owner";

async fn code(world: &World, route: &'static Route, path: &str) -> (u16, String, String) {
    let problem = world.refused(&Call::new(WHO, route, path)).await;
    (
        problem.status,
        problem.code.clone(),
        problem.errors.first().map(|error| error.pointer.clone()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn an_unknown_a_doubled_and_a_mistyped_parameter_are_told() {
    let world = World::new().await;
    let mut routes = 0;
    for case in cases::all(&world).await {
        let route = case.route;
        // Iceberg's clients send parameters of later versions of the protocol, which it asks to pass over.
        if route.query.is_empty() || route.operation.starts_with("iceberg") {
            continue;
        }
        let call = case.call(WHO);
        let (path, glue) = (call.path.clone(), if call.path.contains('?') { '&' } else { '?' });
        for (parameter, wrong) in [("colour=red", "colour"), ("limt=10", "limt"), ("%FF=1", "")] {
            let problem = world.refused(&Call { path: format!("{path}{glue}{parameter}"), ..call.clone() }).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_query"), "{path} {parameter}");
            assert!(problem.detail.contains(wrong), "{}", problem.detail);
            assert!(problem.remedy.is_some_and(|remedy| remedy.contains("/openapi.json")));
        }
        for name in route.query.iter().map(|parameter| parameter.name) {
            let doubled = format!("{path}{glue}{name}=1&{name}=1");
            let problem = world.refused(&Call { path: doubled, ..call.clone() }).await;
            assert_eq!((problem.status, problem.code.as_str()), (400, "request.invalid_query"), "{path} {name} twice");
        }
        routes += 1;
    }
    assert!(routes >= 8, "{routes}");
    for (route, path) in [
        (&routes::PRODUCT_LIST, "/products?limit=abc"),
        (&routes::PRODUCT_LIST, "/products?limit=-1"),
        (&routes::PRODUCT_LIST, "/products?limit=1.5"),
        (&routes::PRODUCT_LIST, "/products?limit=99999999999999999999"),
        (&routes::PRODUCT_REGISTER, "/products?dry_run=maybe"),
        (&routes::PRODUCT_REGISTER, "/products?dry_run="),
        (&routes::PORT_READ, "/products/operations.plain/ports/daily/read?version=one"),
        (&routes::PORT_READ, "/products/operations.plain/ports/daily/read?version=-1"),
        (&routes::PORT_READ, "/products/operations.plain/ports/daily/read?version=1.0.0"),
        (&routes::SEARCH, "/marketplace/search?sla_minutes=soon"),
        (&routes::SEARCH, "/marketplace/search?sla_minutes=-5"),
    ] {
        let (status, code, pointer) = code(&world, route, path).await;
        assert_eq!((status, code.as_str(), pointer.as_str()), (400, "request.invalid_query", "/query"), "{path}");
    }
}

#[tokio::test]
async fn a_page_has_1_to_100_items() {
    let world = World::new().await;
    for (route, path) in [
        (&routes::DOMAIN_LIST, "/domains"),
        (&routes::PRODUCT_LIST, "/products"),
        (&routes::PRODUCT_HISTORY, "/products/operations.flights/history"),
        (&routes::CONTRACT_LIST, "/contracts"),
        (&routes::SEARCH, "/marketplace/search"),
    ] {
        for limit in [0, 101, 1_000_000] {
            let told = code(&world, route, &format!("{path}?limit={limit}")).await;
            assert_eq!(told, (400, "request.invalid_limit".to_owned(), "/query/limit".to_owned()), "{path} {limit}");
        }
        for limit in [1, 100] {
            assert_eq!(world.send(&Call::new(WHO, route, &format!("{path}?limit={limit}"))).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_forged_cursor_and_one_of_another_list_are_told() {
    let world = World::new().await;
    let page = world.send(&Call::new(WHO, &routes::DOMAIN_LIST, "/domains?limit=1")).await.json();
    let of_domains = page["cursor"].as_str().unwrap().to_owned();
    let forged = ["", "0", "zzzz", "..", "%00", "%2F", "eyJ4IjoxfQ", &"f".repeat(5000)].map(str::to_owned);
    for cursor in forged.iter().chain([&of_domains]) {
        for (route, path) in [
            (&routes::DOMAIN_LIST, "/domains"),
            (&routes::PRODUCT_LIST, "/products"),
            (&routes::PRODUCT_HISTORY, "/products/operations.flights/history"),
            (&routes::CONTRACT_LIST, "/contracts"),
            (&routes::SEARCH, "/marketplace/search"),
        ] {
            if path == "/domains" && *cursor == of_domains {
                continue;
            }
            let told = code(&world, route, &format!("{path}?cursor={cursor}")).await;
            assert_eq!(told, (400, "request.invalid_cursor".to_owned(), "/query/cursor".to_owned()), "{path} {cursor}");
        }
    }
    let told = code(&world, &routes::CONTRACT_LIST, "/contracts?product=operations.flights&cursor=x").await;
    assert_eq!(told.1, "request.invalid_query");
}

#[tokio::test]
async fn a_search_is_bounded_and_operators_are_words() {
    let world = World::new().await;
    let long = code(&world, &routes::SEARCH, &format!("/marketplace/search?q={}", "a".repeat(10_000))).await;
    assert_eq!(long, (400, "search.text_too_long".to_owned(), "/query/q".to_owned()));
    for q in [
        "*",
        "%2B-%3D%26%7C%3E%3C!()%7B%7D%5B%5D%5E%22~*%3F:%5C%2F",
        "AND%20OR%20NOT",
        "%22%22%22",
        "%FF%FE",
        "%00",
        "_id:x",
        "~~~~",
    ] {
        let path = format!("/marketplace/search?q={q}");
        let answer = world.send(&Call::new(WHO, &routes::SEARCH, &path)).await;
        assert_eq!(answer.status, 200, "{q}: {}", answer.json());
    }
    for (filter, pointer) in [
        ("classification=secret", "/query/classification"),
        ("format=ICEBERG", "/query/format"),
        ("format=*", "/query/format"),
    ] {
        let told = code(&world, &routes::SEARCH, &format!("/marketplace/search?{filter}")).await;
        assert_eq!(told, (400, "search.invalid_filter".to_owned(), pointer.to_owned()));
    }
    let told = code(&world, &routes::SEARCH, "/marketplace/search?sla_minutes=0").await;
    assert_eq!(told, (400, "search.invalid_sla".to_owned(), "/query/sla_minutes".to_owned()));
}

#[tokio::test]
async fn purposes_and_versions_out_of_bounds_open_nothing() {
    let world = World::new().await;
    let read = "/products/operations.plain/ports/daily/read";
    for purpose in [String::new(), "a".repeat(61), "%F0%9F%98%80".repeat(61)] {
        let told = code(&world, &routes::PORT_READ, &format!("{read}?purpose={purpose}")).await;
        assert_eq!(told, (400, "request.invalid_purpose".to_owned(), "/query/purpose".to_owned()), "{purpose}");
    }
    for version in ["0", "2", "18446744073709551615"] {
        for (route, path) in [
            (&routes::PORT_READ, read.to_owned()),
            (&routes::PORT_WRITE, read.replace("/read", "/write")),
            (&routes::PORT_SLA, read.replace("/read", "/sla")),
        ] {
            let (status, code, _) = code(&world, route, &format!("{path}?version={version}")).await;
            assert_eq!((status, code.as_str()), (404, "port.not_found"), "{path} {version}");
        }
    }
    let denied = world
        .refused(&Call::new(
            "insights-owner",
            &routes::PORT_READ,
            "/products/operations.flights/ports/daily/read?purpose=marketing",
        ))
        .await;
    assert_eq!((denied.status, denied.code.as_str()), (403, "access.denied"), "a contract is for its purpose only");
    assert!(denied.remedy.is_some() && !denied.errors.is_empty());
}
