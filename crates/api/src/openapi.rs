//! The OpenAPI 3.1 document, made from the route table and the wire types.
//!
//! It says everything that may be answered, whoever answers: what a function refuses is a problem, what the gateway in front
//! of it refuses is a message.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    media::{BUNDLE, ODCS_JSON, ODCS_YAML, ODPS_JSON, ODPS_YAML},
    parameters::{self, Parameter},
    problem::{GatewayMessage, IcebergProblem, PROBLEM_JSON, Problem},
    routes::{Function, ROUTES, Route},
};

const JSON: &str = "application/json";

/// What every route may answer.
const ALWAYS: &[u16] = &[429, 500, 503, 504];
/// What a route that needs a token may answer.
const WITH_TOKEN: &[u16] = &[400, 401, 403];
/// What a route that takes a body may answer.
const WITH_BODY: &[u16] = &[413, 415];
/// What a route with a parameter in its path may answer: the gateway decodes what is encoded there, which may lead elsewhere.
const WITH_PARAMETER: &[u16] = &[404, 405];
/// What the gateway may answer by itself; 404 where a path's parameter is nothing that it takes for one.
const BY_GATEWAY: &[u16] = &[404, 413, 429, 500, 503];

/// The OpenAPI 3.1 document of the API.
pub fn document() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route, &mut generator);
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
            "description": "Data products: declared, governed, found, read and measured. Errors are RFC 9457 problems; `docs/reference/problems.md` explains every code, which is also its anchor there.",
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

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.function.as_str()],
        "parameters": parameters(route, generator),
        "responses": responses(route, generator),
    });
    if let Some(operation) = operation.as_object_mut() {
        if let Some((types, schema)) = route.request {
            let schema = schema(generator).to_value();
            // No body stands for an empty object, which is enough where nothing is required of it.
            let required = asks_for_something(&schema, generator);
            let content = match example(route.operation) {
                Some(example) => json!({ "schema": schema, "example": example }),
                None => json!({ "schema": schema }),
            };
            let mut content: Map<String, Value> =
                types.iter().map(|kind| ((*kind).to_owned(), content.clone())).collect();
            content.extend(standards_taken(route.operation).iter().map(|kind| ((*kind).to_owned(), standard(kind))));
            operation.insert("requestBody".to_owned(), json!({ "required": required, "content": content }));
        }
        if !route.token {
            operation.insert("security".to_owned(), json!([]));
        }
    }
    operation
}

/// What a product is described by as well: a document of the Open Data Product Standard with its contracts.
fn standards_taken(operation: &str) -> &'static [&'static str] {
    match operation {
        "registerProduct" => &[ODPS_YAML, ODPS_JSON, BUNDLE],
        _ => &[],
    }
}

/// What is returned where `Accept` names it.
fn standards_read(operation: &str) -> &'static [&'static str] {
    match operation {
        "readProduct" => &[ODPS_JSON, ODPS_YAML],
        "readPortContract" => &[ODCS_JSON, ODCS_YAML],
        _ => &[],
    }
}

/// Content that the open standards describe, each version by a JSON Schema of its own.
fn standard(kind: &str) -> Value {
    match kind {
        ODPS_JSON | ODCS_JSON => json!({ "schema": { "type": "object" } }),
        _ => json!({ "schema": { "type": "string" } }),
    }
}

/// A body as it may be sent.
fn example(operation: &str) -> Option<Value> {
    match operation {
        "createDomain" => Some(json!({
            "id": "sales",
            "description": "Tickets and who bought them.",
            "members": [{ "principal": "https://idp.example.org|alice", "roles": ["owner", "producer"] }],
        })),
        "registerProduct" => Some(json!({
            "apiVersion": "mesh/v1",
            "kind": "DataProduct",
            "domain": "operations",
            "name": "gates",
            "version": "1.0.0",
            "description": "Every gate of the New York airports.",
            "owner": { "team": "Flight Operations", "contact": "flight-ops@example.org" },
            "classification": "internal",
            "retention": "730d",
            "access": { "visibility": "company", "purposes": ["operations", "analytics"] },
            "outputPorts": [{
                "name": "daily",
                "version": "1.0.0",
                "format": "json",
                "sla": { "freshness": "24h" },
                "schema": { "fields": [{ "name": "gate", "type": "string", "description": "Number at the door" }] },
            }],
        })),
        "requestContract" => Some(json!({
            "port": "weather.hourly/observations@1",
            "purpose": "analytics",
            "contact": "insights@example.org",
        })),
        "checkPolicy" => Some(json!({
            "action": { "name": "read" },
            "resource": { "type": "output_port", "id": "operations.flights/daily@1" },
        })),
        _ => None,
    }
}

fn asks_for_something(schema: &Value, generator: &SchemaGenerator) -> bool {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let schema = name.and_then(|name| generator.definitions().get(name)).unwrap_or(schema);
    schema.get("required").and_then(Value::as_array).is_some_and(|required| !required.is_empty())
}

fn parameters(route: &Route, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut all = Vec::new();
    for name in in_path(route) {
        let schema = parameters::in_path(name)(generator);
        let mut parameter = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        if let (Some(example), Some(parameter)) = (parameters::example_in_path(name), parameter.as_object_mut()) {
            parameter.insert("example".to_owned(), example.into());
        }
        all.push(parameter);
    }
    let acting: &[Parameter] = if route.token { &[parameters::ACTING] } else { &[] };
    let headers = acting.iter().chain(route.headers).map(|parameter| ("header", parameter));
    for (place, Parameter { name, meaning, schema }) in route.query.iter().map(|one| ("query", one)).chain(headers) {
        let schema = schema(generator);
        all.push(json!({ "name": name, "in": place, "required": false, "description": meaning, "schema": schema }));
    }
    all
}

/// Names of the parameters in the route's path.
fn in_path(route: &Route) -> impl Iterator<Item = &'static str> {
    route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut responses = Map::new();
    for (status, schema) in [route.success].into_iter().chain(route.unchanged.map(|schema| (200, Some(schema)))) {
        let content = schema.map(|schema| {
            let own = (JSON.to_owned(), json!({ "schema": schema(generator).to_value() }));
            let standards = standards_read(route.operation).iter().map(|kind| ((*kind).to_owned(), standard(kind)));
            Value::Object([own].into_iter().chain(standards).collect())
        });
        let mut answer = response(status, route.summary, content);
        if route.path == "/products" && route.method == "POST" {
            with_headers(&mut answer, &[("Location", "Where the product is."), ("Preference-Applied", "`wait`.")]);
        }
        responses.insert(status.to_string(), answer);
    }
    let mut statuses = [ALWAYS, route.problems].concat();
    statuses.extend(WITH_TOKEN.iter().filter(|_| route.token));
    statuses.extend(WITH_BODY.iter().filter(|_| route.request.is_some()));
    statuses.extend(WITH_PARAMETER.iter().filter(|_| in_path(route).next().is_some()));
    statuses.sort_unstable();
    for status in statuses {
        // An answer to HEAD has no content.
        let content = (route.method != "HEAD").then(|| problem(route, status, generator));
        let mut answer = response(status, reason(status), content);
        match status {
            401 => with_headers(&mut answer, &[("WWW-Authenticate", "`Bearer`.")]),
            503 | 504 => with_headers(&mut answer, &[("Retry-After", "Seconds after which to try again.")]),
            _ => {}
        }
        responses.insert(status.to_string(), answer);
    }
    responses
}

fn response(status: u16, description: &str, content: Option<Value>) -> Value {
    let mut answer = json!({ "description": description });
    if let (Some(content), Some(answer)) = (content, answer.as_object_mut()) {
        answer.insert("content".to_owned(), content);
    }
    if status != 429 {
        with_headers(&mut answer, &[("X-Request-Id", "Names the request in the platform's logs.")]);
    }
    answer
}

/// None of them is there where the gateway answers by itself.
fn with_headers(answer: &mut Value, headers: &[(&str, &str)]) {
    let Some(answer) = answer.as_object_mut() else { return };
    let known = answer.entry("headers").or_insert_with(|| json!({}));
    for (name, meaning) in headers {
        if let Some(known) = known.as_object_mut() {
            known.insert((*name).to_owned(), json!({ "description": meaning, "schema": { "type": "string" } }));
        }
    }
}

/// The content of a refusal. Iceberg clients read `application/json` only.
fn problem(route: &Route, status: u16, generator: &mut SchemaGenerator) -> Value {
    let by_gateway = BY_GATEWAY.contains(&status).then(|| of::<GatewayMessage>(generator));
    match (route.function, by_gateway) {
        _ if status == 429 => json!({ JSON: { "schema": of::<GatewayMessage>(generator) } }),
        (Function::Iceberg, Some(message)) => {
            json!({ JSON: { "schema": { "anyOf": [of::<IcebergProblem>(generator), message] } } })
        }
        (Function::Iceberg, None) => json!({ JSON: { "schema": of::<IcebergProblem>(generator) } }),
        (_, Some(message)) => {
            json!({ PROBLEM_JSON: { "schema": of::<Problem>(generator) }, JSON: { "schema": message } })
        }
        (_, None) => json!({ PROBLEM_JSON: { "schema": of::<Problem>(generator) } }),
    }
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid",
        401 => "The token is missing or not valid",
        403 => "The caller may not do that",
        404 => "There is no such thing, or the caller may not know of it",
        405 => "The path, once decoded, is that of a route without this method",
        409 => "It stands against what is stored, or somebody else was faster",
        410 => "It is gone; where there is a successor, the problem names it",
        413 => "The request is too large",
        415 => "The body is of a type that is not taken here",
        422 => "Contract rules or policies refuse it",
        429 => "Too many requests; try again",
        503 => "A service that is needed is unavailable; try again",
        504 => "There was no answer in time; what was asked may have taken effect",
        _ => "The platform failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_with_a_body_tells_what_it_is() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            let answers = [route.success].into_iter().chain(route.unchanged.map(|schema| (200, Some(schema))));
            for (status, schema) in answers {
                let content = &operation["responses"][status.to_string()]["content"];
                assert_eq!(content.get(JSON).is_some(), schema.is_some(), "{} {status}: {content}", route.operation);
            }
        }
    }
}
