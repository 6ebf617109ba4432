//! Processes that outlive the command that started them: who they are, whether they still run, how to end them.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::interrupt::Interrupt;

/// A process by its number *and* its start, so that a number given to another process is not mistaken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    /// When it started, in whatever form the system tells it.
    started: String,
}

impl ProcessId {
    /// The process that has this number now; None if there is none (one that only waits to be reaped counts as gone).
    pub fn of(pid: u32) -> Option<Self> {
        let started = if Path::new("/proc/self/stat").exists() { started_by_proc(pid)? } else { started_by_ps(pid)? };
        Some(Self { pid, started })
    }

    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Send `signal` if it still is this process.
    fn signal(&self, signal: Signal) {
        if let (true, Some(pid)) = (self.is_alive(), raw(self.pid)) {
            // It may end in between, which is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }

    /// Send `signal` to the group that it leads, if it still is this process.
    fn signal_group(&self, signal: Signal) {
        if let (true, Some(pid)) = (self.is_alive(), raw(self.pid)) {
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// Ask the processes to end, wait up to `grace`, then end them. True if all ended by themselves.
pub fn stop(processes: &[ProcessId], grace: Duration) -> bool {
    for process in processes {
        process.signal(Signal::TERM);
    }
    let ended = wait_for_end(processes, grace);
    if !ended {
        kill(processes);
    }
    ended
}

/// End the processes and the groups that they lead, at once.
pub fn kill(processes: &[ProcessId]) {
    for process in processes {
        process.signal_group(Signal::KILL);
        process.signal(Signal::KILL);
    }
    wait_for_end(processes, Duration::from_secs(5));
}

/// Interrupt the group that the process leads, as Ctrl-C in a terminal would.
pub fn interrupt_group(process: &ProcessId) {
    process.signal_group(Signal::INT);
}

/// End what is left of the group that a process led which has just ended and been reaped.
pub fn kill_rest_of_group(leader: u32) {
    if let Some(group) = raw(leader) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn wait_for_end(processes: &[ProcessId], limit: Duration) -> bool {
    // Not the user's interrupt: what was asked to end is waited for even then.
    let ended =
        Interrupt::default().wait_for(limit, || Ok(processes.iter().all(|process| !process.is_alive()).then_some(())));
    matches!(ended, Ok(Some(())))
}

/// The processes of this user whose environment holds the variable `name`, with its value.
pub fn with_variable(name: &str) -> Vec<(ProcessId, String)> {
    if Path::new("/proc/self/environ").exists() { with_variable_by_proc(name) } else { with_variable_by_ps(name) }
}

fn with_variable_by_proc(name: &str) -> Vec<(ProcessId, String)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let prefix = format!("{name}=");
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Other users' processes cannot be read, and are none of ours.
        let Ok(environment) = fs::read(entry.path().join("environ")) else {
            continue;
        };
        let value = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(prefix.as_bytes()));
        if let (Some(value), Some(process)) = (value, ProcessId::of(pid)) {
            found.push((process, String::from_utf8_lossy(value).into_owned()));
        }
    }
    found
}

/// Where there is no `/proc` (macOS): `ps` appends the environment to the command.
fn with_variable_by_ps(name: &str) -> Vec<(ProcessId, String)> {
    let Ok(output) = Command::new("ps").args(["-axwwE", "-o", "pid=,command="]).output() else {
        return Vec::new();
    };
    let prefix = format!("{name}=");
    let listing = String::from_utf8_lossy(&output.stdout);
    listing
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let pid = words.next()?.parse().ok()?;
            let value = words.find_map(|word| word.strip_prefix(prefix.as_str()))?;
            Some((ProcessId::of(pid)?, value.to_owned()))
        })
        .collect()
}

/// Boot and clock ticks since then: unique over restarts of the machine.
fn started_by_proc(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name, in parentheses, may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let ticks = fields.nth(18)?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{}+{ticks}", boot.trim()))
}

fn started_by_ps(pid: u32) -> Option<String> {
    let output =
        Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).env("LC_ALL", "C").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

fn raw(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Child;

    fn sleeper(variable: &str) -> Child {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("sleep");
        command.arg("60").env("MESH_PROCESS_TEST", variable).process_group(0).spawn().unwrap()
    }

    #[test]
    fn a_recycled_number_is_another_process_and_is_left_alone() {
        let mut child = sleeper("recycled");
        let now = ProcessId::of(child.id()).unwrap();
        let earlier = ProcessId { started: "long ago".into(), ..now.clone() };
        assert!(now.is_alive());
        assert!(!earlier.is_alive());
        assert!(stop(&[earlier], Duration::ZERO), "one that is gone needs no waiting");
        assert!(now.is_alive(), "the process that has the number now still runs");
        assert!(stop(&[now], Duration::from_secs(5)));
        child.wait().unwrap();
    }

    #[test]
    fn one_that_ignores_the_request_is_ended() {
        use std::os::unix::process::CommandExt;
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut ready = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let process = ProcessId::of(child.id()).unwrap();
        assert!(!stop(std::slice::from_ref(&process), Duration::from_millis(50)));
        assert!(!process.is_alive());
        child.wait().unwrap();
    }

    #[test]
    fn processes_are_found_by_a_variable_of_their_environment() {
        let mut child = sleeper("found");
        let found = Interrupt::default()
            .wait_for(Duration::from_secs(5), || {
                let all = with_variable("MESH_PROCESS_TEST");
                Ok(all.into_iter().find(|(process, _)| process.pid == child.id()))
            })
            .unwrap();
        let (process, value) = found.unwrap();
        assert_eq!(value, "found");
        kill(&[process]);
        child.wait().unwrap();
    }
}
