//! Step `evolve`: a breaking change goes beside what is there. Readers are told, move when they like, and whoever stays is told where to go
//! once the last day is over.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use mesh_api::types::{Contract, ContractInput, ContractMove, ContractStatus, Plan};
use mesh_client::ClientError;
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

use super::mesh::Demo;
use super::python::EXAMPLE;
use crate::aws_api::AwsApi;

const PRODUCER: &str = "weather";
/// Moves to the new major.
const MOVES: &str = "insights";
/// Stays until the end.
const STAYS: &str = "operations";
const PURPOSE: &str = "analytics";
/// How many days the registry's clock is put ahead: the notice of 90 days, and the day after the last.
const AHEAD: i64 = 91;
/// By which it knows of that, on a local cloud only.
const CLOCK: &str = "MESH_CLOCK_AHEAD_DAYS";
const PATIENCE: Duration = Duration::from_secs(60);

/// The product under way. Each run has one of its own, since content of a version never changes.
struct Evolving {
    id: String,
    first: String,
    both: String,
    second: String,
}

impl Evolving {
    fn new(demo: &Demo<'_>) -> Result<Self> {
        let read = |name: &str| {
            let path = demo.project.root.join(EXAMPLE).join("evolve").join(name);
            fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))
        };
        let name = format!("summary-{}", Timestamp::now().as_second());
        let first = read("summary.yaml")?.replace("name: summary", &format!("name: {name}"));
        let second = read("second-major.yaml")?;
        let (head, _) = first.split_once("  - name: days").context("the example has the port `days`")?;
        let version = |text: &str, version: &str| text.replacen("version: 1.0.0", &format!("version: {version}"), 1);
        Ok(Self {
            id: format!("{PRODUCER}.{name}"),
            both: version(&format!("{first}{second}"), "1.1.0"),
            second: version(&format!("{head}{second}"), "2.0.0"),
            first,
        })
    }

    fn port(&self, major: u64) -> String {
        format!("{}/days@{major}", self.id)
    }
}

pub fn evolve(demo: &mut Demo<'_>) -> Result<String> {
    let evolving = Evolving::new(demo)?;
    let outcome = walk(demo, &evolving);
    // Whatever became of it: no product of this step is left, and the registry tells the time again.
    set_clock(demo, None)?;
    let cleaned = clean_up(demo, &evolving);
    let told = outcome?;
    cleaned?;
    Ok(told)
}

fn walk(demo: &Demo<'_>, evolving: &Evolving) -> Result<String> {
    let owner = demo.api(PRODUCER)?;
    demo.register(PRODUCER, &evolving.first)?;
    let (moves, stays) = (agree(demo, MOVES, &evolving.port(1))?, agree(demo, STAYS, &evolving.port(1))?);

    pin(demo, evolving, &moves)?;

    let both = demo.register(PRODUCER, &evolving.both)?;
    let old = both.ports.iter().find(|port| port.id == evolving.port(1)).context("the old major is listed")?;
    let sunset = old.sunset.context("a port with a newer major beside it has a last day")?;
    if old.successor.as_ref() != Some(&evolving.port(2)) {
        bail!("the old major names no successor: {old:?}");
    }
    let told: Contract = demo.get(MOVES, &format!("contracts/{}", moves.id))?;
    if told.sunset != Some(sunset) || told.successor != Some(evolving.port(2)) {
        bail!("the contract tells nothing of the end of its port: {told:?}");
    }

    let early: Plan = demo.call(owner.plan(&evolving.second))?;
    let said: Vec<&str> = early.violations.iter().map(|violation| violation.detail.as_str()).collect();
    for consumer in [MOVES, STAYS] {
        if !said.iter().any(|text| text.contains(&format!("`{consumer}`"))) {
            bail!("the old major may be removed while `{consumer}` reads it: {said:?}");
        }
    }

    demo.call(demo.api(STAYS)?.acknowledge_contract(&stays.id))?;
    let moved = demo.call(demo.api(MOVES)?.move_contract(&moves.id, &ContractMove::default()))?;
    if moved.port.to_string() != evolving.port(2) || moved.status != ContractStatus::Active {
        bail!("the contract did not move: {moved:?}");
    }
    let plan: Plan = demo.call(owner.plan(&evolving.both))?;
    let readers = plan.deprecated.first().map(|port| port.readers.as_slice()).unwrap_or_default();
    match readers {
        [left] if left.consumer_domain == STAYS && left.acknowledged => {}
        other => bail!("the owner does not see that `{STAYS}` is left and knows: {other:?}"),
    }

    set_clock(demo, Some(AHEAD))?;
    let last = demo.register(PRODUCER, &evolving.second)?;
    set_clock(demo, None)?;
    if !last.warnings.iter().any(|warning| warning.code == "deprecation.final_notice") {
        bail!("nobody is told of whom the removal leaves behind: {:?}", last.warnings);
    }
    let read = |domain: &str| -> Result<Result<Value, ClientError>> {
        let path = format!("products/{}/ports/days/read?purpose={PURPOSE}", evolving.id);
        let api = demo.api(domain)?;
        Ok(demo.block_on(api.get::<Value>(&path)))
    };
    let granted = read(MOVES)?.map_err(|error| anyhow::anyhow!("`{MOVES}` cannot read the new major: {error}"))?;
    if granted.get("port") != Some(&json!(evolving.port(2))) {
        bail!("`{MOVES}` reads another port: {granted}");
    }
    let gone = match read(STAYS)? {
        Err(error) => error.problem().cloned().context("the read of what is gone has no problem")?,
        Ok(_) => bail!("`{STAYS}` reads a port that was removed"),
    };
    if (gone.status, gone.successor.as_deref()) != (410, Some(evolving.port(2).as_str())) {
        bail!("the read of what is gone does not lead to the new major: {gone:?}");
    }
    Ok(format!(
        "pinned to a snapshot, `{MOVES}` reads what it read; `days@2` beside `days@1`, whose last day is {sunset}; `{MOVES}` moved in one call, `{STAYS}` stayed: removed the day after, its read is 410 and leads to `days@2`"
    ))
}

/// A contract that is pinned reads one snapshot, whatever its producer writes, until it follows the table again.
fn pin(demo: &Demo<'_>, evolving: &Evolving, contract: &Contract) -> Result<()> {
    let write = |day: &str| demo.python_result(PRODUCER, "evolve/append_days.py", &[&evolving.id, "--day", day]);
    let read = || -> Result<(u64, i64)> {
        let port = evolving.port(1);
        let told = demo.python_result(MOVES, "consumer/read_port.py", &[&port, "--purpose", PURPOSE])?;
        let rows = told.get("rows").and_then(Value::as_u64).context("rows are told")?;
        Ok((rows, told.get("snapshot").and_then(Value::as_i64).context("a table that was read has a snapshot")?))
    };
    let api = demo.api(MOVES)?;
    write("0")?;
    let (rows, snapshot) = read()?;
    let unknown = demo.block_on(api.pin_contract(&contract.id, snapshot.wrapping_add(1)));
    if unknown
        .as_ref()
        .err()
        .and_then(ClientError::problem)
        .is_none_or(|problem| problem.code != "contract.no_snapshot")
    {
        bail!("a contract may be pinned to what its table does not have: {unknown:?}");
    }
    demo.call(api.pin_contract(&contract.id, snapshot))?;
    write("1")?;
    let pinned = read()?;
    demo.call(api.unpin_contract(&contract.id))?;
    match (rows, pinned, read()?.0) {
        (1, (1, still), 2) if still == snapshot => Ok(()),
        (before, pinned, after) => {
            bail!(
                "of two days, one after the other, {before} were read, then {pinned:?} pinned to {snapshot}, then {after}"
            )
        }
    }
}

/// An active contract of `consumer` on `port`.
fn agree(demo: &Demo<'_>, consumer: &str, port: &str) -> Result<Contract> {
    let input = ContractInput {
        port: port.parse().with_context(|| format!("`{port}` is no address"))?,
        purpose: PURPOSE.to_owned(),
        fields: vec!["day".to_owned(), "delay".to_owned()],
        agreed_freshness: None,
        contact: format!("{consumer}@example.org"),
        expires_at: None,
    };
    let asked = demo.call(demo.api(consumer)?.request_contract(&input))?;
    let agreed = demo.call(demo.api(PRODUCER)?.decide_contract(&asked.id, "approve", None))?;
    if agreed.status != ContractStatus::Active {
        bail!("the contract of `{consumer}` is {} after its approval", agreed.status.as_str());
    }
    Ok(agreed)
}

/// Puts the registry's clock ahead by so many days, or back to the time.
fn set_clock(demo: &Demo<'_>, ahead: Option<i64>) -> Result<()> {
    let aws = AwsApi::new(demo.block_on(demo.platform()?.sdk()))?;
    let name = format!("{}-registry", demo.platform()?.known.name);
    let now = demo.block_on(aws.function(&name))?;
    let mut variables = now.pointer("/Environment/Variables").and_then(Value::as_object).cloned().unwrap_or_default();
    match ahead {
        Some(days) => variables.insert(CLOCK.to_owned(), json!(days.to_string())),
        None if !variables.contains_key(CLOCK) => return Ok(()),
        None => variables.remove(CLOCK),
    };
    let path = format!("/2015-03-31/functions/{name}/configuration");
    let body = json!({ "Environment": { "Variables": variables } });
    demo.block_on(aws.rest("lambda", Method::PUT, &path, &body))?;
    demo.wait("the registry has its new environment", PATIENCE, || {
        let status = demo.block_on(aws.function(&name))?;
        let status = status.get("LastUpdateStatus").and_then(Value::as_str).unwrap_or("Successful").to_owned();
        Ok(if status == "Successful" { Ok(()) } else { Err(format!("its update is {status}")) })
    })
}

fn clean_up(demo: &Demo<'_>, evolving: &Evolving) -> Result<()> {
    let owner = demo.api(PRODUCER)?;
    if demo.call(owner.product(&evolving.id))?.is_none() {
        return Ok(());
    }
    let contracts: Value = demo.get(PRODUCER, &format!("contracts?product={}", evolving.id))?;
    for contract in contracts.get("items").and_then(Value::as_array).into_iter().flatten() {
        let id = contract.get("id").and_then(Value::as_str).unwrap_or_default();
        let ended = matches!(contract.get("status").and_then(Value::as_str), Some("revoked" | "rejected" | "expired"));
        if !ended {
            demo.call(owner.decide_contract(id, "revoke", Some("the demo is over")))?;
        }
    }
    demo.call(owner.retire(&evolving.id)).map(drop)
}
