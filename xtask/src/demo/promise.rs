//! Steps `probe` and `breach`: promises are measured by the schedule, and their owners hear of a broken one, once.

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use mesh_api::types::{Domain, SlaStatus, Verdict};
use mesh_core::probing::{BREACHED, RECOVERED};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use super::mesh::Demo;
use super::pipeline;
use super::setup;
use crate::aws_api::AwsApi;
use crate::progress;

/// The domain and port whose promise of two minutes is left to break, and what gives it data.
const DOMAIN: &str = "weather";
const PORT: &str = "weather.station-status/heartbeat@1";
const PIPELINE: &str = "pipelines/station_status.py";

/// The queue that hears the domain's alerts.
const QUEUE: &str = "mesh-demo-weather-alerts";

/// Longest wait for a probe: the schedule's minute, and a busy machine.
const PROBED: Duration = Duration::from_secs(150);

/// A message on the queue.
#[derive(Debug)]
struct Alert {
    receipt: String,
    event: Event,
}

/// What the demo looks at in an alert.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: Timestamp,
}

pub fn probe(demo: &mut Demo<'_>) -> Result<String> {
    let ports: Vec<String> =
        setup::registered(demo)?.iter().flat_map(|product| &product.ports).map(|port| port.id.clone()).collect();
    let verdicts = demo.wait("every port has a verdict", PROBED, || {
        let mut verdicts = BTreeMap::new();
        for port in &ports {
            let sla = sla(demo, port)?;
            match sla.verdict {
                Some(verdict) if !sla.measurements.is_empty() => *verdicts.entry(word(verdict)).or_insert(0) += 1,
                _ => return Ok(Err(format!("`{port}` has none"))),
            }
        }
        Ok(Ok(verdicts))
    })?;
    let verdicts: Vec<String> = verdicts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    Ok(format!("{} ports: {}", ports.len(), verdicts.join(", ")))
}

/// Give the port data for the first time, with its owner's queue already listening.
pub fn start_heartbeat(demo: &mut Demo<'_>) -> Result<()> {
    if demo.notes.alerts.is_none() {
        demo.notes.alerts = Some(progress::during("subscribing to alerts", || subscribe(demo))?);
        demo.notes.save()?;
    }
    if demo.notes.heartbeat.is_none() {
        beat(demo)?;
    }
    Ok(())
}

pub fn breach(demo: &mut Demo<'_>) -> Result<String> {
    let since = demo.notes.heartbeat.context("the port never got data")?;
    let promised = sla(demo, PORT)?.sla_freshness_minutes;
    let limit = Duration::from_secs(promised * 60) + PROBED;
    progress::line(format_args!(
        "the promise of {promised} minutes is left to break on purpose, then a probe each minute tells of it: about 4 minutes"
    ));
    let broken = demo.wait(&format!("`{PORT}` is broken"), limit, || {
        let sla = sla(demo, PORT)?;
        let newest = sla.newest_data.is_some_and(|newest| newest + SignedDuration::from_secs(5) >= since);
        Ok(match sla.verdict {
            Some(Verdict::Broken) if newest => Ok(sla.since),
            verdict => Err(format!("it is {}", verdict.map_or("not measured", word))),
        })
    })?;
    let alert = demo.wait("the owner's alert arrives", Duration::from_secs(60), || {
        let told = breaches(demo, since)?;
        Ok(told.first().map(|alert| alert.event.time).ok_or_else(|| "the queue holds none".to_owned()))
    })?;
    // The next probe finds the promise broken still, and says nothing.
    let later = alert + SignedDuration::from_secs(75);
    demo.wait("another probe has run", Duration::from_secs(90), || {
        let left = later.duration_since(Timestamp::now()).as_secs();
        Ok(if left <= 0 { Ok(()) } else { Err(format!("{} s to go", left + 1)) })
    })?;
    let told = breaches(demo, since)?.len();
    if told != 1 {
        bail!("the owner was alerted {told} times of one breach");
    }
    beat(demo)?;
    let again = demo.notes.heartbeat.context("the port got no data")?;
    demo.wait(&format!("`{PORT}` is kept again"), PROBED, || {
        let sla = sla(demo, PORT)?;
        Ok(match sla.verdict {
            Some(Verdict::Kept) => Ok(()),
            verdict => Err(format!("it is {}", verdict.map_or("not measured", word))),
        })
    })?;
    demo.wait("the owner hears of the recovery", Duration::from_secs(60), || {
        let heard = alerts(demo)?.iter().any(|alert| alert.event.kind == RECOVERED && alert.event.time >= again);
        Ok(if heard { Ok(()) } else { Err("the queue holds nothing of it".to_owned()) })
    })?;
    let at = broken.map_or_else(String::new, |at| format!(" at {}", at.strftime("%H:%M:%S UTC")));
    Ok(format!(
        "`{PORT}` (promised {promised} min) broke{at}, one alert on the domain's topic, recovered with new data"
    ))
}

fn beat(demo: &mut Demo<'_>) -> Result<()> {
    let before = Timestamp::now();
    pipeline::run(demo, DOMAIN, PIPELINE)?;
    demo.notes.heartbeat = Some(before);
    demo.notes.save()
}

fn sla(demo: &Demo<'_>, port: &str) -> Result<SlaStatus> {
    let (product, rest) = port.split_once('/').context("a port's address has a product")?;
    let (domain, _) = product.split_once('.').context("a product's id has a domain")?;
    let (name, major) = rest.split_once('@').context("a port's address has a major")?;
    demo.get(domain, &format!("products/{product}/ports/{name}/sla?version={major}"))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept",
        Verdict::Broken => "broken",
        Verdict::Unknown => "unknown",
    }
}

/// Make a queue that hears what is published on the domain's topic; its URL.
fn subscribe(demo: &Demo<'_>) -> Result<String> {
    let domain: Domain = demo.get(DOMAIN, &format!("domains/{DOMAIN}"))?;
    let topic = domain.envelope.context("the domain has no envelope")?.alert_topic_arn;
    let api = demo.aws()?;
    demo.block_on(async {
        let made = api.sqs("CreateQueue", &json!({ "QueueName": QUEUE })).await?;
        let url = made.get("QueueUrl").and_then(Value::as_str).context("the queue has no URL")?.to_owned();
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
        let answer = api.sqs("GetQueueAttributes", &asked).await?;
        let queue = answer.pointer("/Attributes/QueueArn").and_then(Value::as_str).context("the queue has no ARN")?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
            }],
        });
        let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
        api.sqs("SetQueueAttributes", &attributes).await?;
        let subscription = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
        api.sns("Subscribe", &subscription).await?;
        Ok(url)
    })
}

/// Alerts of the port's breach since `since`; older ones are taken off the queue.
fn breaches(demo: &Demo<'_>, since: Timestamp) -> Result<Vec<Alert>> {
    let (told, old): (Vec<_>, Vec<_>) = alerts(demo)?.into_iter().partition(|alert| alert.event.time >= since);
    let (api, queue) = (demo.aws()?, queue(demo)?);
    for alert in old {
        let body = json!({ "QueueUrl": queue, "ReceiptHandle": alert.receipt });
        demo.block_on(api.sqs("DeleteMessage", &body))?;
    }
    Ok(told.into_iter().filter(|alert| alert.event.kind == BREACHED && alert.event.subject == PORT).collect())
}

/// Every message on the queue. They stay there, for a run that comes after this one.
fn alerts(demo: &Demo<'_>) -> Result<Vec<Alert>> {
    let (api, queue) = (demo.aws()?, queue(demo)?);
    let mut alerts = BTreeMap::new();
    // One call answers with ten at most, and not always with all there are.
    for _ in 0..3 {
        let body =
            json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "WaitTimeSeconds": 0 });
        let answer = demo.block_on(api.sqs("ReceiveMessage", &body))?;
        for message in answer.get("Messages").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| {
                let value = message.get(name).and_then(Value::as_str);
                value.with_context(|| format!("a message has no `{name}`"))
            };
            let envelope: Value = serde_json::from_str(text("Body")?).context("an alert is no notification")?;
            let told = envelope.get("Message").and_then(Value::as_str).context("an alert holds no message")?;
            let event = serde_json::from_str(told).with_context(|| format!("an alert holds no event but `{told}`"))?;
            let receipt = text("ReceiptHandle")?.to_owned();
            alerts.insert(text("MessageId")?.to_owned(), Alert { receipt, event });
        }
    }
    Ok(alerts.into_values().collect())
}

fn queue<'a>(demo: &'a Demo<'_>) -> Result<&'a str> {
    demo.notes.alerts.as_deref().context("nobody listens to alerts")
}

impl Demo<'_> {
    fn aws(&self) -> Result<AwsApi> {
        let sdk = self.block_on(self.platform()?.sdk());
        AwsApi::new(sdk)
    }
}
