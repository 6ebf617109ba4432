//! The mesh that a command works on: what Terraform's outputs of `infra/` say of it, and how its AWS is reached.

use anyhow::{Context, Result, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use mesh_client::{Client, ClientCredentials, TokenSource};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

use crate::interrupt::Interrupt;
use crate::machine_client::MachineClient;
use crate::project::Project;
use crate::stack::{self, Component};
use crate::terraform::Root;

/// Folder of the platform's Terraform configuration.
pub const INFRA: &str = "infra";

/// A deployed platform.
#[derive(Clone, Debug)]
pub struct Platform {
    /// All outputs of `infra/`, as `modules/domain` takes them.
    pub outputs: Value,
    pub known: Outputs,
    /// Of every AWS API on a local stack; none on AWS.
    pub endpoint: Option<String>,
}

/// The outputs that commands use.
#[derive(Clone, Debug, Deserialize)]
pub struct Outputs {
    /// Name of the mesh, such as `mesh`.
    pub name: String,
    pub region: String,
    pub api_url: String,
    pub token_url: String,
    pub issuer: String,
    pub scope: String,
    /// None where the issuer is not the platform's own.
    pub user_pool_id: Option<String>,
}

impl Platform {
    /// The one whose outputs `terraform output -json` wrote to `file`, on AWS; without a file, that of the local stack.
    pub fn find(project: &Project, interrupt: &Interrupt, file: Option<&Path>) -> Result<Self> {
        match file {
            Some(file) => {
                let text = fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
                let outputs: Map<String, Value> =
                    serde_json::from_str(&text).with_context(|| format!("`{}` holds no outputs", file.display()))?;
                let value = |output: Value| output.get("value").cloned().unwrap_or(Value::Null);
                Self::new(outputs.into_iter().map(|(name, output)| (name, value(output))).collect(), None)
            }
            None => Self::local(project, interrupt),
        }
    }

    fn local(project: &Project, interrupt: &Interrupt) -> Result<Self> {
        let cloud = stack::status(project).into_iter().find(|status| status.component == Component::Cloud);
        let Some(endpoint) = cloud.filter(|cloud| cloud.pid.is_some()).and_then(|cloud| cloud.endpoint) else {
            bail!(
                "no local stack runs: `cargo xtask demo` makes one; for a mesh on AWS, give its outputs by `--outputs`"
            );
        };
        let root = Root::new(project, interrupt, INFRA);
        if !root.state_file().exists() {
            bail!("the local stack holds no mesh yet: `cargo xtask demo` makes one");
        }
        Self::new(root.outputs()?, Some(endpoint))
    }

    /// From the outputs' values; `endpoint` that of a local stack.
    pub fn new(outputs: Map<String, Value>, endpoint: Option<String>) -> Result<Self> {
        let outputs = Value::Object(outputs);
        let known = Outputs::deserialize(&outputs).context("these are not the outputs of `infra/`")?;
        Ok(Self { outputs, known, endpoint })
    }

    /// Credentials of a local stack, or the caller's own on AWS.
    pub async fn sdk(&self) -> SdkConfig {
        let defaults = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(self.known.region.clone()));
        let defaults = match &self.endpoint {
            Some(endpoint) => {
                let credentials = Credentials::new("test", "test", None, None, "local stack");
                defaults.endpoint_url(endpoint).credentials_provider(credentials)
            }
            None => defaults,
        };
        defaults.load().await
    }

    /// The principal that a machine client's tokens speak for.
    pub fn principal(&self, client_id: &str) -> String {
        format!("{}|{client_id}", self.known.issuer)
    }

    /// How a machine client gets its tokens.
    pub fn credentials(&self, client: &MachineClient) -> ClientCredentials {
        ClientCredentials {
            client_id: client.client_id.clone(),
            client_secret: client.client_secret.clone(),
            token_url: self.known.token_url.clone(),
            scope: self.known.scope.clone(),
        }
    }

    /// The API, for `client` acting for `domain`.
    pub fn api(&self, client: &MachineClient, domain: &str) -> Result<Client> {
        self.api_with(TokenSource::client(self.credentials(client)), domain)
    }

    /// The API, with a token of any source.
    pub fn api_with(&self, token: TokenSource, domain: &str) -> Result<Client> {
        Ok(Client::new(&self.known.api_url, token, Some(domain.to_owned()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outputs() -> Value {
        json!({
            "name": "mesh", "region": "us-east-1", "api_url": "http://127.0.0.1:1", "token_url": "http://127.0.0.1:1/t",
            "issuer": "https://idp.example.org", "scope": "mesh/api", "user_pool_id": null, "buckets": {"manifests": "m"},
        })
    }

    #[test]
    fn outputs_are_read_from_what_terraform_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outputs.json");
        let written: Map<String, Value> = outputs()
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), json!({ "sensitive": false, "type": "string", "value": value })))
            .collect();
        fs::write(&file, serde_json::to_string(&written).unwrap()).unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let platform = Platform::find(&project, &Interrupt::default(), Some(&file)).unwrap();
        assert_eq!(platform.outputs, outputs());
        assert_eq!(platform.principal("abc"), "https://idp.example.org|abc");
        assert_eq!(platform.endpoint, None);
    }

    #[test]
    fn other_outputs_are_told_from_the_platforms() {
        let error = Platform::new(Map::new(), None).unwrap_err().to_string();
        assert_eq!(error, "these are not the outputs of `infra/`");
    }
}
