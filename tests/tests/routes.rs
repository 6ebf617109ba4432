//! One route table: what the gateway serves is what the functions serve.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use mesh_api::routes::{self, ROUTES};

#[test]
fn the_gateways_routes_are_those_of_the_table() {
    let file = PathBuf::from("../infra/routes.json");
    let checked_in: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(checked_in, routes::gateway_routes(), "run `cargo xtask codegen`");
}

#[test]
fn operations_and_paths_are_unique() {
    let mut operations: Vec<_> = ROUTES.iter().map(|route| route.operation).collect();
    let mut places: Vec<_> = ROUTES.iter().map(|route| (route.path, route.method)).collect();
    operations.sort_unstable();
    places.sort_unstable();
    assert!(operations.windows(2).all(|pair| pair[0] != pair[1]), "{operations:?}");
    assert!(places.windows(2).all(|pair| pair[0] != pair[1]), "{places:?}");
}

#[test]
fn the_openapi_document_describes_every_route_and_refers_to_what_it_defines() {
    let document = mesh_api::openapi::document();
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        assert_eq!(operation["operationId"], route.operation);
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "`{name}` is referred to and not defined");
    }
}
