//! What figures are taken on: a stack, the built programs, and a mesh on it; each made when it is first needed.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::demo::{self, Demo};
use crate::interrupt::Interrupt;
use crate::package_functions::{self, Programs};
use crate::platform::Platform;
use crate::project::Project;
use crate::stack::{Endpoints, GivenPorts, Stack};

/// Where it runs.
pub(super) struct Setting<'a> {
    pub(super) project: &'a Project,
    pub(super) interrupt: &'a Interrupt,
    programs: Option<Programs>,
    demo: Option<Demo<'a>>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(project: &'a Project, interrupt: &'a Interrupt) -> Self {
        Self { project, interrupt, programs: None, demo: None }
    }

    /// Everything that is measured, built as the tests build it.
    pub(super) fn programs(&mut self) -> Result<&Programs> {
        if self.programs.is_none() {
            self.programs = Some(package_functions::programs(self.project, self.interrupt)?);
        }
        self.programs.as_ref().context("the programs are not built")
    }

    /// A running stack.
    pub(super) fn stack(&mut self) -> Result<Endpoints> {
        Ok(self.demo_on_a_stack()?.running()?.endpoints.clone())
    }

    /// A running mesh with the example's domains, and no product yet.
    pub(super) fn mesh(&mut self) -> Result<&Demo<'a>> {
        let demo = self.demo_on_a_stack()?;
        if demo.platform.is_none() {
            demo::found(demo)?;
        }
        Ok(demo)
    }

    fn demo_on_a_stack(&mut self) -> Result<&mut Demo<'a>> {
        if self.demo.is_none() {
            let mut demo = Demo::new(self.project, self.interrupt, Stack::hold(self.project, self.interrupt)?)?;
            demo.running = Some(demo.stack.up(GivenPorts::default())?);
            self.demo = Some(demo);
        }
        self.demo.as_mut().context("the stack does not run")
    }

    /// Lets go of the stack, for a command that works on it.
    pub(super) fn release(&mut self) {
        self.demo = None;
    }

    /// Writes a file that a program of the figures reads, for this user only.
    pub(super) fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let folder = self.project.generation_folder().join("bench");
        fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        fs::File::options().write(true).create_new(true).mode(0o600).open(&path)?.write_all(text.as_bytes())?;
        Ok(path)
    }
}

/// The environment of every function, as the platform was applied.
pub(super) fn environments(demo: &Demo<'_>) -> Result<BTreeMap<String, Value>> {
    let platform: &Platform = demo.platform()?;
    let state =
        fs::read_to_string(demo::infra_root(demo)?.state_file()).context("the platform has no Terraform state")?;
    let state: Value = serde_json::from_str(&state)?;
    let resources = state.get("resources").and_then(Value::as_array).context("the state holds no resources")?;
    let functions = resources.iter().filter(|resource| resource.get("type") == Some(&"aws_lambda_function".into()));
    let instances = functions.filter_map(|resource| resource.get("instances")?.as_array()).flatten();
    let prefix = format!("{}-", platform.known.name);
    let environment = |instance: &Value| {
        let name = instance.pointer("/attributes/function_name")?.as_str()?.strip_prefix(&prefix)?.to_owned();
        Some((name, instance.pointer("/attributes/environment/0/variables")?.clone()))
    };
    let environments: BTreeMap<String, Value> = instances.filter_map(environment).collect();
    anyhow::ensure!(!environments.is_empty(), "the platform's state tells no function's environment");
    Ok(environments)
}
