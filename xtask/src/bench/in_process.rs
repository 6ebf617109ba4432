//! Figures of the functions' own code, taken by the program in `bench/` against the stack.

use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Command;

use super::figure::Figure;
use super::setting::{self, Setting};
use crate::stack::{Endpoints, REGION};
use crate::tool;

/// The program that takes figures.
pub(super) const PROGRAM: &str = "mesh-bench";

/// The figures of the program's command `name`, on tables and an index of its own.
pub(super) fn figures(setting: &mut Setting<'_>, name: &str) -> Result<Vec<Figure>> {
    let endpoints = setting.stack()?;
    let mut command = program(setting, &endpoints)?;
    command.arg(name);
    taken(setting, name, &mut command)
}

/// A search through the gateway, on the mesh's own tables and index.
pub(super) fn gateway(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let demo = setting.mesh()?;
    let (token, environments) = (demo.token("operations")?, setting::environments(demo)?);
    let token = setting.file("token", &token)?;
    let endpoints = setting.stack()?;
    let mut command = program(setting, &endpoints)?;
    let environment = environments.get("marketplace").and_then(Value::as_object);
    for (name, value) in environment.context("the platform has no marketplace")? {
        command.env(name, value.as_str().unwrap_or_default());
    }
    command.arg("gateway").arg("--token").arg(token);
    taken(setting, "gateway", &mut command)
}

/// The program with the environment that finds the stack.
pub(super) fn program(setting: &mut Setting<'_>, endpoints: &Endpoints) -> Result<Command> {
    let project = setting.project;
    let mut command = tool::command(project, setting.programs()?.named(PROGRAM)?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(&name);
        }
    }
    command
        .env("AWS_ENDPOINT_URL", &endpoints.cloud)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("MESH_SEARCH_ENDPOINT", &endpoints.search);
    Ok(command)
}

/// What the program printed: a figure a line.
pub(super) fn taken(setting: &Setting<'_>, name: &str, command: &mut Command) -> Result<Vec<Figure>> {
    let printed = tool::run(&format!("measuring {name}"), command, setting.interrupt)?;
    let figure = |line: &str| serde_json::from_str(line).with_context(|| format!("`{line}` is no figure"));
    let figures: Vec<Figure> = printed.lines().map(figure).collect::<Result<_>>()?;
    anyhow::ensure!(!figures.is_empty(), "`{name}` gave no figure");
    Ok(figures)
}
