//! Holds the API of a running stack to its OpenAPI document by schemathesis: no answer that the document does not tell of, and
//! nothing that the platform fails at.

use anyhow::{Context, Result, bail};
use mesh_api::types::{ContractPage, Product};
use mesh_client::TokenSource;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;

use crate::client::SavedClients;
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::progress;
use crate::project::Project;
use crate::steps::Outcome;
use crate::{python, tool};

const REQUIREMENTS: &str = "xtask/schemathesis.requirements.txt";
const CONFIGURATION: &str = "xtask/schemathesis.toml";
const DOCUMENT: &str = "docs/reference/openapi.json";

/// Far more than it takes; what hangs is ended.
const LIMIT: Duration = Duration::from_secs(600);

/// Lines of what schemathesis found that are shown.
const SHOWN_LINES: usize = 200;

/// The product whose schema and contract are asked for, beside random ones.
const PRODUCT: &str = "operations.flights";

/// Operations that change who may do what, or what there is: they come last, so that the others find what they ask for.
const CHANGES_OF_THE_DOMAIN: &[&str] = &["retireProduct", "updateDomain", "publishDomainPolicies"];
const CHANGES_OF_THE_PLATFORM: &[&str] = &[
    "createDomain",
    "deleteDomain",
    "bindEnvelope",
    "releaseEnvelope",
    "publishGlobalPolicies",
    "publishProductPolicies",
];

/// Operations that are called as one client.
struct Pass {
    /// Name of the client and of the domain that it acts for.
    client: &'static str,
    /// Which operations, as arguments of schemathesis.
    selection: Vec<String>,
}

fn passes() -> [Pass; 3] {
    let all = |option: &str, operations: &[&[&str]]| {
        operations.concat().iter().flat_map(|name| [option.to_owned(), (*name).to_owned()]).collect()
    };
    let (include, exclude) = ("--include-operation-id", "--exclude-operation-id");
    [
        Pass { client: "operations", selection: all(exclude, &[CHANGES_OF_THE_DOMAIN, CHANGES_OF_THE_PLATFORM]) },
        Pass { client: "operations", selection: all(include, &[CHANGES_OF_THE_DOMAIN]) },
        Pass { client: "platform", selection: all(include, &[CHANGES_OF_THE_PLATFORM]) },
    ]
}

/// Call every operation of the running stack's API. What the mesh holds is another one afterwards.
pub fn check(project: &Project, interrupt: &Interrupt) -> Result<Outcome> {
    let platform = Platform::find(project, interrupt, None)?;
    let clients = SavedClients::load(project);
    let schemathesis = python::environment(project, &project.root.join(REQUIREMENTS), interrupt)?;
    let (schema, contract) = existing(&platform, &clients)?;
    let (mut passed, mut failed, mut why) = (0, 0, Vec::new());
    let folder = project.state.join("openapi");
    fs::create_dir_all(&folder)?;
    for (number, pass) in passes().iter().enumerate() {
        let report = folder.join(format!("report-{number}.json"));
        let mut command = tool::command(project, &schemathesis);
        command
            .args(["-m", "schemathesis.cli", "--no-color", "--config-file"])
            .arg(project.root.join(CONFIGURATION))
            .arg("run")
            .arg(project.root.join(DOCUMENT))
            .args(["--url", &platform.known.api_url, "--report", "json", "--report-json-path"])
            .arg(&report)
            .args(&pass.selection)
            // It keeps what it learns in the current folder.
            .current_dir(&folder)
            .env("MESH_TOKEN", token(&platform, &clients, pass.client)?)
            .env("MESH_SCHEMA_ID", &schema)
            .env("MESH_CONTRACT_ID", &contract)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let what = format!("the API as `{}`", pass.client);
        let finished = progress::during(&what, || tool::capture(&what, &mut command, Some(LIMIT), interrupt))?;
        let (tested, broken) = counts(&report).with_context(|| {
            let said = format!("{}\n{}", finished.stdout.trim_end(), finished.stderr.trim_end());
            format!("schemathesis left no report:\n{}", tool::last_lines(said.trim(), SHOWN_LINES))
        })?;
        if tested == 0 {
            bail!("schemathesis tested no operation as `{}`", pass.client);
        }
        passed += tested.saturating_sub(broken);
        failed += broken;
        if !finished.status.success() {
            failed += usize::from(broken == 0);
            why.push(tool::last_lines(finished.stdout.trim_end(), SHOWN_LINES));
        }
    }
    if failed == 0 {
        return Ok(Outcome::Passed(passed));
    }
    Ok(Outcome::Failed { passed, failed, why: why.join("\n") })
}

/// How many operations were tested, and in how many ways they broke their description.
fn counts(report: &Path) -> Result<(usize, usize)> {
    let report: Value = serde_json::from_str(&fs::read_to_string(report)?)?;
    let number = |pointer: &str| {
        let number = report.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("no `{pointer}`"))?;
        Ok::<_, anyhow::Error>(usize::try_from(number)?)
    };
    Ok((number("/operations/tested")?, number("/test_cases/unique_failures")? + number("/test_cases/errored")?))
}

/// A schema and a contract that there are.
fn existing(platform: &Platform, clients: &SavedClients) -> Result<(String, String)> {
    let client = clients.get("operations").context("there is no client `operations`: walk the demo first")?;
    let api = platform.api(client, "operations")?;
    let runtime = Runtime::new()?;
    let product: Product = runtime.block_on(api.get(&format!("products/{PRODUCT}")))?;
    let contracts: ContractPage = runtime.block_on(api.get(&format!("contracts?product={PRODUCT}")))?;
    let port = product.ports.first().with_context(|| format!("`{PRODUCT}` has no port"))?;
    let contract = contracts.items.first().with_context(|| format!("there is no contract on `{PRODUCT}`"))?;
    Ok((port.schema_id.clone(), contract.id.clone()))
}

fn token(platform: &Platform, clients: &SavedClients, name: &str) -> Result<String> {
    let client = clients.get(name).with_context(|| format!("there is no client `{name}`: walk the demo first"))?;
    let source = TokenSource::client(platform.credentials(client));
    Ok(Runtime::new()?.block_on(source.token(&reqwest::Client::new()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesh_api::routes::ROUTES;

    #[test]
    fn every_operation_is_called_in_exactly_one_pass() {
        let known = |name: &&str| ROUTES.iter().any(|route| route.operation == *name);
        let late = [CHANGES_OF_THE_DOMAIN, CHANGES_OF_THE_PLATFORM].concat();
        assert!(late.iter().all(known), "{late:?}");
        let [first, second, third] = passes();
        assert_eq!(first.selection.len(), second.selection.len() + third.selection.len());
        assert!(first.selection.iter().all(|word| word == "--exclude-operation-id" || late.contains(&word.as_str())));
    }

    #[test]
    fn a_report_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let report = r#"{"operations": {"tested": 7}, "test_cases": {"unique_failures": 2, "errored": 1}}"#;
        fs::write(&file, report).unwrap();
        assert_eq!(counts(&file).unwrap(), (7, 3));
        fs::write(&file, "{}").unwrap();
        assert!(counts(&file).is_err());
    }
}
