//! Tasks that take turns, call by call, in an order that a test decides.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::Script;

/// How often a task is polled for one call before it is taken to wait for something else.
const PATIENCE: usize = 10_000;

/// One of the tasks: a script that everything it calls shares, and what it does.
pub struct Task<'a, T> {
    script: Script,
    work: Pin<Box<dyn Future<Output = T> + 'a>>,
    done: Option<T>,
}

impl<T> std::fmt::Debug for Task<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("script", &self.script).finish_non_exhaustive()
    }
}

impl<'a, T> Task<'a, T> {
    /// A task whose calls all go through `script`.
    pub fn new(script: Script, work: impl Future<Output = T> + 'a) -> Self {
        Self { script, work: Box::pin(work), done: None }
    }

    /// Makes the next call and goes on to the one after it, or to the end.
    fn step(&mut self) {
        self.script.grant();
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..PATIENCE {
            if let Poll::Ready(value) = self.work.as_mut().poll(&mut context) {
                self.done = Some(value);
                return;
            }
            if self.script.is_waiting() {
                return;
            }
        }
        unreachable!("a task waits for something that is no call: {:?}", self.script);
    }
}

/// Runs two or more tasks to their ends, one call at a time, in the order of `schedule`.
pub fn interleave<T>(mut tasks: Vec<Task<'_, T>>, mut schedule: Schedule) -> Vec<T> {
    loop {
        let left: Vec<usize> =
            tasks.iter().enumerate().filter(|(_, task)| task.done.is_none()).map(|(index, _)| index).collect();
        if left.is_empty() {
            return tasks.into_iter().filter_map(|task| task.done).collect();
        }
        let next = schedule.next(&left);
        if let Some(task) = tasks.get_mut(next) {
            task.step();
        }
    }
}

/// Whose call is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Of two tasks, `first` makes some calls, the other one some, then `first` goes on to its end, and the other to its.
    Preempted { first: usize, calls: usize, others: usize },
    /// By chance, the same for the same seed.
    Seeded(u64),
}

impl Schedule {
    /// Every schedule of two tasks that make `most` calls at most in which each is interrupted once at most. Where each writes once, in
    /// one transaction, these are all that make a difference: reads do not move one another.
    pub fn preemptions(most: usize) -> impl Iterator<Item = Self> {
        let within = move |first: usize| {
            let calls = (1..=most).flat_map(move |calls| (1..=most).map(move |others| (calls, others)));
            std::iter::once((0, 0)).chain(calls).map(move |(calls, others)| Self::Preempted { first, calls, others })
        };
        (0..2).flat_map(within)
    }

    /// `count` schedules by chance.
    pub fn seeded(count: u64) -> impl Iterator<Item = Self> {
        (1..=count).map(|seed| Self::Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// One of the tasks that are `left`.
    fn next(&mut self, left: &[usize]) -> usize {
        let any = left.first().copied().unwrap_or_default();
        match self {
            Self::Preempted { first, calls, others } => {
                let other = left.iter().copied().find(|task| task != first);
                match other {
                    Some(other) if *calls == 0 && *others > 0 => {
                        *others -= 1;
                        other
                    }
                    _ if left.contains(first) => {
                        *calls = calls.saturating_sub(1);
                        *first
                    }
                    _ => any,
                }
            }
            Self::Seeded(state) => {
                // Xorshift: chance enough to mix a few tasks, and no generator to carry around.
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                let index = usize::try_from(*state >> 33).unwrap_or_default() % left.len().max(1);
                left.get(index).copied().unwrap_or(any)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Mutex};

    use super::*;
    use crate::{fakes::FakeStore, idempotency::IdempotencyStore};

    /// In which order two tasks of three calls each made them.
    fn order(schedule: Schedule) -> String {
        let order = Mutex::new(String::new());
        let task = |name: char| {
            let script = Script::default();
            let (store, order) = (script.on(FakeStore::default()), &order);
            Task::new(script, async move {
                for _ in 0..3 {
                    store.remembered("").await.unwrap();
                    order.lock().unwrap().push(name);
                }
            })
        };
        interleave(vec![task('a'), task('b')], schedule);
        order.into_inner().unwrap()
    }

    #[test]
    fn every_single_interruption_is_tried() {
        let orders: BTreeSet<String> = Schedule::preemptions(3).map(order).collect();
        assert!(orders.iter().all(|order| order.matches('a').count() == 3 && order.len() == 6), "{orders:?}");
        for wanted in ["aaabbb", "bbbaaa", "abbbaa", "aababb", "babbaa"] {
            assert!(orders.contains(wanted), "{wanted}: {orders:?}");
        }
        assert!(!orders.contains("ababab"), "that interrupts more than once");
    }

    #[test]
    fn chance_mixes_and_the_same_seed_mixes_alike() {
        let orders: BTreeSet<String> = Schedule::seeded(50).map(order).collect();
        assert!(orders.len() > 10, "{orders:?}");
        assert_eq!(
            Schedule::seeded(5).map(order).collect::<Vec<_>>(),
            Schedule::seeded(5).map(order).collect::<Vec<_>>()
        );
    }
}
