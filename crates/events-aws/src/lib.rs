//! Events on the mesh's EventBridge bus, and alerts on domains' SNS topics.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_eventbridge::{primitives::DateTime, types::PutEventsRequestEntry};
use aws_sdk_sns::{error::ProvideErrorMetadata, types::MessageAttributeValue};
use aws_types::SdkConfig;
use mesh_core::{
    error::StoreError,
    events::{Event, EventPublisher},
};

const BUS: &str = "EventBridge";
const TOPICS: &str = "SNS";
/// The source of every event, for rules to match.
pub const SOURCE: &str = "mesh";
/// What the bus takes in one call.
const BATCH: usize = 10;
/// How often entries that the bus did not take are put again.
const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// What a topic takes as a subject, in characters.
const MAX_SUBJECT: usize = 100;

/// Sends events: the CloudEvent whole as `detail` on the bus and as the message on a topic.
#[derive(Debug, Clone)]
pub struct AwsEvents {
    bridge: aws_sdk_eventbridge::Client,
    topics: aws_sdk_sns::Client,
    bus: String,
}

impl AwsEvents {
    /// A publisher on the bus named `bus`.
    pub fn new(sdk: &SdkConfig, bus: impl Into<String>) -> Self {
        Self { bridge: aws_sdk_eventbridge::Client::new(sdk), topics: aws_sdk_sns::Client::new(sdk), bus: bus.into() }
    }

    fn entry(&self, event: &Event) -> Result<PutEventsRequestEntry, StoreError> {
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(&event.kind)
            .time(DateTime::from_millis(event.time.as_millisecond()))
            .detail(json(event)?)
            .build())
    }

    /// Puts at most [`BATCH`] entries; what the bus did not take is put again, since a call can succeed in part.
    async fn put(&self, mut entries: Vec<PutEventsRequestEntry>) -> Result<(), StoreError> {
        let mut wait = FIRST_WAIT;
        for attempt in 1..=ATTEMPTS {
            let call = self.bridge.put_events().set_entries(Some(entries.clone()));
            let answer = call.send().await.map_err(|error| match error.code() {
                Some("AccessDeniedException") => StoreError::denied(BUS, "the bus may not be used"),
                _ => StoreError::unavailable(BUS, error),
            })?;
            if answer.failed_entry_count == 0 {
                return Ok(());
            }
            let results = answer.entries.unwrap_or_default();
            // Results come in the order of the entries; where they do not match up, all is put again.
            if results.len() == entries.len() {
                let failed = entries.into_iter().zip(&results).filter(|(_, result)| result.error_code.is_some());
                entries = failed.map(|(entry, _)| entry).collect();
            }
            let code = results.iter().find_map(|result| result.error_code.as_deref()).unwrap_or_default();
            tracing::warn!(failed = entries.len(), code, attempt, "the bus did not take all events");
            if matches!(code, "AccessDeniedException" | "NotAuthorizedForSourceException") {
                return Err(StoreError::denied(BUS, "the bus may not be used"));
            }
            if attempt < ATTEMPTS {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
        Err(StoreError::unavailable(BUS, format!("{} events were not taken", entries.len())))
    }
}

#[async_trait]
impl EventPublisher for AwsEvents {
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError> {
        let entries = events.iter().map(|event| self.entry(event)).collect::<Result<Vec<_>, _>>()?;
        for batch in entries.chunks(BATCH) {
            self.put(batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn alert(&self, topic_arn: &str, title: &str, event: &Event) -> Result<(), StoreError> {
        let kind = MessageAttributeValue::builder().data_type("String").string_value(&event.kind).build();
        let kind = kind.map_err(|error| StoreError::unavailable(TOPICS, error))?;
        let call = self.topics.publish().topic_arn(topic_arn).subject(subject(title)).message(json(event)?);
        call.message_attributes("type", kind).send().await.map_err(|error| match error.code() {
            Some("AuthorizationError" | "AuthorizationErrorException") => {
                StoreError::denied(TOPICS, "the topic may not be used")
            }
            Some("NotFound" | "NotFoundException") => StoreError::denied(TOPICS, "the topic does not exist"),
            _ => StoreError::unavailable(TOPICS, error),
        })?;
        Ok(())
    }
}

fn json(event: &Event) -> Result<String, StoreError> {
    serde_json::to_string(event).map_err(|error| StoreError::corrupt("event", error))
}

/// A title as topics take it: printable ASCII, 100 characters at most, starting with a letter, digit or punctuation.
fn subject(title: &str) -> String {
    let plain = title.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    let text: String = plain.skip_while(|c| *c == ' ').take(MAX_SUBJECT).collect();
    if text.is_empty() { "mesh".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_what_topics_take() {
        assert_eq!(subject("operations.flights/daily@1 is late"), "operations.flights/daily@1 is late");
        assert_eq!(subject(" \n"), "?");
        assert_eq!(subject(""), "mesh");
        assert_eq!(subject("Verspätung\nhier"), "Versp?tung?hier");
        assert_eq!(subject(&"é".repeat(300)).len(), MAX_SUBJECT);
    }
}
