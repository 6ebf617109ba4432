//! A mesh on the local stack, as the commands that count use it: clients of the example's domains, and AWS itself.

use anyhow::{Context, Result, anyhow, bail};
use mesh_client::{Client, ClientError};
use reqwest::Method;
use serde_json::{Value, json};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;

use crate::aws_api::AwsApi;
use crate::client::SavedClients;
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::policy::told;
use crate::project::Project;
use crate::stack::requests;

/// How long the local cloud has to be silent before everything counts as done.
const SILENCE: Duration = Duration::from_secs(3);

/// The mesh, and who speaks to it.
#[derive(Debug)]
pub struct Session<'a> {
    pub project: &'a Project,
    pub interrupt: &'a Interrupt,
    pub platform: Platform,
    clients: SavedClients,
    aws: AwsApi,
    runtime: Runtime,
}

impl<'a> Session<'a> {
    /// On the mesh that `cargo xtask demo` made.
    pub fn open(project: &'a Project, interrupt: &'a Interrupt) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let platform = Platform::find(project, interrupt, None)?;
        let aws = AwsApi::new(runtime.block_on(platform.sdk()))?;
        Ok(Self { project, interrupt, platform, clients: SavedClients::load(project), aws, runtime })
    }

    /// The API as the domain's client of the same name.
    pub fn api(&self, domain: &str) -> Result<Client> {
        let client =
            self.clients.get(domain).with_context(|| format!("there is no client `{domain}`: run the demo"))?;
        self.platform.api(client, domain)
    }

    /// The principal of the domain's client.
    pub fn principal(&self, domain: &str) -> Result<String> {
        let client =
            self.clients.get(domain).with_context(|| format!("there is no client `{domain}`: run the demo"))?;
        Ok(self.platform.principal(&client.client_id))
    }

    pub fn call<T>(&self, future: impl Future<Output = std::result::Result<T, ClientError>>) -> Result<T> {
        self.runtime.block_on(future).map_err(|error| anyhow!(told(&error)))
    }

    /// Run a function as its schedule does, and return its answer.
    pub fn invoke(&self, function: &str, trigger: &str) -> Result<Value> {
        let path = format!("2015-03-31/functions/{}-{function}/invocations", self.platform.known.name);
        let answer =
            self.runtime.block_on(self.aws.rest("lambda", Method::POST, &path, &json!({ "trigger": trigger })))?;
        if answer.get("errorMessage").is_some() {
            bail!("`{function}` failed: {answer}");
        }
        Ok(answer)
    }

    /// Let the schedules rest or go on.
    pub fn schedules(&self, state: &str) -> Result<()> {
        let group = &self.platform.known.name;
        for name in ["probe", "sweep-indexer", "sweep-provisioner"] {
            let path = format!("schedules/{name}");
            let asked = format!("{path}?groupName={group}");
            let found = self.runtime.block_on(self.aws.rest("scheduler", Method::GET, &asked, &Value::Null))?;
            let kept = |field: &str| found.get(field).cloned().with_context(|| format!("`{name}` has no `{field}`"));
            let wanted = json!({
                "GroupName": group,
                "State": state,
                "ScheduleExpression": kept("ScheduleExpression")?,
                "FlexibleTimeWindow": kept("FlexibleTimeWindow")?,
                "Target": kept("Target")?,
            });
            self.runtime.block_on(self.aws.rest("scheduler", Method::PUT, &path, &wanted))?;
        }
        Ok(())
    }

    /// Wait until no function does anything.
    pub fn silence(&self) -> Result<()> {
        let mut last = (requests::length(self.project)?, std::time::Instant::now());
        let silent = self.interrupt.wait_for(Duration::from_secs(120), || {
            let now = requests::length(self.project)?;
            if now != last.0 {
                last = (now, std::time::Instant::now());
            }
            Ok((last.1.elapsed() >= SILENCE).then_some(()))
        })?;
        silent.context("the functions did not come to rest within two minutes")
    }
}
