//! Prepares what the components need (once per user) and starts their processes.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::state::{Launched, Ports};
use super::{Component, MEMBER_VARIABLE, cloud, search};
use crate::interrupt::Interrupt;
use crate::process::ProcessId;
use crate::progress;
use crate::project::Project;

/// The programs of the components, installed.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    cloud: Option<PathBuf>,
    search: Option<search::Node>,
}

impl Prepared {
    /// Install what `components` need, at the same time.
    pub(super) fn make(project: &Project, components: &[Component], interrupt: &Interrupt) -> Result<Self> {
        let wants = |component| components.contains(&component);
        progress::during("installing the local stack's programs", || {
            thread::scope(|scope| {
                let cloud = wants(Component::Cloud).then(|| scope.spawn(|| cloud::environment(project, interrupt)));
                let search =
                    wants(Component::Search).then(|| scope.spawn(|| search::Node::install(project, interrupt)));
                Ok(Self { cloud: cloud.map(joined).transpose()?, search: search.map(joined).transpose()? })
            })
        })
    }

    /// Start a component in a process group of its own, with its output going to its log.
    pub(super) fn launch(
        &self,
        project: &Project,
        component: Component,
        ports: Ports,
        member: &str,
    ) -> Result<Launched> {
        let mut command = match component {
            Component::Cloud => {
                cloud::command(project, self.cloud.as_ref().context("the local cloud is not installed")?, ports)?
            }
            Component::Search => {
                search::command(project, self.search.as_ref().context("the search node is not installed")?, ports)?
            }
        };
        let pid = spawn(project, component, &mut command, member)?;
        let process = ProcessId::of(pid).with_context(|| {
            format!("{component} ended at once; the end of its log:\n{}", super::logs::end(project, component))
        })?;
        Ok(Launched { process, member: member.to_owned() })
    }
}

fn spawn(project: &Project, component: Component, command: &mut Command, member: &str) -> Result<u32> {
    let log = project.log(component.name());
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    if log.exists() {
        fs::rename(&log, log.with_extension("log.1"))?;
    }
    let output = File::options().create(true).append(true).open(&log)?;
    let child = command
        .env(MEMBER_VARIABLE, member)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // Ctrl-C in the terminal reaches its foreground group only.
        .process_group(0)
        .spawn()
        .with_context(|| format!("{component}: `{}` cannot be run", command.get_program().to_string_lossy()))?;
    Ok(child.id())
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
