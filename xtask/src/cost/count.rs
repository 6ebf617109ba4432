//! Counts what AWS would charge for, one operation after the other, while the schedules rest.

use anyhow::Result;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::operations as made;
use super::session::Session;
use crate::interrupt::Interrupt;
use crate::progress;
use crate::project::Project;
use crate::stack::{logs, requests};

/// What Lambda itself writes to the log of an invocation: its start, its end and its report.
const LINES_OF_LAMBDA: f64 = 400.0;

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

/// Every operation, by the name that the table has for it. See [`super::table::LINES`].
pub type Counts = BTreeMap<&'static str, Counted>;

/// What an operation does besides answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    /// It changes a product, at which functions start by themselves.
    Change,
}

/// How often the stream of products starts a function for one registration: at the registration itself, at the
/// provisioner's note and at the indexer's, both functions each time.
const STARTS_OF_REGISTRATION: f64 = 6.0;
/// And for a contract, which is counted at its product: both functions.
const STARTS_OF_CHANGE: f64 = 2.0;

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
        (api, invocations): (f64, f64),
        after: After,
        act: impl FnOnce(&Session<'_>) -> Result<T>,
    ) -> Result<T> {
        let step = progress::Step::begin(name);
        let (logged, noted) = (self.logged(functions)?, requests::length(self.session.project)?);
        let result = act(self.session);
        if after == After::Change {
            self.session.silence()?;
        }
        step.end(if result.is_ok() { "ok" } else { "FAILED" });
        let mut counted = Counted { api, invocations, ..Counted::default() };
        for request in requests::requests(self.session.project, noted)? {
            counted.read_units += request.read_units;
            counted.write_units += request.write_units;
            if !request.action.starts_with("dynamodb:") {
                *counted.requests.entry(request.action).or_default() += 1.0;
            }
        }
        counted.log_bytes = self.logged(functions)? - logged + invocations * LINES_OF_LAMBDA;
        self.counts.insert(name, counted);
        result
    }

    /// How much the functions logged so far, in bytes.
    fn logged(&self, functions: &[&str]) -> Result<f64> {
        let Session { project, interrupt, platform, .. } = self.session;
        let mut bytes = 0;
        for function in functions {
            bytes += logs::text_of_function(project, &platform.known.name, function, interrupt)?.len();
        }
        Ok(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }
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
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (one, two) = (format!("counted-{since}-a"), format!("counted-{since}-b"));
    let (one, two) = (one.as_str(), two.as_str());
    session.silence()?;
    made::warm_up(session)?;
    let mut counter = Counter { session, counts: Counts::new() };
    let stream = &["registry", "provisioner", "indexer"];
    let http = (1.0, 1.0);
    scheduled(&mut counter, ["probe before", "provisioner's sweep before", "indexer's sweep before"])?;

    counter.count("plan", &["registry"], http, After::Nothing, |s| made::plan(s, one))?;
    let starts = (1.0, 1.0 + STARTS_OF_REGISTRATION);
    counter.count("register, new", stream, starts, After::Change, |s| made::register(s, one, "1.0.0", "Counted"))?;
    made::register(session, two, "1.0.0", "Counted")?;
    counter.count("register, changed", stream, starts, After::Change, |s| {
        made::register(s, one, "1.0.1", "Counted, and changed")
    })?;
    counter.count("search", &["marketplace"], http, After::Nothing, made::search)?;
    counter.count("policy check", &["governance"], http, After::Nothing, made::policy_check)?;
    let agreed = (2.0, 2.0 + 2.0 * STARTS_OF_CHANGE);
    let on_files = counter
        .count("contract, asked and approved", stream, agreed, After::Change, |s| made::contract(s, one, "files"))?;
    let on_table = made::contract(session, one, "table")?;
    session.silence()?;
    counter.count("read, decided", &["broker"], http, After::Nothing, |s| made::read(s, one))?;
    counter.count("read, by a kept grant", &["broker"], http, After::Nothing, |s| made::read(s, one))?;
    counter.count("write, decided", &["broker"], http, After::Nothing, |s| made::write(s, one))?;
    counter.count("write, by a kept grant", &["broker"], http, After::Nothing, |s| made::write(s, one))?;
    counter.count("table loaded, decided", &["iceberg"], http, After::Nothing, |s| made::load_table(s, one))?;
    counter.count("table loaded, by a kept grant", &["iceberg"], http, After::Nothing, |s| made::load_table(s, one))?;
    made::commit(session, one)?;
    counter.count("commit", &["iceberg"], http, After::Nothing, |s| made::commit(s, one))?;

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

/// Each schedule's run, once.
fn scheduled(counter: &mut Counter<'_>, names: [&'static str; 3]) -> Result<()> {
    let runs = [("sla-probe", "probe"), ("provisioner", "sweep"), ("indexer", "sweep")];
    for (name, (function, trigger)) in names.into_iter().zip(runs) {
        counter.count(name, &[function], (0.0, 1.0), After::Change, |s| s.invoke(function, trigger))?;
    }
    Ok(())
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
