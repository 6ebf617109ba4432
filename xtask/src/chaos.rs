//! `cargo xtask chaos`: walks the demo once for each component, which is killed on the way.

use anyhow::{Result, bail};
use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::demo;
use crate::interrupt::Interrupt;
use crate::process::{self, ProcessId};
use crate::progress::line;
use crate::project::Project;
use crate::stack::{self, Component, MEMBER_VARIABLE, Stack};

/// Environment variable by which a function knows its name, on AWS and on the local cloud.
const FUNCTION_VARIABLE: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// Every part that can be killed, and the step of the demo that leans on it.
const VICTIMS: &[(&str, &str)] = &[
    ("cloud", "load"),
    ("search", "products"),
    ("registry", "contract"),
    ("governance", "domains"),
    ("broker", "read"),
    ("iceberg", "load"),
    ("marketplace", "search"),
    ("provisioner", "products"),
    ("indexer", "products"),
    ("sla-probe", "breach"),
];

/// A part to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victim {
    name: &'static str,
    /// The step during which it is killed.
    step: &'static str,
}

impl Victim {
    pub fn all() -> Vec<Self> {
        VICTIMS.iter().map(|(name, step)| Self { name, step }).collect()
    }

    /// Its processes on the stack of `project`.
    fn processes(self, project: &Project) -> Vec<ProcessId> {
        if let Some(component) = Component::named(self.name) {
            let status = stack::status(project).into_iter().find(|status| status.component == component);
            return status.and_then(|status| ProcessId::of(status.pid?)).into_iter().collect();
        }
        let ours = format!("{}.", project.stack_id());
        let members = process::with_variable(MEMBER_VARIABLE);
        let suffix = format!("-{}", self.name);
        process::with_variable(FUNCTION_VARIABLE)
            .into_iter()
            .filter(|(process, name)| {
                let of_stack = |(member, id): &(ProcessId, String)| member == process && id.starts_with(&ours);
                name.ends_with(&suffix) && members.iter().any(of_stack)
            })
            .map(|(process, _)| process)
            .collect()
    }
}

impl FromStr for Victim {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::all();
        known.iter().copied().find(|victim| victim.name == text).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|victim| victim.name).collect();
            format!("there is no component `{text}`: choose of {}", names.join(", "))
        })
    }
}

/// What became of the demo.
struct Outcome {
    victim: Victim,
    killed: usize,
    walks: usize,
    failed: Vec<String>,
    time: Duration,
}

impl Outcome {
    fn ok(&self) -> bool {
        self.killed > 0 && self.failed.is_empty()
    }
}

/// Walk the demo once for each of `victims`, on a stack of its own that is gone afterwards, and print the table. True if
/// every walk ended well, and every victim was killed in it.
pub fn run(project: &Project, interrupt: &Interrupt, victims: &[Victim]) -> Result<bool> {
    let private = project.with_state(&project.state.join("chaos"));
    let mut outcomes = Vec::new();
    for victim in victims {
        interrupt.check()?;
        line(format_args!("\n== `{}` is killed during `{}`", victim.name, victim.step));
        let start = Instant::now();
        let walked = walk(&private, interrupt, *victim);
        // An interrupted walk is tidied up after as well.
        Stack::hold(&private, &Interrupt::default())?.reset()?;
        let (killed, walked) = walked?;
        let failed = walked.summary.steps.iter().filter(|step| !step.ok);
        let failed = failed.map(|step| format!("{}: {}", step.name, step.detail)).collect();
        outcomes.push(Outcome { victim: *victim, killed, walks: walked.walks, failed, time: start.elapsed() });
    }
    line(table(&outcomes));
    Ok(outcomes.iter().all(Outcome::ok))
}

fn walk(project: &Project, interrupt: &Interrupt, victim: Victim) -> Result<(usize, demo::Walked)> {
    let mut killer: Option<Killer> = None;
    let mut killed = 0;
    let walked = demo::walk(project, interrupt, &mut |step| {
        if let Some(over) = killer.take() {
            killed += over.stop();
        }
        // Once: the walk that follows a death is left in peace.
        if step == victim.step && killed == 0 {
            killer = Some(Killer::start(project.clone(), victim));
        }
    });
    if let Some(over) = killer.take() {
        killed += over.stop();
    }
    let walked = walked?;
    if interrupt.is_raised() {
        bail!("interrupted");
    }
    Ok((killed, walked))
}

/// Kills the victim as soon as it is there, once.
struct Killer {
    over: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Killer {
    fn start(project: Project, victim: Victim) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let found = victim.processes(&project);
                if !found.is_empty() {
                    let pids: Vec<_> = found.iter().map(|process| process.pid.to_string()).collect();
                    line(format_args!("killing `{}`, process {}", victim.name, pids.join(", ")));
                    process::kill(&found);
                    return found.len();
                }
                // A function's process is there from its first invocation on.
                thread::sleep(Duration::from_millis(20));
            }
            0
        });
        Self { over, thread }
    }

    /// How many processes it killed.
    fn stop(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        self.thread.join().unwrap_or(0)
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = format!("\n{:<12} {:<10} {:>6} {:>6} {:>9}\n", "killed", "during", "times", "walks", "seconds");
    for outcome in outcomes {
        let detail = match (outcome.killed, outcome.failed.first()) {
            (0, _) => "FAILED  it never ran",
            (_, Some(failed)) => &format!("FAILED  {}", failed.lines().next().unwrap_or_default()),
            (_, None) => "ok",
        };
        let Outcome { victim, killed, walks, time, .. } = outcome;
        let seconds = time.as_secs_f64();
        let _ =
            writeln!(table, "{:<12} {:<10} {killed:>6} {walks:>6} {seconds:>9.1}  {detail}", victim.name, victim.step);
    }
    let ok = outcomes.iter().filter(|outcome| outcome.ok()).count();
    let _ = write!(table, "\nthe demo ended well {ok} of {} times", outcomes.len());
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn every_function_of_the_workspace_can_be_killed() {
        let root = Project::find().unwrap().root;
        let functions = std::fs::read_dir(root.join("functions")).unwrap();
        for function in functions {
            let name = function.unwrap().file_name().into_string().unwrap();
            assert!(name.parse::<Victim>().is_ok(), "`{name}` is no victim");
        }
        for component in Component::ALL {
            assert!(component.name().parse::<Victim>().is_ok());
        }
        assert!("nobody".parse::<Victim>().unwrap_err().contains("sla-probe"));
    }

    #[test]
    fn only_processes_of_this_stack_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let sleeper = |stack: &str| {
            let mut command = Command::new("sleep");
            command.arg("60").env(MEMBER_VARIABLE, stack).env(FUNCTION_VARIABLE, "mesh-broker").spawn().unwrap()
        };
        let (mut ours, mut other) = (sleeper(&format!("{}.1", project.stack_id())), sleeper("another.1"));
        let broker: Victim = "broker".parse().unwrap();
        let found = Interrupt::default().wait_for(Duration::from_secs(5), || {
            let found = broker.processes(&project);
            Ok((!found.is_empty()).then_some(found))
        });
        let pids: Vec<u32> = found.unwrap().unwrap().iter().map(|process| process.pid).collect();
        assert_eq!(pids, [ours.id()]);
        assert!("registry".parse::<Victim>().unwrap().processes(&project).is_empty());
        for child in [&mut ours, &mut other] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_walk_in_which_nothing_was_killed_proves_nothing() {
        let outcome = |killed, failed: &[&str]| Outcome {
            victim: Victim { name: "broker", step: "read" },
            killed,
            walks: 1,
            failed: failed.iter().map(|&text| text.to_owned()).collect(),
            time: Duration::from_secs(1),
        };
        assert!(outcome(1, &[]).ok());
        assert!(!outcome(0, &[]).ok());
        let table = table(&[outcome(1, &[]), outcome(0, &[]), outcome(1, &["read: 502"])]);
        assert!(table.contains("it never ran") && table.contains("FAILED  read: 502"), "{table}");
        assert!(table.ends_with("1 of 3 times"), "{table}");
    }
}
