//! The local stack as its user meets it, by the commands themselves on a stack of its own: up, status, what dies,
//! what is killed, what is interrupted, down.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use xtask::interrupt::Interrupt;
use xtask::process;
use xtask::project::{Project, STATE_DIR_VARIABLE};
use xtask::stack::{Component, Health, MEMBER_VARIABLE, status};

/// A stack in a folder of its own; ended with its last process whatever becomes of the test.
struct OwnStack {
    _folder: TempDir,
    project: Project,
}

impl OwnStack {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().canonicalize().unwrap().join("state");
        let project = Project::find().unwrap().with_state(&state);
        Self { _folder: folder, project }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).env(STATE_DIR_VARIABLE, &self.project.state).stdin(Stdio::null());
        command
    }

    /// Run a command to its end: its output, and whether it succeeded.
    fn run(&self, arguments: &[&str]) -> (String, bool) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (text, status.success())
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let (text, success) = self.run(arguments);
        assert!(success, "`{arguments:?}` failed:\n{text}");
        text
    }

    fn health(&self, component: Component) -> Health {
        status(&self.project).into_iter().find(|status| status.component == component).unwrap().health
    }

    fn pid(&self, component: Component) -> Option<u32> {
        status(&self.project).into_iter().find(|status| status.component == component).unwrap().pid
    }

    fn kill(&self, component: Component) {
        signal("KILL", self.pid(component).unwrap());
        eventually("the component is gone", || matches!(self.health(component), Health::Died(_)));
    }

    /// Processes of this stack, functions and leftovers included.
    fn processes(&self) -> usize {
        let prefix = format!("{}.", self.project.stack_id());
        process::with_variable(MEMBER_VARIABLE).iter().filter(|(_, member)| member.starts_with(&prefix)).count()
    }
}

impl Drop for OwnStack {
    fn drop(&mut self) {
        let prefix = format!("{}.", self.project.stack_id());
        let members = process::with_variable(MEMBER_VARIABLE);
        let own: Vec<_> =
            members.into_iter().filter(|(_, member)| member.starts_with(&prefix)).map(|(process, _)| process).collect();
        process::kill(&own);
    }
}

#[test]
fn a_stack_comes_up_heals_survives_kills_and_leaves_nothing() {
    let stack = OwnStack::new();

    // Killed on its way up: the next run takes over what was started.
    let mut killed = stack.command(&["up"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the killed run had started the local cloud", || stack.pid(Component::Cloud).is_some());
    signal("KILL", killed.id());
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    let said = stack.succeeds(&["up"]);
    assert!(said.contains("cargo xtask down"), "{said}");
    assert_eq!(stack.health(Component::Cloud), Health::Healthy);
    assert_eq!(stack.health(Component::Search), Health::Healthy);
    assert_eq!(stack.processes(), 2);

    // Again: the same processes.
    let before = Component::ALL.map(|component| stack.pid(component));
    let said = stack.succeeds(&["up"]);
    assert!(said.contains("everything ran already"), "{said}");
    assert_eq!(Component::ALL.map(|component| stack.pid(component)), before);

    // One dies: it is named with the end of its log, and started anew beside the other.
    stack.kill(Component::Search);
    let (said, success) = stack.run(&["status"]);
    assert!(!success);
    assert!(said.contains("search   died"), "{said}");
    assert!(said.contains("ready on port"), "the end of its log is not in: {said}");
    assert!(said.contains("cloud    healthy"), "{said}");
    stack.succeeds(&["up"]);
    assert!(stack.run(&["status"]).1);
    assert_eq!(stack.pid(Component::Cloud), before[0]);

    // The local cloud is killed, the next run is interrupted on its way: nothing is left half-started.
    stack.kill(Component::Cloud);
    let interrupted = stack.command(&["up"]).stdout(Stdio::piped()).spawn().unwrap();
    eventually("the interrupted run had started the local cloud", || {
        stack.pid(Component::Cloud).is_some() && !matches!(stack.health(Component::Cloud), Health::Died(_))
    });
    let said = interrupt(interrupted);
    assert!(said.contains("the local cloud was killed and lost its content"), "{said}");
    assert_eq!(stack.processes(), 0, "{said}");

    // A stack nested in this one, as a killed test run leaves it, goes down with it.
    let nested = stack.project.state.join("tests");
    let up = stack.command(&["up"]).env(STATE_DIR_VARIABLE, &nested).output().unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let nested = stack.project.with_state(&nested);
    assert!(status(&nested).iter().all(|component| component.health == Health::Healthy));
    stack.succeeds(&["down"]);
    assert!(status(&nested).iter().all(|component| component.health == Health::Stopped));

    // A lost state file: what it told of is found all the same.
    stack.succeeds(&["up"]);
    fs::remove_file(stack.project.state.join("stack.json")).unwrap();
    assert_eq!(stack.processes(), 2);
    stack.succeeds(&["down"]);
    assert_eq!(stack.processes(), 0);
    assert!(stack.succeeds(&["down"]).contains("nothing ran"));

    stack.succeeds(&["reset"]);
    let left: Vec<_> = fs::read_dir(&stack.project.state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn a_component_that_cannot_start_is_named_and_nothing_stays() {
    let stack = OwnStack::new();
    // Someone else has the search node's port.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (said, success) = stack.run(&["up", "--search-port", &port]);
    assert!(!success);
    assert!(said.contains(&format!("port {port}")), "{said}");
    assert!(said.contains("search"), "{said}");
    assert_eq!(stack.processes(), 0);
    drop(listener);
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err());
}

/// Interrupt a running command and return what it printed.
fn interrupt(mut child: Child) -> String {
    signal("INT", child.id());
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!child.wait().unwrap().success(), "{said}");
    said
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap().success());
}

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = Duration::from_secs(120);
    let held = Interrupt::default().wait_for(limit, || Ok(condition().then_some(()))).unwrap();
    assert!(held.is_some(), "not within {} s: {what}", limit.as_secs());
}
