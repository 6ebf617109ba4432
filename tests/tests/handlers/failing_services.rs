//! Every call of every route fails in turn: the answer is a problem that says so, never half of a result, and nothing is half-written.

use mesh_api::routes::{self, Function};
use mesh_core::{
    error::StoreError,
    fakes::{Fault, Moment},
};
use serde_json::Value;

use crate::{
    requests::{self, Good},
    service::{Answer, Service},
};

type Failing = fn() -> StoreError;

/// Ways in which a service fails, by the name of its error.
const ERRORS: [(&str, Failing); 4] = [
    ("unavailable", || StoreError::unavailable("a service", "told to fail")),
    ("denied", || StoreError::denied("a service", "told to fail")),
    ("conflict", || StoreError::Conflict),
    ("corrupt", || StoreError::corrupt("item", "told to fail")),
];

/// What a body says, without what differs from one run to the next: ids that are made up, and what follows from them.
fn essence(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| {
                ![
                    "id",
                    "external_id",
                    "decision_id",
                    "credentials",
                    "files",
                    "metadata-location",
                    "storage-credentials",
                    "config",
                ]
                .contains(&name.as_str())
            });
            kept.map(|(name, value)| (name.clone(), essence(value))).collect()
        }
        Value::Array(items) => items.iter().map(essence).collect(),
        other => other.clone(),
    }
}

/// What is wrong with the answer to a request of which a call failed by `error`.
fn wrong(answer: &Answer, wanted: &Answer, good: &Good, error: &str, call: &str) -> Vec<String> {
    let (status, body) = (answer.status.as_u16(), &answer.body);
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{what}: {status} {body}"));
        }
    };
    if answer.status.is_success() {
        // The failure was made good: the whole of the result then.
        expect(answer.status == wanted.status && essence(body) == essence(&wanted.body), "half a result");
        return wrong;
    }
    let expected = match error {
        // Whether a commit took effect is not known: 503 would have its writer delete the files.
        "unavailable" if call == "TableCatalog::swap" => 500,
        "unavailable" | "denied" => 503,
        "conflict" => 409,
        _ => 500,
    };
    expect(status == expected, "another status");
    expect(answer.headers.contains_key("retry-after") == (status == 503), "Retry-After");
    expect(answer.headers.get("cache-control").is_some_and(|value| value == "no-store"), "Cache-Control");
    if good.sent.method == "HEAD" {
        return wrong;
    }
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    if good.function == Function::Iceberg && body.get("error").is_some() {
        expect(body["error"]["code"] == status, "the code that Iceberg clients read");
    } else {
        expect(kind == Some("application/problem+json"), "no problem");
    }
    expect(body["status"] == status && body["code"].is_string() && body["remedy"].is_string(), "not all of a problem");
    let text = body.to_string();
    expect(!text.contains("told to fail") && !text.contains("secret-"), "what is for the log only");
    wrong
}

#[tokio::test]
async fn whatever_fails_the_answer_is_a_problem_and_nothing_is_half_written() {
    let service = Service::new().await;
    let saved = service.world.saved();
    let script = service.world.script.clone();
    let (mut tried, mut made_good, mut found) = (0, 0, Vec::new());
    for good in requests::all(&service) {
        service.world.restore(&saved);
        let before = service.world.store.sizes();
        script.again();
        let wanted = service.send(good.function, &good.sent).await;
        assert!(wanted.status.is_success(), "{}: {}", good.operation, wanted.body);
        let calls = script.calls();
        assert!(!calls.is_empty(), "{}", good.operation);
        let after = service.world.store.sizes();
        for (call, name) in (1..).zip(&calls) {
            // An answer that is lost after the effect is a service that cannot be reached.
            let faults = ERRORS.iter().map(|fault| (Moment::Before, fault)).chain([(Moment::After, &ERRORS[0])]);
            for (moment, (error, fault)) in faults {
                service.world.restore(&saved);
                script.again_at(call, moment, Fault::Fail(*fault));
                let answer = service.send(good.function, &good.sent).await;
                tried += 1;
                made_good += usize::from(answer.status.is_success());
                let mut wrong = wrong(&answer, &wanted, &good, error, name);
                let now = service.world.store.sizes();
                if now != before && now != after {
                    wrong.push(format!("half-written: {before:?}, {now:?}, {after:?}"));
                }
                if answer.status.is_success() && now != after {
                    wrong.push("answered and not written".to_owned());
                }
                // Whoever sends it again gets what they asked for.
                script.again();
                let again = service.send(good.function, &good.sent).await;
                let taken = now == after && good.again == Some(again.status.as_u16());
                if !again.status.is_success() && !taken || service.world.store.sizes() != after {
                    wrong.push(format!("sent again: {} {}", again.status, again.body));
                }
                let context = format!("{}, {error} {moment:?} call {call}, {name}", good.operation);
                found.extend(wrong.into_iter().map(|wrong| format!("{context}: {wrong}")));
            }
        }
    }
    assert!(found.is_empty(), "{} of {tried}:\n{}", found.len(), found.join("\n"));
    assert!(tried > 800, "{tried}");
    assert!(made_good > 0 && made_good < tried / 4, "{made_good} of {tried}");
}

#[tokio::test]
async fn a_registration_stands_whatever_comes_of_waiting_for_its_envelope() {
    let service = Service::new().await;
    let script = service.world.script.clone();
    let mut register = requests::to(&service, "registerProduct");
    let saved = service.world.saved();
    script.again();
    service.send(register.function, &register.sent).await;
    service.world.restore(&saved);
    // The first look after the registration was written.
    script.again_at(script.calls().len() + 1, Moment::Before, Fault::Fail(ERRORS[0].1));
    register.sent.waits = true;
    let answer = service.send(register.function, &register.sent).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["status"]),
        (202, &Value::from("provisioning")),
        "{}",
        answer.body
    );
    assert_eq!(script.calls().last(), Some(&"ProductStore::product"));
}

#[test]
fn every_route_is_tried() {
    let tokens = routes::ROUTES.iter().filter(|route| route.token).count();
    assert_eq!(tokens, routes::ROUTES.len() - 1, "all but the description");
}
