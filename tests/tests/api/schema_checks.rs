//! Dry runs of schemas, as pipelines send them: read as registration reads them.

use mesh_api::routes;
use serde_json::{Value, json};

use crate::world::{Call, World};

fn check(port: &str, schema: &Value) -> Call {
    let path = format!("/subjects/operations.flights/{port}/check");
    Call::new("operations-owner", &routes::SUBJECT_CHECK, &path).json(&json!({ "schema": schema }))
}

#[tokio::test]
async fn a_schema_in_another_language_is_judged_by_its_fields() {
    let world = World::new().await;
    let avro = |fields: Value| json!({ "source": { "language": "avro", "text": json!({ "type": "record", "name": "R", "fields": fields }).to_string() } });
    let flight = json!({ "name": "flight", "type": "int" });
    let tail = json!({ "name": "tail_number", "type": ["null", "string"] });
    let gate = json!({ "name": "gate", "type": ["null", "string"] });
    let answer = world.send(&check("daily", &avro(json!([flight, tail, gate])))).await.json();
    assert_eq!((&answer["compatible"], &answer["needed"]), (&json!(true), &json!("1.1.0")), "{answer}");
    let answer = world.send(&check("daily", &avro(json!([flight])))).await.json();
    assert_eq!((&answer["compatible"], &answer["needed"]), (&json!(false), &json!("2.0.0")), "{answer}");
    let broken = world.refused(&check("daily", &json!({ "source": { "language": "avro", "text": "{" } }))).await;
    assert_eq!((broken.status, broken.code.as_str()), (400, "manifest.source_syntax"), "{broken:?}");
    assert_eq!(broken.errors[0].pointer, "/schema/source/text");
}

#[tokio::test]
async fn what_registration_would_refuse_is_refused_all_at_once() {
    let world = World::new().await;
    let fields = json!([{ "name": "a b!", "type": "int" }, { "name": "c d", "type": "int" }]);
    let problem = world.refused(&check("daily", &json!({ "fields": fields }))).await;
    let told: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(told, ["/schema/fields/0/name", "/schema/fields/1/name"], "{problem:?}");
    assert!(problem.errors.iter().all(|error| error.line.is_none()), "lines of what nobody sent: {problem:?}");
    let absent = world.refused(&check("daily@9", &json!({ "fields": [{ "name": "a", "type": "int" }] }))).await;
    assert!(absent.status == 404 && absent.detail.contains("daily@9"), "{absent:?}");
}
