//! Python: the interpreter of this machine, and environments made from a requirements file with digests.

use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::tool;

/// Oldest version that the environments' packages are pinned for.
pub const OLDEST: (u32, u32) = (3, 10);

/// An interpreter that can make environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    pub program: PathBuf,
    /// Such as `3.11.7 linux-x86_64`; also what compiled packages depend on.
    pub version: String,
}

/// Prints the version and platform if the interpreter is new enough and has the modules to make environments.
const PROBE: &str = "import sys, sysconfig, venv, ensurepip\n\
    assert sys.version_info[:2] >= (3, 10)\n\
    print('.'.join(map(str, sys.version_info[:3])), sysconfig.get_platform(), sys.executable)";

/// The first interpreter on the path that serves; None if there is none.
pub fn find() -> Option<Interpreter> {
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
    names.into_iter().find_map(|name| {
        let output = Command::new(name).args(["-c", PROBE]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut words = text.trim().splitn(3, ' ');
        let version = format!("{} {}", words.next()?, words.next()?);
        let program = PathBuf::from(words.next()?);
        output.status.success().then_some(Interpreter { program, version })
    })
}

/// The interpreter of an environment that holds exactly what `requirements` (a file with digests) lists.
/// Made on first use, then shared by every checkout.
pub fn environment(project: &Project, requirements: &Path, interrupt: &Interrupt) -> Result<PathBuf> {
    let Some(interpreter) = find() else {
        bail!("no Python {}.{} or later with venv was found", OLDEST.0, OLDEST.1);
    };
    let listed = fs::read(requirements)?;
    let key =
        cache::digest(&[&listed, interpreter.version.as_bytes(), interpreter.program.as_os_str().as_encoded_bytes()]);
    let folder = cache::folder(&project.cache, "python", &key, |folder| {
        let mut venv = tool::command(project, &interpreter.program);
        venv.args(["-m", "venv"]).arg(folder);
        tool::run("making a Python environment", &mut venv, interrupt)?;
        let mut install = tool::command(project, folder.join("bin/python"));
        install
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--no-deps", "--require-hashes", "--requirement"])
            .arg(requirements);
        tool::run("installing Python packages", &mut install, interrupt)?;
        Ok(())
    })?;
    Ok(folder.join("bin/python"))
}
