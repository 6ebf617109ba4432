//! The local stack: an emulated AWS and an OpenSearch node, as two processes that outlive the command that
//! started them. Every operation can be repeated and picks up whatever an interrupted or killed one left.

pub mod cloud;
mod launch;
pub mod logs;
mod ports;
pub mod requests;
mod search;
mod state;
mod status;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::interrupt::Interrupt;
use crate::process::{self, ProcessId};
use crate::progress;
use crate::project::Project;
use crate::tool;
pub use cloud::{CLOUD_REQUIREMENTS, REGION};
use launch::Prepared;
use state::{Ports, State};
pub use status::{ComponentStatus, Health, status};

/// Environment variable on every process of a stack: `<stack id>.<launch>`. It is inherited by the functions that the
/// local cloud runs, so that whatever is left of a launch is found by it.
pub const MEMBER_VARIABLE: &str = "MESH_STACK_MEMBER";

/// A long-running part of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// The emulated AWS, with the functions that it runs.
    Cloud,
    /// The OpenSearch node.
    Search,
}

impl Component {
    pub const ALL: [Self; 2] = [Self::Cloud, Self::Search];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Search => "search",
        }
    }

    /// The component called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Base addresses without trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Of every AWS API (`AWS_ENDPOINT_URL`).
    pub cloud: String,
    /// Of OpenSearch.
    pub search: String,
}

impl Endpoints {
    fn at(ports: Ports) -> Self {
        Self {
            cloud: format!("http://127.0.0.1:{}", ports.cloud),
            search: format!("http://127.0.0.1:{}", ports.search),
        }
    }
}

/// Ports that the user wants; those not given are chosen and kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenPorts {
    pub cloud: Option<u16>,
    pub search: Option<u16>,
}

/// A stack that is up.
#[derive(Clone, Debug)]
pub struct Running {
    pub endpoints: Endpoints,
    /// Names the content of the local cloud; another one than before means: apply and load everything again.
    pub generation: String,
    /// What had to be started; empty if all ran already.
    pub started: Vec<Component>,
}

/// The stacks whose state lies in folders below this one's: those of tests, left if a test run was killed.
pub fn nested(project: &Project) -> Vec<Project> {
    let folders = fs::read_dir(&project.state).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter(|folder| folder.join(LOCK).is_file()).map(|folder| project.with_state(&folder)).collect()
}

/// The file by whose lock a command holds a stack.
const LOCK: &str = "lock";

/// The stack of one state folder, held by this command alone until dropped.
#[derive(Debug)]
pub struct Stack<'a> {
    project: &'a Project,
    interrupt: &'a Interrupt,
    _lock: File,
}

impl<'a> Stack<'a> {
    /// Waits for another command that holds the stack.
    pub fn hold(project: &'a Project, interrupt: &'a Interrupt) -> Result<Self> {
        fs::create_dir_all(&project.state)
            .with_context(|| format!("`{}` cannot be created", project.state.display()))?;
        let lock = File::create(project.state.join(LOCK))?;
        let mut told = false;
        interrupt.wait_for(Duration::MAX, || match lock.try_lock() {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress::line("waiting for another command of this checkout, which works on the stack (Ctrl-C here does not stop that one)");
                    told = true;
                }
                Ok(None)
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        })?;
        Ok(Self { project, interrupt, _lock: lock })
    }

    /// Bring everything up: what runs in order is kept, what died or hangs is started anew. If this fails or is
    /// interrupted, nothing that it started is left running.
    pub fn up(&self, given: GivenPorts) -> Result<Running> {
        self.end_leftovers();
        let mut before = State::load(self.project);
        if let Some(state) = &mut before {
            self.end_unhealthy(state)?;
        }
        let ports = ports::choose(self.project, given, before.as_ref())?;
        let mut state = match before {
            Some(state) if state.ports == ports => state,
            other => {
                if other.is_some() {
                    progress::line("the ports changed: the stack is built anew");
                }
                self.wipe()?;
                State::new(new_name(), ports)
            }
        };
        if !state.components.contains_key(&Component::Cloud) && !cloud::stopped_in_order(self.project) {
            if cloud::has_content(self.project) {
                progress::line("the local cloud was killed and lost its content: the stack is built anew");
            }
            self.wipe()?;
            state = State::new(new_name(), ports);
        }
        state.save(self.project)?;
        let missing: Vec<Component> =
            Component::ALL.into_iter().filter(|component| !state.components.contains_key(component)).collect();
        if !missing.is_empty() {
            let started = self.start(&mut state, &missing);
            if started.is_err() {
                self.end(&mut state, &missing)?;
            }
            started?;
        }
        Ok(Running { endpoints: Endpoints::at(ports), generation: state.generation, started: missing })
    }

    /// Stop everything in order, keeping its content for the next `up`; nested stacks too. True if anything ran.
    pub fn down(&self) -> Result<bool> {
        let mut any = self.down_alone()?;
        for project in nested(self.project) {
            any |= Stack::hold(&project, self.interrupt)?.down_alone()?;
        }
        Ok(any)
    }

    fn down_alone(&self) -> Result<bool> {
        let mut state = State::load(self.project);
        let any = match &mut state {
            Some(state) => {
                let recorded = !state.components.is_empty();
                self.end(state, &Component::ALL)?;
                recorded
            }
            None => false,
        };
        let left = self.end_leftovers();
        cloud::remove_temporary_files(self.project);
        Ok(any || left)
    }

    /// Stop everything and forget all content, ports and logs.
    pub fn reset(&self) -> Result<()> {
        self.down()?;
        for entry in fs::read_dir(&self.project.state)? {
            let path = entry?.path();
            // The lock is held; whoever waits for it must find the same file.
            if path.file_name().is_some_and(|name| name == LOCK) {
                continue;
            }
            remove(&path)?;
        }
        Ok(())
    }

    fn start(&self, state: &mut State, missing: &[Component]) -> Result<()> {
        let ports = state.ports;
        let prepared = Prepared::make(self.project, missing, self.interrupt)?;
        for component in missing {
            self.interrupt.check()?;
            let member = format!("{}.{}", self.project.stack_id(), new_name());
            let launched = prepared.launch(self.project, *component, ports, &member)?;
            state.components.insert(*component, launched);
            state.save(self.project)?;
        }
        for component in missing {
            progress::during(&format!("starting {component}"), || self.wait_until_healthy(state, *component))?;
        }
        Ok(())
    }

    fn wait_until_healthy(&self, state: &State, component: Component) -> Result<()> {
        let launched = state.components.get(&component).context("the component was not started")?;
        // Generous: a busy machine of two cores took 15 s for the search node.
        let limit = Duration::from_secs(180);
        let healthy = self.interrupt.wait_for(limit, || {
            if !launched.process.is_alive() {
                bail!("{component} died while starting; the end of its log:\n{}", logs::end(self.project, component));
            }
            Ok(status::answers(component, state.ports).is_ok().then_some(()))
        })?;
        match healthy {
            Some(()) => Ok(()),
            None => bail!(
                "{component} was not ready within {} s; the end of its log:\n{}",
                limit.as_secs(),
                logs::end(self.project, component)
            ),
        }
    }

    /// Say what died or does not answer, and end what is left of it.
    fn end_unhealthy(&self, state: &mut State) -> Result<()> {
        let mut unhealthy = Vec::new();
        for (component, launched) in &state.components {
            if !launched.process.is_alive() {
                progress::line(format_args!(
                    "{component} died; the end of its log:\n{}",
                    logs::end(self.project, *component)
                ));
                unhealthy.push(*component);
                continue;
            }
            let patience = Duration::from_secs(20);
            let answers = self
                .interrupt
                .wait_for(patience, || Ok(status::answers(*component, state.ports).is_ok().then_some(())))?;
            if answers.is_none() {
                progress::line(format_args!("{component} does not answer and is started anew"));
                unhealthy.push(*component);
            }
        }
        self.end(state, &unhealthy)
    }

    /// End the components and everything that they started.
    fn end(&self, state: &mut State, components: &[Component]) -> Result<()> {
        let mut members = BTreeSet::new();
        let mut leaders = Vec::new();
        for component in components {
            if let Some(launched) = state.components.get(component) {
                members.insert(launched.member.clone());
                leaders.push(launched.process.clone());
            }
        }
        if leaders.is_empty() {
            return Ok(());
        }
        // In order first: the local cloud then writes its content and ends its functions.
        process::stop(&leaders, Duration::from_secs(30));
        let rest: Vec<ProcessId> = process::with_variable(MEMBER_VARIABLE)
            .into_iter()
            .filter_map(|(process, member)| members.contains(&member).then_some(process))
            .collect();
        process::kill(&rest);
        for component in components {
            state.components.remove(component);
        }
        state.save(self.project)
    }

    /// End processes of this stack that no state tells of: those of a killed command or of a lost state file. True if
    /// there were any.
    fn end_leftovers(&self) -> bool {
        let recorded: BTreeSet<String> = State::load(self.project)
            .into_iter()
            .flat_map(|state| state.components.into_values())
            .map(|launched| launched.member)
            .collect();
        let prefix = format!("{}.", self.project.stack_id());
        let mut leftovers: Vec<ProcessId> = process::with_variable(MEMBER_VARIABLE)
            .into_iter()
            .filter(|(_, member)| member.starts_with(&prefix) && !recorded.contains(member))
            .map(|(process, _)| process)
            .collect();
        let id = self.project.stack_id();
        // A command that itself runs under such a tool (a test) must not end its own parents.
        if std::env::var(tool::TOOL_VARIABLE).as_deref() != Ok(id.as_str()) {
            let tools = process::with_variable(tool::TOOL_VARIABLE);
            leftovers.extend(tools.into_iter().filter(|(_, stack)| *stack == id).map(|(process, _)| process));
        }
        if leftovers.is_empty() {
            return false;
        }
        progress::line(format_args!("ending {} processes that an earlier command left", leftovers.len()));
        process::stop(&leftovers, Duration::from_secs(10));
        true
    }

    /// Forget the content of the local cloud and all that is only valid with it.
    fn wipe(&self) -> Result<()> {
        if let Some(mut state) = State::load(self.project) {
            self.end(&mut state, &Component::ALL)?;
        }
        for folder in [cloud::folder(self.project), search::folder(self.project), self.project.generation_folder()] {
            remove(&folder)?;
        }
        Ok(())
    }
}

fn remove(path: &PathBuf) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("`{}` cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// A name that no earlier launch or generation had.
fn new_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}
