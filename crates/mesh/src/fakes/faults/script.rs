//! The script: which call of a run fails, or is its last.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use std::future::{pending, poll_fn};

use super::Faulty;
use crate::error::StoreError;

/// When in a call the fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the call has any effect.
    Before,
    /// After it took effect, before its answer arrives.
    After,
}

impl Moment {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];
}

/// What happens.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The process ends: nothing it does later takes effect.
    Kill,
    /// The call answers with this error.
    Fail(fn() -> StoreError),
}

/// Counts the calls of everything that it was put before, and strikes at one of them. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Script(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<&'static str>,
    due: Option<(usize, Moment, Fault)>,
    killed: bool,
    /// Calls that may still be made; none where nobody counts.
    turns: Option<usize>,
    waiting: Vec<Waker>,
}

impl Script {
    /// A script by which `fault` happens at the call with that number, from 1.
    pub fn at(call: usize, moment: Moment, fault: Fault) -> Self {
        let script = Self::default();
        script.lock().due = Some((call, moment, fault));
        script
    }

    /// The same script from the start, for another run: `fault` happens at the call with that number.
    pub fn again_at(&self, call: usize, moment: Moment, fault: Fault) {
        *self.lock() = State { due: Some((call, moment, fault)), ..State::default() };
    }

    /// The same script from the start, without any fault.
    pub fn again(&self) {
        *self.lock() = State::default();
    }

    /// Puts the script before `inner`.
    pub fn on<S>(&self, inner: S) -> Faulty<S> {
        Faulty::new(self.clone(), inner)
    }

    /// The calls made so far, such as `ProductStore::register`.
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    /// Runs `work` as one process; none if it was killed.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if self.lock().killed => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Makes one call.
    pub(super) async fn call<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.turn().await;
        let Some(number) = self.begin(name) else { return pending().await };
        self.strike(number, Moment::Before).await?;
        let answer = call.await;
        self.strike(number, Moment::After).await?;
        answer
    }

    /// The call's number; none for a process that was killed.
    fn begin(&self, name: &'static str) -> Option<usize> {
        let mut state = self.lock();
        if state.killed {
            return None;
        }
        state.calls.push(name);
        Some(state.calls.len())
    }

    async fn strike(&self, number: usize, moment: Moment) -> Result<(), StoreError> {
        let fault = {
            let mut state = self.lock();
            let fault =
                state.due.filter(|(call, when, _)| (*call, *when) == (number, moment)).map(|(_, _, fault)| fault);
            state.killed |= matches!(fault, Some(Fault::Kill));
            fault
        };
        match fault {
            None => Ok(()),
            Some(Fault::Fail(error)) => Err(error()),
            Some(Fault::Kill) => pending().await,
        }
    }

    /// Waits until a call may be made.
    async fn turn(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            match state.turns {
                None => Poll::Ready(()),
                Some(0) => {
                    state.waiting.push(context.waker().clone());
                    Poll::Pending
                }
                Some(left) => {
                    state.turns = Some(left - 1);
                    Poll::Ready(())
                }
            }
        })
        .await;
    }

    /// Lets one more call be made.
    pub(super) fn grant(&self) {
        let waiting = {
            let mut state = self.lock();
            state.turns = Some(1);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether the call that was granted was made, and whoever wants to make the next waits.
    pub(super) fn is_waiting(&self) -> bool {
        let state = self.lock();
        state.turns == Some(0) && !state.waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fakes::FakeStore,
        idempotency::{IdempotencyStore, Remembered},
    };

    fn remembered(key: &str) -> Remembered {
        let expires_at = "2100-01-01T00:00:00Z".parse().unwrap();
        Remembered { key: key.to_owned(), body_digest: String::new(), answer: String::new(), expires_at }
    }

    async fn both(script: &Script, store: &FakeStore) -> Option<Result<(), StoreError>> {
        let faulty = script.on(store.clone());
        let work = async {
            faulty.remember(&remembered("a")).await?;
            faulty.remember(&remembered("b")).await
        };
        script.run(work).await
    }

    async fn known(store: &FakeStore) -> (bool, bool) {
        (store.remembered("a").await.unwrap().is_some(), store.remembered("b").await.unwrap().is_some())
    }

    #[tokio::test]
    async fn a_process_ends_before_or_after_the_effect_of_a_call() {
        for (call, moment, left) in [
            (1, Moment::Before, (false, false)),
            (1, Moment::After, (true, false)),
            (2, Moment::Before, (true, false)),
            (2, Moment::After, (true, true)),
        ] {
            let (script, store) = (Script::at(call, moment, Fault::Kill), FakeStore::default());
            assert!(both(&script, &store).await.is_none());
            assert_eq!(known(&store).await, left, "{call} {moment:?}");
            assert_eq!(script.calls().len(), call);
        }
    }

    #[tokio::test]
    async fn a_call_fails_with_or_without_effect() {
        for (moment, left) in [(Moment::Before, (false, false)), (Moment::After, (true, false))] {
            let fault = Fault::Fail(|| StoreError::denied("test", "told to fail"));
            let (script, store) = (Script::at(1, moment, fault), FakeStore::default());
            assert!(matches!(both(&script, &store).await, Some(Err(StoreError::Denied { .. }))));
            assert_eq!(known(&store).await, left);
        }
        let (script, store) = (Script::at(3, Moment::Before, Fault::Kill), FakeStore::default());
        assert!(matches!(both(&script, &store).await, Some(Ok(()))), "there is no third call");
        assert_eq!(script.calls(), ["IdempotencyStore::remember"; 2]);
    }
}
