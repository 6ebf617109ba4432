//! Machine clients of the mesh: made in Cognito, outside of Terraform, so that no secret enters its state.

use anyhow::{Context, Result, bail};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::aws_api::AwsApi;
use crate::machine_client::MachineClient;
use crate::platform::Platform;
use crate::project::Project;

/// Refuse a name that Cognito would take and people would stumble over.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with('.') {
        bail!("`{name}` is no name for a client: write 1 to 64 letters, digits, `-`, `_` and `.`");
    }
    Ok(())
}

/// Make a client called `name` that gets tokens by its secret.
pub async fn create(platform: &Platform, name: &str) -> Result<MachineClient> {
    let Some(pool) = &platform.known.user_pool_id else {
        bail!("`{}` is not this mesh's own issuer: make the client there", platform.known.issuer);
    };
    let api = AwsApi::new(platform.sdk().await)?;
    let body = json!({
        "UserPoolId": pool,
        "ClientName": name,
        "GenerateSecret": true,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthScopes": [platform.known.scope],
        "EnableTokenRevocation": true,
    });
    let answer = api.cognito("CreateUserPoolClient", &body).await?;
    let text = |field: &str| {
        let value = answer.pointer(&format!("/UserPoolClient/{field}")).and_then(|value| value.as_str());
        value.map(str::to_owned).with_context(|| format!("Cognito answered without `{field}`"))
    };
    Ok(MachineClient { client_id: text("ClientId")?, client_secret: text("ClientSecret")? })
}

/// Clients kept for the local stack's mesh, readable by this user only; gone with the stack's content.
#[derive(Debug)]
pub struct SavedClients {
    file: PathBuf,
    clients: BTreeMap<String, MachineClient>,
}

impl SavedClients {
    /// What was saved; nothing if no file can be read.
    pub fn load(project: &Project) -> Self {
        let file = project.generation_folder().join("clients.json");
        let clients = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file, clients }
    }

    pub fn get(&self, name: &str) -> Option<&MachineClient> {
        self.clients.get(name)
    }

    /// What they are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.clients.keys().map(String::as_str)
    }

    /// Every saved client.
    pub fn all(&self) -> impl Iterator<Item = &MachineClient> {
        self.clients.values()
    }

    /// Keep a client under its name, in place of an older one.
    pub fn save(&mut self, name: &str, client: MachineClient) -> Result<()> {
        self.clients.insert(name.to_owned(), client);
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = self.file.with_extension("json.new");
        // A file that an earlier run left may have other permissions.
        let _ = fs::remove_file(&unfinished);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(serde_json::to_string_pretty(&self.clients)?.as_bytes())?;
        fs::rename(&unfinished, &self.file).with_context(|| format!("`{}` cannot be written", self.file.display()))
    }

    /// Where they are kept.
    pub fn file(&self) -> &PathBuf {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_name_is_plain() {
        assert!(check_name("operations-steward").is_ok());
        for name in ["", "../x", "a b", ".hidden", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn saved_clients_are_found_again_and_nobody_else_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let client = MachineClient { client_id: "id".into(), client_secret: "secret".into() };
        let mut saved = SavedClients::load(&project);
        assert_eq!(saved.get("operations"), None);
        saved.save("platform", client.clone()).unwrap();
        saved.save("operations", client.clone()).unwrap();
        let again = SavedClients::load(&project);
        assert_eq!((again.get("platform"), again.get("operations")), (Some(&client), Some(&client)));
        assert_eq!(fs::metadata(again.file()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{client:?}").contains("secret\""), "{client:?}");
    }
}
