//! Runs other programs (pip, Maven, Cargo, Terraform) so that an interrupt or a deadline ends them with their children,
//! and a failure shows the end of what they said.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::interrupt::Interrupt;
use crate::process::{self, ProcessId};
use crate::progress;
use crate::project::Project;

/// Environment variable on every program run here, holding the stack that it works for: what a killed
/// command left running is found by it.
pub const TOOL_VARIABLE: &str = "MESH_STACK_TOOL";

/// How long an interrupted program may take to tidy up (Terraform writes its state).
const INTERRUPT_GRACE: Duration = Duration::from_secs(60);

/// Lines of a failed program's output that are shown.
const SHOWN_LINES: usize = 40;

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A command that works for this project's stack.
pub fn command(project: &Project, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&project.root).env(TOOL_VARIABLE, project.stack_id());
    command
}

/// Run `command` to its end and return its standard output; an error with the end of its output if it fails.
pub fn run(what: &str, command: &mut Command, interrupt: &Interrupt) -> Result<String> {
    let finished = capture(what, command, None, interrupt)?;
    succeed(what, finished)
}

/// The standard output of a program that succeeded; an error with the end of all that it said otherwise.
pub fn succeed(what: &str, finished: Finished) -> Result<String> {
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    let said = format!("{}\n{}", finished.stdout.trim_end(), finished.stderr.trim_end());
    bail!("{what} failed ({}):\n{}", finished.status, last_lines(said.trim(), SHOWN_LINES))
}

/// Run `command` to its end, whatever that is. An error only if it could not be run, overran `limit` or was interrupted.
pub fn capture(what: &str, command: &mut Command, limit: Option<Duration>, interrupt: &Interrupt) -> Result<Finished> {
    // Files, not pipes: nothing has to read along, and what a killed program said is not lost.
    let mut stdout = tempfile::tempfile()?;
    let mut stderr = tempfile::tempfile()?;
    command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut lengths = [0, 0];
    let status = run_to_end(what, command, limit, interrupt, || {
        for (file, length) in [&stdout, &stderr].into_iter().zip(&mut lengths) {
            show_last_line(file, length);
        }
    })?;
    Ok(Finished { status, stdout: text(&mut stdout)?, stderr: text(&mut stderr)? })
}

/// Run `command` with its output going where this program's goes.
pub fn stream(what: &str, command: &mut Command, interrupt: &Interrupt) -> Result<()> {
    let status = run_to_end(what, command, None, interrupt, || ())?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// The last `count` lines of `text`.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}

fn run_to_end(
    what: &str,
    command: &mut Command,
    limit: Option<Duration>,
    interrupt: &Interrupt,
    mut meanwhile: impl FnMut(),
) -> Result<ExitStatus> {
    interrupt.check()?;
    // A group of its own: it is interrupted once and by us, never twice by the terminal as well.
    let mut child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("{what}: `{}` cannot be run", command.get_program().to_string_lossy()))?;
    let limit_or_forever = limit.unwrap_or(Duration::MAX);
    match interrupt.wait_for(limit_or_forever, || {
        meanwhile();
        Ok(child.try_wait()?)
    }) {
        Ok(Some(status)) => Ok(status),
        Ok(None) => {
            end(what, &mut child);
            bail!("{what} took longer than {} s and was ended", limit_or_forever.as_secs())
        }
        Err(error) => {
            end(what, &mut child);
            Err(error.context(format!("{what} was ended")))
        }
    }
}

fn end(what: &str, child: &mut Child) {
    let Some(process) = ProcessId::of(child.id()) else {
        let _ = child.wait();
        return;
    };
    progress::line(format_args!("{what} is asked to stop; it may take some seconds to tidy up"));
    process::interrupt_group(&process);
    let ended = Interrupt::default().wait_for(INTERRUPT_GRACE, || Ok(child.try_wait()?));
    if !matches!(ended, Ok(Some(_))) {
        process::kill(&[process]);
        let _ = child.wait();
    }
    process::kill_rest_of_group(child.id());
}

/// Show the last line of an output that has grown since it had `length` bytes.
fn show_last_line(file: &File, length: &mut u64) {
    let now = file.metadata().map(|data| data.len()).unwrap_or(0);
    if now == *length {
        return;
    }
    *length = now;
    let mut end = [0; 400];
    let read = file.read_at(&mut end, now.saturating_sub(400)).unwrap_or(0);
    let end = String::from_utf8_lossy(end.get(..read).unwrap_or_default());
    // Cargo's messages for programs are no reading for people, nor is the address that ends a warning.
    let is_told =
        |line: &&str| !line.trim().is_empty() && !line.contains('{') && !line.trim_start().starts_with("http");
    if let Some(line) = end.lines().rfind(is_told) {
        progress::detail(line.trim());
    }
}

fn text(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_shows_the_end_of_what_was_said() {
        let script = "for i in $(seq 100); do echo line $i; done; echo the reason >&2; exit 3";
        let error = run("the tool", &mut shell(script), &Interrupt::default()).unwrap_err().to_string();
        assert!(error.starts_with("the tool failed (exit status: 3):"), "{error}");
        assert!(error.ends_with("line 100\nthe reason"), "{error}");
        assert!(!error.contains("line 1\n"), "{error}");
    }

    #[test]
    fn an_overrun_ends_the_program_and_its_children() {
        let start = Instant::now();
        let limit = Some(Duration::from_millis(100));
        let mut command = shell("sleep 300 & wait");
        command.env("MESH_TOOL_TEST", "overrun");
        let error = capture("the tool", &mut command, limit, &Interrupt::default()).unwrap_err();
        assert!(error.to_string().contains("took longer"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
        // A background program of a shell without job control ignores interrupts: it must be gone all the same.
        let gone = Interrupt::default()
            .wait_for(Duration::from_secs(5), || Ok(process::with_variable("MESH_TOOL_TEST").is_empty().then_some(())));
        assert_eq!(gone.unwrap(), Some(()));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run("the step", &mut Command::new("mesh-no-such-program"), &Interrupt::default()).unwrap_err();
        assert_eq!(error.to_string(), "the step: `mesh-no-such-program` cannot be run");
    }
}
