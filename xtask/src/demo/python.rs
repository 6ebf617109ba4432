//! Runs the example's Python programs with a machine client's credentials and nothing else of the mesh.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::env;
use std::path::PathBuf;

use super::mesh::Demo;
use crate::tool::{self, Finished};
use crate::{progress, python};

/// The example mesh, relative to the repository.
pub const EXAMPLE: &str = "examples/nycflights";
/// What its pipelines and its consumer need, relative to the repository.
pub const REQUIREMENTS: &str = "examples/nycflights/pipelines/requirements.txt";

impl Demo<'_> {
    /// The interpreter of an environment with what the example's pipelines need.
    fn interpreter(&self) -> Result<PathBuf> {
        if let Some(interpreter) = self.interpreter.get() {
            return Ok(interpreter.clone());
        }
        let requirements = self.project.root.join(REQUIREMENTS);
        let made = progress::during("installing the pipelines' packages", || {
            python::environment(self.project, &requirements, self.interrupt)
        })?;
        Ok(self.interpreter.get_or_init(|| made).clone())
    }

    /// Run `program` (relative to the example) as the client called `client`, acting for the domain of that name, to its end.
    pub fn python(&self, client: &str, program: &str, arguments: &[&str]) -> Result<Finished> {
        let credentials = self.platform()?.credentials(self.client(client)?);
        let interpreter = self.interpreter()?;
        let mut command = tool::command(self.project, interpreter);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if ["AWS_", "MESH_", "PYICEBERG_", "PYTHON"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command
            .arg(self.project.root.join(EXAMPLE).join(program))
            .args(arguments)
            .current_dir(self.project.root.join(EXAMPLE))
            .env(tool::TOOL_VARIABLE, self.project.stack_id())
            .env("MESH_ENDPOINT", &self.platform()?.known.api_url)
            .env("MESH_TOKEN_URL", &credentials.token_url)
            .env("MESH_SCOPE", &credentials.scope)
            .env("MESH_CLIENT_ID", &credentials.client_id)
            .env("MESH_CLIENT_SECRET", &credentials.client_secret)
            .env("MESH_DOMAIN", client)
            .env("MESH_DATA_DIR", self.project.cache.join("nycflights13"))
            // The user's own AWS settings are not to be found, so that nothing but what the mesh vends opens anything.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        let what = format!("{program} {}", arguments.join(" "));
        tool::capture(what.trim_end(), &mut command, None, self.interrupt)
    }

    /// Run a program that ends well; what it printed last, as JSON.
    pub fn python_result(&self, client: &str, program: &str, arguments: &[&str]) -> Result<Value> {
        let what = format!("{program} {}", arguments.join(" ")).trim_end().to_owned();
        let output = tool::succeed(&what, self.python(client, program, arguments)?)?;
        let Some(last) = output.lines().rfind(|line| !line.trim().is_empty()) else {
            bail!("{what} printed no result");
        };
        serde_json::from_str(last).with_context(|| format!("{what} printed no JSON result but `{last}`"))
    }
}
