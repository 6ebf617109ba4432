//! What the mesh tells others: lifecycle and breach events, as CloudEvents 1.0.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// A CloudEvents 1.0 event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub specversion: String,
    /// Unique for what it tells of: told twice, it has the same id.
    pub id: String,
    /// Such as `/mesh/operations.flights/daily@1`.
    pub source: String,
    /// Such as `mesh.sla.breached`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The product or port.
    pub subject: String,
    pub time: Timestamp,
    pub data: serde_json::Value,
}

impl Event {
    /// An event of `kind` about `subject`.
    pub fn new(id: String, kind: &str, subject: &str, time: Timestamp, data: serde_json::Value) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: format!("/mesh/{subject}"),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            time,
            data,
        }
    }
}

/// Sends events.
#[async_trait]
pub trait EventPublisher: Debug + Send + Sync {
    /// Puts events on the mesh's bus; all or an error.
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError>;

    /// Alerts the subscribers of a domain's topic.
    async fn alert(&self, topic_arn: &str, title: &str, event: &Event) -> Result<(), StoreError>;
}
