//! What the components and the functions wrote.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::process::Command;
use std::time::Duration;

use super::state::State;
use super::{Component, Endpoints, cloud};
use crate::interrupt::Interrupt;
use crate::package_functions;
use crate::progress;
use crate::project::Project;
use crate::tool;

/// Lines of a log that tell why a component died.
const END_LINES: usize = 20;

/// The end of a component's log.
pub(super) fn end(project: &Project, component: Component) -> String {
    let text = fs::read(project.log(component.name())).unwrap_or_default();
    tool::last_lines(&String::from_utf8_lossy(&text), END_LINES)
}

/// Print the last `lines` lines of a component's log, and what is added to it until interrupted if `follow`.
pub fn of_component(
    project: &Project,
    component: Component,
    lines: usize,
    follow: bool,
    interrupt: &Interrupt,
) -> Result<()> {
    let path = project.log(component.name());
    let mut file = File::open(&path)
        .with_context(|| format!("{component} has no log yet: it was not started (`cargo xtask up`)"))?;
    let mut text = String::new();
    read_lossy(&mut file, &mut text)?;
    progress::line(tool::last_lines(&text, lines));
    while follow && !interrupt.is_raised() {
        // A component that is started anew begins a new file.
        if fs::metadata(&path).map(|now| now.len()).unwrap_or(0) < file.stream_position()? {
            file = File::open(&path)?;
        }
        text.clear();
        read_lossy(&mut file, &mut text)?;
        if !text.is_empty() {
            progress::line(text.trim_end_matches('\n'));
        }
        let _ = interrupt.wait_for(Duration::from_millis(300), || Ok(None::<()>));
    }
    Ok(())
}

/// Print what a function (`registry`) of the mesh instance `mesh` logged, and what it logs until interrupted if
/// `follow`.
pub fn of_function(
    project: &Project,
    mesh: &str,
    function: &str,
    lines: usize,
    follow: bool,
    interrupt: &Interrupt,
) -> Result<()> {
    let mut command = reading(project, mesh, function, lines, interrupt)?;
    command.args(follow.then_some("--follow"));
    match tool::stream("reading the log", &mut command, interrupt) {
        Err(_) if follow && interrupt.is_raised() => Ok(()),
        other => other,
    }
}

/// All that a function logged.
pub fn text_of_function(project: &Project, mesh: &str, function: &str, interrupt: &Interrupt) -> Result<String> {
    let mut command = reading(project, mesh, function, usize::MAX >> 1, interrupt)?;
    tool::run("reading the log", &mut command, interrupt)
}

/// All that every function logged, by function.
pub fn text_of_functions(project: &Project, mesh: &str, interrupt: &Interrupt) -> Result<BTreeMap<String, String>> {
    let functions = package_functions::functions(project, interrupt)?;
    let text = |function: String| Ok((function.clone(), text_of_function(project, mesh, &function, interrupt)?));
    functions.into_iter().map(text).collect()
}

/// A command that prints the last `lines` lines of a function's log.
fn reading(project: &Project, mesh: &str, function: &str, lines: usize, interrupt: &Interrupt) -> Result<Command> {
    let Some(state) = State::load(project).filter(|state| state.components.contains_key(&Component::Cloud)) else {
        bail!("the local cloud does not run: `cargo xtask up`");
    };
    let python = cloud::environment(project, interrupt)?;
    let mut command = tool::command(project, python);
    command
        .arg(project.root.join("localstack/function_logs.py"))
        .arg(format!("/aws/lambda/{mesh}-{function}"))
        .args(["--lines", &lines.to_string()])
        .env("AWS_ENDPOINT_URL", Endpoints::at(state.ports).cloud)
        .env("AWS_DEFAULT_REGION", cloud::REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn read_lossy(file: &mut File, text: &mut String) -> Result<()> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    text.push_str(&String::from_utf8_lossy(&bytes));
    Ok(())
}
