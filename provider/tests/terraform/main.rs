//! The provider under the real `terraform`, against an API that answers by the platform's own types and the real manifest parser.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "functions that only tests call may panic"
)]

mod api;
mod arguments;
mod configuration;
mod contracts;
mod domains;
mod examples;
mod http;
mod products;

use std::path::Path;

use serde_json::Value as Json;
use tfplugin::testing::{Run, Workspace};

use api::Api;

/// A workspace after `terraform init`, and the mesh that it speaks to.
struct Mesh {
    workspace: Workspace,
    api: Api,
}

impl Mesh {
    /// A mesh without domains, and this configuration.
    fn new(config: &str) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_terraform-provider-mesh"));
        let mut workspace = Workspace::new("registry.terraform.io/data-mesh/mesh", "0.1.0", binary).unwrap();
        let api = Api::start();
        workspace.env("MESH_ENDPOINT", &api.url());
        workspace.env("MESH_TOKEN", api::TOKEN);
        let mesh = Self { workspace, api };
        mesh.write(config);
        let _ = mesh.run(&["init", "-no-color"]).exits(0);
        mesh
    }

    /// A mesh with the domains `operations` and `insights`, which have storage.
    fn with_domains(config: &str) -> Self {
        let mesh = Self::new(config);
        mesh.api.add_domain("operations");
        mesh.api.add_domain("insights");
        mesh
    }

    fn write(&self, config: &str) {
        self.workspace.write("main.tf", config).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.workspace.run(arguments).unwrap()
    }

    fn apply(&self) -> Run {
        self.run(&["apply", "-auto-approve", "-no-color"])
    }

    /// 0 if nothing is to change, 2 if something is.
    fn plan(&self) -> Run {
        self.run(&["plan", "-detailed-exitcode", "-no-color"])
    }

    fn destroy(&self) -> Run {
        self.run(&["destroy", "-auto-approve", "-no-color"])
    }

    /// A resource in the state, by its address; null if there is none.
    fn state(&self, address: &str) -> Json {
        let state: Json = serde_json::from_str(&self.run(&["show", "-json"]).exits(0).stdout).unwrap();
        let resources = state["values"]["root_module"]["resources"].as_array().cloned().unwrap_or_default();
        resources.into_iter().find(|resource| resource["address"] == address).unwrap_or_default()
    }

    fn output(&self, name: &str) -> Json {
        serde_json::from_str(&self.run(&["output", "-json", name]).exits(0).stdout).unwrap()
    }
}
