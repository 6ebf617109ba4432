//! Measures two things in turn, so that whatever else the machine does slows both down alike.

use std::{future::Future, time::Duration, time::Instant};

use anyhow::{Context, Result};
use serde::Serialize;

/// The middle and the end of many samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub p50: f64,
    pub p99: f64,
}

impl Spread {
    /// Of `samples`, of which there must be one at least.
    pub fn of(mut samples: Vec<f64>) -> Result<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            // The nearest rank: with few samples, the 99th percentile is the largest.
            let rank = (samples.len() * percent).div_ceil(100).max(1);
            samples.get(rank - 1).copied().context("nothing was measured")
        };
        Ok(Self { p50: at(50)?, p99: at(99)? })
    }
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Ours at most so many times the floor.
    Ratio(f64),
    /// Ours at most so much, in the figure's unit.
    AtMost(f64),
}

/// One figure, as the command that started this program reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub ours: Spread,
    pub floor: Option<Spread>,
    pub aim: Option<Aim>,
    /// What was measured against what.
    pub detail: String,
}

/// How long `work` took, in milliseconds.
pub async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<f64> {
    let start = Instant::now();
    work.await?;
    Ok(milliseconds(start.elapsed()))
}

/// A duration in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Takes `rounds` samples of each, in turn, after `warm` that do not count. Each is told the number of its round and
/// answers with what it measured: what it prepares is not counted.
pub async fn in_turn(
    warm: usize,
    rounds: usize,
    mut ours: impl AsyncFnMut(usize) -> Result<f64>,
    mut floor: impl AsyncFnMut(usize) -> Result<f64>,
) -> Result<(Spread, Spread)> {
    let (mut of_ours, mut of_floor) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..warm + rounds {
        // Neither always comes first.
        let (one, other) = if round % 2 == 0 {
            let one = ours(round).await?;
            (one, floor(round).await?)
        } else {
            let other = floor(round).await?;
            (ours(round).await?, other)
        };
        if round >= warm {
            of_ours.push(one);
            of_floor.push(other);
        }
    }
    Ok((Spread::of(of_ours)?, Spread::of(of_floor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_told_by_nearest_ranks() {
        let spread = Spread::of((1..=200).map(f64::from).collect()).unwrap();
        assert_eq!((spread.p50, spread.p99), (100.0, 198.0));
        let spread = Spread::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.p50, spread.p99), (2.0, 3.0));
        assert!(Spread::of(Vec::new()).is_err(), "no figure is made of nothing");
    }

    #[tokio::test]
    async fn samples_are_taken_in_turn_and_warm_ones_do_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let sample = |name: char, value: f64| {
            let order = &order;
            async move |round: usize| {
                order.borrow_mut().push(name);
                Ok(if round == 0 { 1000.0 } else { value })
            }
        };
        let (ours, floor) = in_turn(1, 3, sample('a', 2.0), sample('b', 1.0)).await.unwrap();
        assert_eq!(order.take(), "abbaabba");
        assert_eq!((ours.p99, floor.p99), (2.0, 1.0));
    }
}
