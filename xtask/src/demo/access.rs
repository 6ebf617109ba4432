//! Steps `search` to `read`: found, refused, agreed, read.

use anyhow::{Context, Result, bail};
use mesh_api::types::{Contract, ContractInput, ContractPage, ContractStatus, Credentials, ReadGrant, SearchAnswer};
use mesh_client::ClientError;
use std::collections::BTreeSet;
use std::time::Duration;

use super::mesh::Demo;
use super::setup::STEWARD;
use crate::aws_api;

const CONSUMER: &str = "insights";
const PURPOSE: &str = "analytics";
const ICEBERG_PORT: &str = "operations.flights/daily@1";
const FILE_PORT: &str = "operations.flights/monthly@1";

/// A search, what must be found by it, and what must not.
struct Search {
    query: &'static str,
    found: &'static [&'static str],
    absent: &'static [&'static str],
}

const SEARCHES: &[Search] = &[
    // A word of a field's description.
    Search { query: "q=gust", found: &["weather.hourly"], absent: &["fleet.reference"] },
    Search { query: "domain=fleet", found: &["fleet.aircraft", "fleet.reference"], absent: &["weather.hourly"] },
    Search { query: "sla_minutes=5", found: &["weather.station-status"], absent: &["fleet.reference"] },
];

pub fn search(demo: &mut Demo<'_>) -> Result<String> {
    let mut details = Vec::new();
    for Search { query, found, absent } in SEARCHES {
        let answer = demo.wait(&format!("`{query}` finds {}", found.join(", ")), Duration::from_secs(120), || {
            let answer: SearchAnswer = demo.get(CONSUMER, &format!("marketplace/search?{query}"))?;
            let seen: BTreeSet<&str> = answer.items.iter().map(|hit| hit.product.as_str()).collect();
            let missing: Vec<_> = found.iter().filter(|product| !seen.contains(**product)).copied().collect();
            Ok(if missing.is_empty() { Ok(answer) } else { Err(format!("{} not found", missing.join(", "))) })
        })?;
        let wrong = answer.items.iter().find(|hit| absent.contains(&hit.product.as_str()));
        if let Some(wrong) = wrong {
            bail!("`{query}` finds `{}`", wrong.product);
        }
        for facet in ["domain", "classification", "format"] {
            if answer.facets.get(facet).is_none_or(|values| values.is_empty()) {
                bail!("`{query}` has no facet `{facet}`");
            }
        }
        if query.starts_with("q=") && answer.items.iter().all(|hit| hit.highlights.is_empty()) {
            bail!("`{query}` highlights nothing");
        }
        details.push(format!("{query}: {}", answer.total));
    }
    Ok(format!("{} products, with facets and highlights", details.join("; ")))
}

pub fn denied(demo: &mut Demo<'_>) -> Result<String> {
    // After an earlier run the contract for this purpose is live: there is none for the other.
    let agreed = contracts(demo)?.iter().any(|contract| {
        contract.port.to_string() == ICEBERG_PORT
            && contract.purpose == PURPOSE
            && contract.status == ContractStatus::Active
    });
    let purpose = if agreed { "operations" } else { PURPOSE };
    let problem = match request(demo, ICEBERG_PORT, purpose)? {
        Ok(_) => bail!("`{CONSUMER}` may read `{ICEBERG_PORT}` for `{purpose}` without a contract"),
        Err(error) => match error.problem() {
            Some(problem) => problem.clone(),
            None => bail!("no answer but: {error}"),
        },
    };
    let remedy = problem.remedy.clone().or_else(|| problem.errors.iter().find_map(|error| error.remedy.clone()));
    match (problem.status, problem.errors.first(), remedy) {
        (403, Some(reason), Some(remedy)) => {
            Ok(format!("403 for `{purpose}`: {} ({}); remedy: {remedy}", reason.detail, reason.code))
        }
        (403, None, _) => bail!("403 gives no reasons: {problem:?}"),
        (403, _, None) => bail!("403 gives no remedy: {problem:?}"),
        (status, ..) => bail!("answered {status} and not 403: {problem:?}"),
    }
}

pub fn contract(demo: &mut Demo<'_>) -> Result<String> {
    let input = ContractInput {
        port: FILE_PORT.parse().context("not a port's address")?,
        purpose: PURPOSE.to_owned(),
        fields: Vec::new(),
        agreed_freshness: None,
        contact: "insights@example.org".to_owned(),
        expires_at: None,
    };
    let api = demo.api(CONSUMER)?;
    let asked = demo.call(api.request_contract(&input)).with_context(|| format!("asking for `{FILE_PORT}`"))?;
    let mut approved = 0;
    for contract in contracts(demo)? {
        if contract.status == ContractStatus::Pending {
            approve(demo, &contract)?;
            approved += 1;
        }
    }
    let live = contracts(demo)?;
    let active = |port: &str| {
        let of_port = live.iter().filter(|contract| contract.port.to_string() == port && contract.purpose == PURPOSE);
        of_port.filter(|contract| contract.status == ContractStatus::Active).count() == 1
    };
    for port in [ICEBERG_PORT, FILE_PORT] {
        if !active(port) {
            bail!("`{CONSUMER}` has no active contract on `{port}` for `{PURPOSE}`");
        }
    }
    let active = live.iter().filter(|contract| contract.status == ContractStatus::Active).count();
    Ok(format!(
        "{active} contracts of `{CONSUMER}` are active, {approved} of them approved now; the last: {}",
        asked.id
    ))
}

/// Approve as the product's owner, then as the steward where policy asks for one, and no other way.
fn approve(demo: &Demo<'_>, pending: &Contract) -> Result<()> {
    let domain = pending.port.product.domain.to_string();
    let by_owner = demo.api(&domain)?;
    let after = demo.call(by_owner.decide_contract(&pending.id, "approve", None))?;
    if after.status == ContractStatus::Active {
        if domain == "operations" {
            bail!("`{}` is active without the steward's approval that the policy of `{domain}` asks for", pending.id);
        }
        return Ok(());
    }
    let by_steward = demo.api_as(STEWARD, &domain).context("only `operations` has a steward")?;
    let after = demo.call(by_steward.decide_contract(&pending.id, "approve", None))?;
    if after.status != ContractStatus::Active {
        bail!("`{}` is {} after the owner's and the steward's approval", pending.id, after.status.as_str());
    }
    Ok(())
}

pub fn read(demo: &mut Demo<'_>) -> Result<String> {
    let mut details = Vec::new();
    for (port, how) in [(ICEBERG_PORT, "PyIceberg"), (FILE_PORT, "pre-signed URLs")] {
        let written = *demo.notes.rows.get(port).with_context(|| format!("nothing was written to `{port}`"))?;
        let result =
            demo.python_result(CONSUMER, "consumer/read_port.py", &[port, "--purpose", PURPOSE, "--neighbour"])?;
        let rows = result.get("rows").and_then(|rows| rows.as_u64());
        if rows != Some(written) {
            bail!("{written} rows were written to `{port}`, and reading it told {result}");
        }
        if result.get("denied").and_then(|denied| denied.as_array()).is_none_or(Vec::is_empty) {
            bail!("what lies beside `{port}` was not tried: {result}");
        }
        details.push(format!("{written} rows of `{port}` by {how}"));
    }
    neighbour_denied(demo)?;
    Ok(format!("{}; what lies beside them is denied", details.join(", ")))
}

/// The credentials for one port open its own objects, and none of the port's beside it.
fn neighbour_denied(demo: &Demo<'_>) -> Result<()> {
    let grant = |port| request(demo, port, PURPOSE)?.with_context(|| format!("`{port}` cannot be read"));
    let (files, table) = (grant(FILE_PORT)?, grant(ICEBERG_PORT)?);
    let own = files.credentials.context("file ports come with credentials")?;
    let other = table.credentials.context("tables come with credentials")?;
    let name = &files.files.first().context("the port has no file")?.name;
    let key = format!("{}/data/{name}", own.prefix.trim_matches('/'));
    let status = |credentials: &Credentials| demo.block_on(aws_api::object_status(credentials, &own.bucket, &key));
    match (status(&own)?, status(&other)?) {
        (200 | 206, 403) => Ok(()),
        (200 | 206, other) => bail!("`{key}` answers {other} and not 403 to the credentials for `{ICEBERG_PORT}`"),
        (own, _) => bail!("`{key}` answers {own} to the port's own credentials"),
    }
}

/// Ask to read `port` for `purpose` as the consumer.
fn request(demo: &Demo<'_>, port: &str, purpose: &str) -> Result<std::result::Result<ReadGrant, ClientError>> {
    let (product, rest) = port.split_once('/').context("a port's address has a product")?;
    let (name, major) = rest.split_once('@').context("a port's address has a major")?;
    let api = demo.api(CONSUMER)?;
    let path = format!("products/{product}/ports/{name}/read?version={major}&purpose={purpose}");
    Ok(demo.block_on(api.get(&path)))
}

/// The contracts that the consumer holds.
fn contracts(demo: &Demo<'_>) -> Result<Vec<Contract>> {
    let page: ContractPage = demo.get(CONSUMER, &format!("contracts?consumer={CONSUMER}&limit=100"))?;
    Ok(page.items)
}
