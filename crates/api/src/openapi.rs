//! The OpenAPI 3.1 document, made from the route table and the wire types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    problem::{PROBLEM_JSON, Problem},
    routes::{ROUTES, Route},
};

/// The OpenAPI 3.1 document of the API.
pub fn document() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in ROUTES {
        let request = route.request.map(|(types, schema)| (types, schema(&mut generator)));
        let success = route.success.1.map(|schema| schema(&mut generator));
        let operation = operation(
            route,
            request.map(|(types, schema)| (types, schema.to_value())),
            success.map(|schema| schema.to_value()),
            problem.as_value(),
        );
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mesh",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Data products: declared, governed, found, read and measured. Errors are RFC 9457 problems.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
        "security": [{ "token": [] }],
    })
}

fn operation(route: &Route, request: Option<(&[&str], Value)>, success: Option<Value>, problem: &Value) -> Value {
    let mut parameters = Vec::new();
    for name in route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    for (name, meaning) in route.query {
        parameters.push(json!({ "name": name, "in": "query", "required": false, "description": meaning, "schema": { "type": "string" } }));
    }
    let acting: &[_] =
        if route.token { &[("Mesh-Domain", "The domain to act for, if you belong to several.")] } else { &[] };
    for (name, meaning) in acting.iter().chain(route.headers) {
        parameters.push(json!({ "name": name, "in": "header", "required": false, "description": meaning, "schema": { "type": "string" } }));
    }
    let mut responses = Map::new();
    let (status, _) = route.success;
    let mut answer = json!({ "description": route.summary });
    if let (Some(schema), Some(answer)) = (success, answer.as_object_mut()) {
        answer.insert("content".to_owned(), json!({ "application/json": { "schema": schema } }));
    }
    responses.insert(status.to_string(), answer);
    let always: &[u16] = if route.token { &[400, 401, 403, 500, 503] } else { &[500] };
    for status in always.iter().chain(route.problems) {
        let answer = json!({ "description": reason(*status), "content": { PROBLEM_JSON: { "schema": problem } } });
        responses.insert(status.to_string(), answer);
    }
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.function.as_str()],
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(operation) = operation.as_object_mut() {
        if let Some((types, schema)) = request {
            let content: Map<String, Value> =
                types.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": schema }))).collect();
            operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
        if !route.token {
            operation.insert("security".to_owned(), json!([]));
        }
    }
    operation
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid",
        401 => "The token is missing or not valid",
        403 => "The caller may not do that",
        404 => "There is no such thing, or the caller may not know of it",
        409 => "It stands against what is stored, or somebody else was faster",
        413 => "The request is too large",
        422 => "Contract rules or policies refuse it",
        503 => "A service that is needed is unavailable; try again",
        _ => "The platform failed",
    }
}
