//! Events and alerts arrive where they were sent. Needs `MESH_TEST_CLOUD_ENDPOINT`, which `cargo xtask test` sets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::{config::Credentials as Keys, types::Target};
use jiff::Timestamp;
use mesh_core::{
    error::StoreError,
    events::{Event, EventPublisher},
};
use mesh_events_aws::AwsEvents;
use serde_json::{Value, json};

fn endpoint() -> String {
    std::env::var("MESH_TEST_CLOUD_ENDPOINT")
        .expect("set MESH_TEST_CLOUD_ENDPOINT to a local cloud's endpoint, or run `cargo xtask test`")
}

async fn sdk() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint())
        .credentials_provider(Keys::new("test", "test", None, None, "test"))
        .load()
        .await
}

fn unique(what: &str) -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{what}-{nanos:x}")
}

/// A queue that tells what arrives; there is no client of SQS in this workspace.
struct Queue {
    url: String,
    arn: String,
}

impl Queue {
    async fn new(name: &str) -> Self {
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let services = ["events.amazonaws.com", "sns.amazonaws.com"];
        let statement = json!({ "Effect": "Allow", "Principal": { "Service": services }, "Action": "sqs:SendMessage", "Resource": arn });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let answer = sqs("CreateQueue", json!({ "QueueName": name, "Attributes": { "Policy": policy } })).await;
        Self { url: answer["QueueUrl"].as_str().unwrap().to_owned(), arn }
    }

    /// The bodies of the next `count` messages.
    async fn receive(&self, count: usize) -> Vec<Value> {
        let mut bodies = Vec::new();
        let mut empty = 0;
        while bodies.len() < count && empty < 10 {
            let request = json!({ "QueueUrl": self.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
            let answer = sqs("ReceiveMessage", request).await;
            let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
            empty += usize::from(messages.is_empty());
            for message in messages {
                sqs("DeleteMessage", json!({ "QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"] })).await;
                bodies.push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
            }
        }
        bodies
    }
}

async fn sqs(action: &str, request: Value) -> Value {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    let answer = reqwest::Client::new()
        .post(endpoint())
        .header("authorization", authorization)
        .header("x-amz-target", format!("AmazonSQS.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(request.to_string())
        .send()
        .await
        .unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{action}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn event(index: usize) -> Event {
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let subject = "operations.flights/daily@1";
    Event::new(format!("breach-{index}"), "mesh.sla.breached", subject, at, json!({ "minutes": index }))
}

#[tokio::test]
async fn every_event_reaches_the_bus_whole() {
    let sdk = sdk().await;
    let (bus, queue) = (unique("bus"), Queue::new(&unique("events")).await);
    let bridge = aws_sdk_eventbridge::Client::new(&sdk);
    bridge.create_event_bus().name(&bus).send().await.unwrap();
    let pattern = r#"{"source":["mesh"],"detail-type":["mesh.sla.breached"]}"#;
    bridge.put_rule().name("all").event_bus_name(&bus).event_pattern(pattern).send().await.unwrap();
    let target = Target::builder().id("queue").arn(&queue.arn).build().unwrap();
    bridge.put_targets().rule("all").event_bus_name(&bus).targets(target).send().await.unwrap();

    // More than the bus takes in one call.
    let sent: Vec<_> = (0..23).map(event).collect();
    AwsEvents::new(&sdk, &bus).publish(&sent).await.unwrap();
    let received = queue.receive(sent.len()).await;
    let details: Vec<Event> =
        received.iter().map(|body| serde_json::from_value(body["detail"].clone()).unwrap()).collect();
    assert_eq!(details.len(), sent.len());
    assert!(details.contains(&sent[22]));
    let ids: BTreeSet<_> = details.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), sent.len());
    AwsEvents::new(&sdk, &bus).publish(&[]).await.unwrap();
}

#[tokio::test]
async fn an_alert_reaches_the_topics_subscribers() {
    let sdk = sdk().await;
    let queue = Queue::new(&unique("alerts")).await;
    let topics = aws_sdk_sns::Client::new(&sdk);
    let topic = topics.create_topic().name(unique("topic")).send().await.unwrap().topic_arn.unwrap();
    topics.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&queue.arn).send().await.unwrap();

    let events = AwsEvents::new(&sdk, "unused");
    events.alert(&topic, "operations.flights/daily@1 is late – 90 minutes", &event(7)).await.unwrap();
    let received = queue.receive(1).await;
    assert_eq!(received[0]["Subject"], "operations.flights/daily@1 is late ? 90 minutes");
    let message: Event = serde_json::from_str(received[0]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(message, event(7));

    let gone = events.alert("arn:aws:sns:us-east-1:000000000000:no-such-topic", "title", &event(8)).await;
    assert!(matches!(gone, Err(StoreError::Denied { service: "SNS", .. })), "{gone:?}");
}
