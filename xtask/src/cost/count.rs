//! Counts what AWS would charge for, one operation after the other, while the schedules rest.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

use super::operations as made;
use super::session::Session;
use crate::interrupt::Interrupt;
use crate::progress;
use crate::project::Project;
use crate::stack::{logs, requests};

/// Begins the line that Lambda writes when an invocation is over.
const REPORT: &str = "REPORT RequestId:";

/// How long that may take.
const REPORTED: Duration = Duration::from_secs(30);

/// What one operation is charged for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Requests to the API.
    pub api: f64,
    /// Invocations of functions.
    pub invocations: f64,
    pub read_units: f64,
    pub write_units: f64,
    /// Requests by `service:Action`, those of DynamoDB aside.
    pub requests: BTreeMap<String, f64>,
    /// Of the functions' logs.
    pub log_bytes: f64,
}

impl Counted {
    /// Each number of both, put together by `with`.
    fn zip(&self, other: &Self, with: impl Fn(f64, f64) -> f64) -> Self {
        let names = self.requests.keys().chain(other.requests.keys());
        let of = |counted: &Self, name: &String| counted.requests.get(name).copied().unwrap_or(0.0);
        let requests = names.map(|name| (name.clone(), with(of(self, name), of(other, name)))).collect();
        Self {
            api: with(self.api, other.api),
            invocations: with(self.invocations, other.invocations),
            read_units: with(self.read_units, other.read_units),
            write_units: with(self.write_units, other.write_units),
            requests,
            log_bytes: with(self.log_bytes, other.log_bytes),
        }
    }

    pub fn plus(&self, other: &Self) -> Self {
        self.zip(other, |one, two| one + two)
    }

    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |one, two| (one - two).max(0.0))
    }

    pub fn times(&self, factor: f64) -> Self {
        self.zip(self, |one, _| one * factor)
    }
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Every operation, by the name that the document has for it.
    pub operations: BTreeMap<&'static str, Counted>,
    /// Products that there were before any was made for counting.
    pub products: f64,
}

/// What an operation does besides answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    /// It changes a product, at which functions start by themselves.
    Change,
}

struct Counter<'a> {
    session: &'a Session<'a>,
    counts: Counts,
}

impl Counter<'_> {
    /// Do `act` and count what it leads to, under `name`.
    fn count<T>(
        &mut self,
        name: &'static str,
        functions: &[&str],
        api: f64,
        after: After,
        act: impl FnOnce(&Session<'_>) -> Result<T>,
    ) -> Result<T> {
        let step = progress::Step::begin(name);
        let (before, noted) = (self.logged(functions)?, requests::length(self.session.project)?);
        let result = act(self.session);
        if after == After::Change {
            self.session.silence()?;
        }
        step.end(if result.is_ok() { "ok" } else { "FAILED" });
        let result = result?;
        // The report of an invocation comes after its answer.
        let logged = self.session.interrupt.wait_for(REPORTED, || {
            let logged = self.logged(functions)?;
            Ok((logged.invocations - before.invocations >= api).then_some(logged))
        })?;
        let logged = logged.with_context(|| format!("not every invocation of `{name}` was reported"))?;
        let (log_bytes, invocations) = (logged.bytes - before.bytes, logged.invocations - before.invocations);
        let mut counted = Counted { api, invocations, log_bytes, ..Counted::default() };
        for request in requests::requests(self.session.project, noted)? {
            counted.read_units += request.read_units;
            counted.write_units += request.write_units;
            if !request.action.starts_with("dynamodb:") {
                *counted.requests.entry(request.action).or_default() += 1.0;
            }
        }
        self.counts.operations.insert(name, counted);
        Ok(result)
    }

    /// What the functions logged so far.
    fn logged(&self, functions: &[&str]) -> Result<Logged> {
        let Session { project, interrupt, platform, .. } = self.session;
        let mut logged = Logged::default();
        for function in functions {
            let text = logs::text_of_function(project, &platform.known.name, function, interrupt)?;
            logged.bytes += number(text.len());
            logged.invocations += number(text.matches(REPORT).count());
        }
        Ok(logged)
    }
}

#[derive(Clone, Copy, Default)]
struct Logged {
    bytes: f64,
    invocations: f64,
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Do and count everything, on the mesh that `cargo xtask demo` made; what is made for it is retired again.
pub fn count(project: &Project, interrupt: &Interrupt) -> Result<Counts> {
    let session = Session::open(project, interrupt)?;
    session.schedules("DISABLED")?;
    let counted = counted(&session);
    session.schedules("ENABLED")?;
    counted
}

fn counted(session: &Session<'_>) -> Result<Counts> {
    let one = made::new_name();
    let (one, two) = (one.as_str(), format!("{one}-too"));
    let two = two.as_str();
    session.silence()?;
    // Tokens, and what functions keep in memory.
    made::search(session)?;
    made::policy_check(session)?;
    let mut counter = Counter { session, counts: Counts::default() };
    let stream = &["registry", "provisioner", "indexer"];
    counter.counts.products =
        scheduled(&mut counter, ["probe before", "provisioner's sweep before", "indexer's sweep before"])?;

    counter.count("plan", &["registry"], 1.0, After::Nothing, |s| made::plan(s, one))?;
    counter.count("register, new", stream, 1.0, After::Change, |s| made::register(s, one, "1.0.0", "Counted"))?;
    made::register(session, two, "1.0.0", "Counted")?;
    counter.count("register, changed", stream, 1.0, After::Change, |s| {
        made::register(s, one, "1.0.1", "Counted, and changed")
    })?;
    counter.count("search", &["marketplace"], 1.0, After::Nothing, made::search)?;
    counter.count("policy check", &["governance"], 1.0, After::Nothing, made::policy_check)?;
    let on_files = counter
        .count("contract, asked and approved", stream, 2.0, After::Change, |s| made::contract(s, one, "files"))?;
    let on_table = made::contract(session, one, "table")?;
    session.silence()?;
    counter.count("read, decided", &["broker"], 1.0, After::Nothing, |s| made::read(s, one))?;
    counter.count("read, by a kept grant", &["broker"], 1.0, After::Nothing, |s| made::read(s, one))?;
    counter.count("write, decided", &["broker"], 1.0, After::Nothing, |s| made::write(s, one))?;
    counter.count("write, by a kept grant", &["broker"], 1.0, After::Nothing, |s| made::write(s, one))?;
    counter.count("table loaded, decided", &["iceberg"], 1.0, After::Nothing, |s| made::load_table(s, one))?;
    counter.count("table loaded, by a kept grant", &["iceberg"], 1.0, After::Nothing, |s| made::load_table(s, one))?;
    made::commit(session, one)?;
    counter.count("commit", &["iceberg"], 1.0, After::Nothing, |s| made::commit(s, one))?;

    // The first look at a port finds it out; the later ones are the usual ones.
    scheduled(&mut counter, ["probe first", "provisioner's sweep first", "indexer's sweep first"])?;
    scheduled(&mut counter, ["probe after", "provisioner's sweep after", "indexer's sweep after"])?;

    for contract in [on_files, on_table] {
        made::revoke(session, &contract)?;
    }
    made::the_rest(session, two)?;
    for name in [one, two] {
        made::retire(session, name)?;
    }
    Ok(counter.counts)
}

/// Each schedule's run, once; how many products the sweeps saw.
fn scheduled(counter: &mut Counter<'_>, names: [&'static str; 3]) -> Result<f64> {
    let runs = [("sla-probe", "probe"), ("provisioner", "sweep"), ("indexer", "sweep")];
    let mut seen = None;
    for (name, (function, trigger)) in names.into_iter().zip(runs) {
        let answer = counter.count(name, &[function], 0.0, After::Change, |s| s.invoke(function, trigger))?;
        seen = answer.get("seen").and_then(Value::as_f64).or(seen);
    }
    seen.context("a sweep did not say how many products it saw")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_scaled_and_compared_by_number() {
        let one = Counted { api: 1.0, requests: BTreeMap::from([("s3:GetObject".into(), 2.0)]), ..Counted::default() };
        let two = Counted { api: 3.0, requests: BTreeMap::from([("kms:Encrypt".into(), 1.0)]), ..Counted::default() };
        let sum = one.plus(&two);
        assert!((sum.api - 4.0).abs() < f64::EPSILON);
        assert_eq!(sum.requests, BTreeMap::from([("s3:GetObject".into(), 2.0), ("kms:Encrypt".into(), 1.0)]));
        assert_eq!(one.minus(&two).requests.get("s3:GetObject"), Some(&2.0));
        assert!(one.minus(&two).api.abs() < f64::EPSILON, "nothing is charged less than nothing for");
        assert_eq!(one.times(3.0).requests.get("s3:GetObject"), Some(&6.0));
    }
}
