//! What every call gets besides its values: the client, private data, cancellation, and a place for warnings and partial state.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::watch;

use crate::{Diagnostic, Diagnostics, Value};

/// One call of Terraform to the provider.
#[derive(Debug)]
pub struct Context<C> {
    client: Arc<C>,
    terraform_version: Arc<str>,
    stop: watch::Receiver<bool>,
    state: Mutex<CallState>,
}

#[derive(Debug, Default)]
struct CallState {
    diagnostics: Diagnostics,
    private: Vec<u8>,
    saved: Option<Value>,
}

impl<C> Context<C> {
    pub(crate) fn new(
        client: Arc<C>,
        terraform_version: Arc<str>,
        stop: watch::Receiver<bool>,
        private: Vec<u8>,
    ) -> Self {
        Self { client, terraform_version, stop, state: Mutex::new(CallState { private, ..CallState::default() }) }
    }

    /// What [`Provider::configure`](crate::Provider::configure) made.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// The version of Terraform, as it says: `1.11.4`. Empty where it did not say.
    pub fn terraform_version(&self) -> &str {
        &self.terraform_version
    }

    /// Tells the user something, whatever the call's result. An error makes the call fail.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.lock().diagnostics.push(diagnostic);
    }

    /// The bytes that the provider keeps beside the resource's state, unseen by the user. Changes made while planning reach
    /// apply only for the same plan call: Terraform plans again inside apply, from the state's private data.
    pub fn private(&self) -> Vec<u8> {
        self.lock().private.clone()
    }

    pub fn set_private(&self, private: impl Into<Vec<u8>>) {
        self.lock().private = private.into();
    }

    /// Notes how far a creation or update has come: if the call fails or panics later, this is the state. Unknown parts become null.
    pub fn save(&self, state: Value) {
        self.lock().saved = Some(state);
    }

    /// Ends when the user interrupts Terraform. Long waits should stop then and return an error.
    pub async fn cancelled(&self) {
        let mut stop = self.stop.clone();
        // A closed channel means that the process is ending.
        let _ = stop.wait_for(|stopped| *stopped).await;
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.stop.borrow()
    }

    /// Runs the author's code: its error, or its panic, becomes diagnostics of this call.
    pub(crate) async fn guard<T>(&self, call: impl Future<Output = Result<T, Diagnostics>>) -> Option<T> {
        let mut call = pin!(call);
        let outcome = poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(task))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        })
        .await;
        match outcome {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(diagnostics)) => {
                // An error without a message would look like success, and a failed destruction would drop the state.
                let silent = !diagnostics.has_errors();
                self.lock().diagnostics.extend(diagnostics);
                if silent {
                    self.report(Diagnostic::error("the provider failed without saying why"));
                }
            }
            Err(payload) => self.report(panicked(payload.as_ref())),
        }
        None
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.lock().diagnostics.has_errors()
    }

    pub(crate) fn take_diagnostics(&self) -> Diagnostics {
        std::mem::take(&mut self.lock().diagnostics)
    }

    pub(crate) fn take_saved(&self) -> Option<Value> {
        self.lock().saved.take()
    }

    fn lock(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Diagnostic {
    let message =
        payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    Diagnostic::error("the provider crashed").detail(format!(
        "This is a bug in the provider: {}. `TF_LOG=error` shows where.",
        message.unwrap_or("no message")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> (Context<()>, watch::Sender<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Context::new(Arc::new(()), "1.11.4".into(), stopped, b"p".to_vec()), stop)
    }

    #[tokio::test]
    async fn a_panic_is_reported_and_leaves_the_saved_state() {
        let (cx, _stop) = context();
        let none: Option<()> = cx
            .guard(async {
                cx.save("half".into());
                tokio::task::yield_now().await;
                panic!("disk on fire")
            })
            .await;
        assert!(none.is_none());
        assert!(cx.take_diagnostics().iter().any(|d| d.detail.contains("disk on fire")));
        assert_eq!(cx.take_saved(), Some("half".into()));
        assert_eq!(cx.private(), b"p");
    }

    #[tokio::test]
    async fn a_failure_always_has_an_error() {
        let (cx, _stop) = context();
        let warning = Diagnostics::from(Diagnostic::warning("hm"));
        assert!(cx.guard(async { Err::<(), _>(warning) }).await.is_none());
        assert!(cx.has_errors());
    }

    #[tokio::test]
    async fn interruption_reaches_the_call() {
        let (cx, stop) = context();
        assert!(!cx.is_cancelled());
        stop.send(true).unwrap();
        cx.cancelled().await;
        assert!(cx.is_cancelled());
    }
}
