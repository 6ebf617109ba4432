//! `cargo xtask`: builds the developer commands as a part of the whole workspace, then becomes them.
//!
//! Cargo unites the features of dependencies over the packages that are selected, and `cargo run` can select one package
//! only: run so, the commands would build most of their dependencies a second time. This program has none.

use std::env;
use std::io::{Error, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Commands that stop or show what runs. They must work while the code does not compile.
const NEEDED_ALWAYS: &[&str] = &["down", "status", "logs", "reset"];

fn main() -> ExitCode {
    match start() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns only where the commands cannot be built or run.
fn start() -> Result<ExitCode, Error> {
    let target = target_folder()?;
    let program = target.join("debug").join(format!("xtask{}", env::consts::EXE_SUFFIX));
    let built_before = program.is_file();
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--workspace", "--bin", "xtask"]).env("CARGO_TARGET_DIR", &target);
    if built_before {
        build.arg("--quiet");
    } else {
        eprintln!("building the developer commands; this happens once and takes a few minutes");
    }
    // Cargo runs this program from any folder below the workspace; the build is always of this workspace. Asked when it runs: checkouts
    // that share a target folder share this program, too.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    build.current_dir(here);
    if !without_cargos_variables(&mut build).status()?.success() {
        let command = env::args().nth(1).unwrap_or_default();
        if !(built_before && NEEDED_ALWAYS.contains(&command.as_str())) {
            return Ok(ExitCode::FAILURE);
        }
        eprintln!("warning: the code does not compile; going on with the commands as they were built before");
    }
    let mut commands = Command::new(&program);
    commands.args(env::args_os().skip(1)).env("CARGO_TARGET_DIR", &target);
    // On success, this does not return.
    Err(without_cargos_variables(&mut commands).exec())
}

/// Without what `cargo run` says of the package that it runs. Build scripts (that of `ring`) ask to be run again where
/// these change: builds started from here and by hand would undo each other.
fn without_cargos_variables(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        let of_the_package = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
                || ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&name)
        });
        if of_the_package {
            command.env_remove(name);
        }
    }
    command
}

/// `CARGO_TARGET_DIR`, else a folder in the user's cache that all checkouts share.
fn target_folder() -> Result<PathBuf, Error> {
    let given = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = given("CARGO_TARGET_DIR") {
        return std::path::absolute(folder);
    }
    let cache = given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache")));
    let cache = cache.ok_or_else(|| Error::new(ErrorKind::NotFound, "neither `XDG_CACHE_HOME` nor `HOME` is set"))?;
    std::path::absolute(cache.join("data-mesh").join("target"))
}
