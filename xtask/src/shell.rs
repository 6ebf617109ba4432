//! `cargo xtask env`: what a shell needs to run Terraform and programs against the local stack's mesh, as one of its clients.

use anyhow::{Context, Result};
use std::fmt::Write;

use crate::client::SavedClients;
use crate::platform::Platform;
use crate::project::Project;
use crate::terraform;

/// Lines that a POSIX shell evaluates. They hold a client's secret: of a mesh that only this machine reaches.
pub fn environment(project: &Project, platform: &Platform, saved: &SavedClients, name: &str) -> Result<String> {
    let client = saved.get(name).with_context(|| {
        format!("no client `{name}` is saved; there are {}", saved.names().collect::<Vec<_>>().join(", "))
    })?;
    let endpoint = platform.endpoint.as_deref().unwrap_or_default();
    let known = &platform.known;
    let settings = terraform::cli_config_file(project).display().to_string();
    let variables = [
        ("TF_CLI_CONFIG_FILE", settings.as_str()),
        ("MESH_ENDPOINT", &known.api_url),
        ("MESH_TOKEN_URL", &known.token_url),
        ("MESH_SCOPE", &known.scope),
        ("MESH_CLIENT_ID", &client.client_id),
        ("MESH_CLIENT_SECRET", &client.client_secret),
        // The module's hashicorp/aws provider wants credentials even where it has nothing to do.
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", &known.region),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    let mut text = String::new();
    for (variable, value) in variables {
        writeln!(text, "export {variable}='{}'", value.replace('\'', "'\\''"))?;
    }
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine_client::MachineClient;
    use serde_json::json;
    use std::process::Command;

    #[test]
    fn a_shell_takes_it_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let outputs = json!({
            "name": "mesh", "region": "us-east-1", "api_url": "http://127.0.0.1:1/$default", "token_url": "t",
            "issuer": "i", "scope": "mesh/api", "user_pool_id": null,
        });
        let platform =
            Platform::new(outputs.as_object().unwrap().clone(), Some("http://127.0.0.1:1".to_owned())).unwrap();
        let mut saved = SavedClients::load(&project);
        saved.save("weather", MachineClient { client_id: "id".into(), client_secret: "it's $1".into() }).unwrap();
        let text = environment(&project, &platform, &saved, "weather").unwrap();
        let script = format!("{text}\nprintf '%s|%s' \"$MESH_CLIENT_SECRET\" \"$MESH_ENDPOINT\"");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "it's $1|http://127.0.0.1:1/$default");
        let error = environment(&project, &platform, &saved, "nobody").unwrap_err().to_string();
        assert!(error.contains("`nobody`") && error.contains("weather"), "{error}");
    }
}
