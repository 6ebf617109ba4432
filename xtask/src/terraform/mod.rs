//! Runs Terraform on the project's root modules against a stack, leaving the source tree as it is: working data,
//! lock files and state lie in the stack's folder.

mod plugins;
mod tree;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::stack::{Endpoints, REGION};
use crate::tool::{self, Finished};
use crate::{cache, progress};
pub use plugins::{cli_config_file, install_mesh_provider};

/// One configuration with its state. `source` is its folder in the repository, such as `infra`.
#[derive(Debug)]
pub struct Root<'a> {
    project: &'a Project,
    interrupt: &'a Interrupt,
    source: PathBuf,
    name: String,
    endpoint: Option<String>,
    variables: Map<String, Value>,
    environment: Vec<(String, String)>,
    limit: Duration,
}

/// What a plan came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    Unchanged,
    /// What would be done, as Terraform prints it.
    Changes(String),
    /// It failed: the diagnostics as Terraform prints them.
    Refused(String),
}

impl<'a> Root<'a> {
    pub fn new(project: &'a Project, interrupt: &'a Interrupt, source: impl Into<PathBuf>) -> Self {
        let source = source.into();
        let name = source.to_string_lossy().replace(['/', '\\'], "-");
        Self {
            project,
            interrupt,
            source,
            name,
            endpoint: None,
            variables: Map::new(),
            environment: Vec::new(),
            limit: Duration::from_secs(1200),
        }
    }

    /// Work against a local stack, with the credentials that it takes for its root user.
    pub fn against(mut self, endpoints: &Endpoints) -> Self {
        self.endpoint = Some(endpoints.cloud.clone());
        self
    }

    /// Call the state something else than the source folder, for two states of one configuration.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// An environment variable, such as a provider's credentials.
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// How long one run of Terraform may take. An emulator's internal error makes the AWS provider try again for
    /// minutes; 20 minutes unless set.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Install providers and modules, unless that was done for the same configuration and providers.
    pub fn init(&self) -> Result<()> {
        let settings = plugins::write_cli_config(self.project)?;
        let folder = tree::mirror(&self.project.root, &self.source, &self.folder().join("tree"))?;
        let key = self.initialisation_key(&settings)?;
        let done = self.folder().join("initialised");
        if fs::read_to_string(&done).is_ok_and(|known| known == key) {
            return Ok(());
        }
        // It holds the digest of the mesh provider, which changes with every build.
        let _ = fs::remove_file(folder.join(".terraform.lock.hcl"));
        let mut command = self.command();
        command.args(["init", "-input=false", "-no-color", "-backend=false"]);
        self.run("terraform init", &mut command)?;
        Ok(fs::write(done, key)?)
    }

    pub fn validate(&self) -> Result<()> {
        self.init()?;
        let mut command = self.command();
        command.args(["validate", "-no-color"]);
        self.run("terraform validate", &mut command).map(drop)
    }

    /// Plan without applying. A plan that Terraform or a provider refuses is a result, not an error.
    pub fn plan(&self) -> Result<Plan> {
        self.init()?;
        let mut command = self.command();
        command.args(["plan", "-input=false", "-no-color", "-detailed-exitcode", "-lock-timeout=60s"]);
        self.with_state_and_variables(&mut command)?;
        let finished = self.capture("terraform plan", &mut command)?;
        match finished.status.code() {
            Some(0) => Ok(Plan::Unchanged),
            Some(2) => Ok(Plan::Changes(finished.stdout)),
            Some(1) => Ok(Plan::Refused(finished.stderr)),
            _ => tool::succeed("terraform plan", finished).map(|_| Plan::Unchanged),
        }
    }

    pub fn apply(&self) -> Result<()> {
        self.init()?;
        let mut command = self.command();
        command.args(["apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=20", "-lock-timeout=60s"]);
        self.with_state_and_variables(&mut command)?;
        self.run("terraform apply", &mut command).map(drop)
    }

    pub fn destroy(&self) -> Result<()> {
        self.init()?;
        let mut command = self.command();
        command.args(["destroy", "-auto-approve", "-input=false", "-no-color", "-parallelism=20", "-lock-timeout=60s"]);
        self.with_state_and_variables(&mut command)?;
        self.run("terraform destroy", &mut command).map(drop)
    }

    /// The outputs' values, sensitive ones included.
    pub fn outputs(&self) -> Result<Map<String, Value>> {
        let mut command = self.command();
        command.args(["output", "-json", "-no-color"]).arg(self.state_argument()?);
        let text = self.run("terraform output", &mut command)?;
        let outputs: Map<String, Value> = serde_json::from_str(&text).context("terraform's outputs are no JSON")?;
        Ok(outputs.into_iter().filter_map(|(name, output)| Some((name, output.get("value")?.clone()))).collect())
    }

    /// Where the state lies: with the cloud's content, because it is worth nothing without.
    pub fn state_file(&self) -> PathBuf {
        self.project.generation_folder().join("terraform").join(format!("{}.tfstate", self.name))
    }

    fn folder(&self) -> PathBuf {
        self.project.state.join("terraform").join(&self.name)
    }

    fn command(&self) -> Command {
        let mut command = tool::command(self.project, "terraform");
        // The user's own settings of Terraform and AWS are meant for other work than this.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("TF_") || text.starts_with("AWS_") && self.endpoint.is_some() {
                command.env_remove(&name);
            }
        }
        command
            .current_dir(self.folder().join("tree").join(&self.source))
            .env("TF_CLI_CONFIG_FILE", plugins::cli_config_file(self.project))
            .env("TF_DATA_DIR", self.folder().join("data"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1");
        if let Some(endpoint) = &self.endpoint {
            command
                .env("AWS_ENDPOINT_URL", endpoint)
                .env("AWS_REGION", REGION)
                .env("AWS_ACCESS_KEY_ID", "test")
                .env("AWS_SECRET_ACCESS_KEY", "test")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("AWS_CONFIG_FILE", "/dev/null")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn with_state_and_variables(&self, command: &mut Command) -> Result<()> {
        let file = self.state_file().with_extension("tfvars.json");
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, serde_json::to_string_pretty(&self.variables)?)?;
        command.arg(self.state_argument()?).arg(format!("-var-file={}", file.display()));
        Ok(())
    }

    fn state_argument(&self) -> Result<String> {
        let file = self.state_file();
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(format!("-state={}", file.display()))
    }

    fn initialisation_key(&self, settings: &str) -> Result<String> {
        let mut parts = vec![settings.as_bytes().to_vec(), plugins::installed_digest(self.project).into_bytes()];
        for folder in [self.project.root.join(&self.source), self.project.root.join("modules")] {
            configuration(&folder, &mut parts)?;
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Ok(cache::digest(&parts))
    }

    fn run(&self, what: &str, command: &mut Command) -> Result<String> {
        let finished = self.capture(what, command)?;
        tool::succeed(&format!("{what} of `{}`", self.source.display()), finished)
    }

    fn capture(&self, what: &str, command: &mut Command) -> Result<Finished> {
        progress::during(&format!("{what} ({})", self.name), || {
            tool::capture(what, command, Some(self.limit), self.interrupt)
        })
    }
}

/// The names and texts of all Terraform files below `folder`, in a fixed order.
fn configuration(folder: &Path, parts: &mut Vec<Vec<u8>>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && path.file_name().is_none_or(|name| !name.to_string_lossy().starts_with('.')) {
            configuration(&path, parts)?;
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            parts.push(path.as_os_str().as_encoded_bytes().to_vec());
            parts.push(fs::read(&path)?);
        }
    }
    Ok(())
}
