//! An event publisher that remembers what it was given.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::Failures;
use crate::{
    error::StoreError,
    events::{Event, EventPublisher},
};

/// An alert that was sent to a domain's topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    pub topic_arn: String,
    pub title: String,
    pub event: Event,
}

/// Remembers events and alerts in the order in which they were published.
#[derive(Debug, Clone, Default)]
pub struct FakeEventPublisher {
    sent: Arc<Mutex<(Vec<Event>, Vec<Alert>)>>,
    failures: Failures,
}

impl FakeEventPublisher {
    /// The events published so far.
    pub fn events(&self) -> Vec<Event> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// The alerts sent so far.
    pub fn alerts(&self) -> Vec<Alert> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// A copy of what was published so far, which goes its own way.
    pub fn saved(&self) -> Self {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { sent: Arc::new(Mutex::new(sent)), ..self.clone() }
    }

    /// Goes back to what was saved.
    pub fn restore(&self, saved: &Self) {
        let before = saved.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = before;
    }

    /// Makes the next `calls` calls fail.
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }
}

#[async_trait]
impl EventPublisher for FakeEventPublisher {
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError> {
        self.failures.check("fake event bus")?;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).0.extend_from_slice(events);
        Ok(())
    }

    async fn alert(&self, topic_arn: &str, title: &str, event: &Event) -> Result<(), StoreError> {
        self.failures.check("fake event bus")?;
        let alert = Alert { topic_arn: topic_arn.to_owned(), title: title.to_owned(), event: event.clone() };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).1.push(alert);
        Ok(())
    }
}
