//! Release packages of the functions for an AWS account, cross-compiled by cargo-lambda, each with the bill of what is in it.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interrupt::Interrupt;
use crate::lockfile;
use crate::package_functions;
use crate::project::Project;
use crate::sbom::Materials;
use crate::{progress, python, tool};

/// Instruction sets that Lambda offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

/// The least function, packed beside the others for what theirs is measured against.
pub const HELLO: &str = "bench-hello";

impl Architecture {
    /// That of this machine, if packages for it run here.
    pub fn of_this_machine() -> Option<Self> {
        match (env::consts::OS, env::consts::ARCH) {
            ("linux", "x86_64") => Some(Self::X86_64),
            ("linux", "aarch64") => Some(Self::Arm64),
            _ => None,
        }
    }

    /// Where [`package`] puts the packages.
    pub fn packages_folder(self, project: &Project) -> PathBuf {
        project.root.join("target/package").join(self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Arm64 => "--arm64",
            Self::X86_64 => "--x86-64",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// A function, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub zip: PathBuf,
    /// What it is made of, in CycloneDX's format.
    pub bill: PathBuf,
    /// How many dependencies that names.
    pub components: usize,
}

/// Build and pack the functions (all if none is named) into `target/package/<architecture>/<function>.zip`, with
/// `<function>.cdx.json` beside it.
pub fn package(
    project: &Project,
    architecture: Architecture,
    only: &[String],
    interrupt: &Interrupt,
) -> Result<BTreeMap<String, Package>> {
    let all = package_functions::functions(project, interrupt)?;
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        bail!("there is no function `{unknown}`; there are {}", all.join(", "));
    }
    let names = if only.is_empty() { &all[..] } else { only };
    let requirements = project.root.join("xtask/cargo-lambda.requirements.txt");
    let python = python::environment(project, &requirements, interrupt)?;
    let programs = python.parent().context("the environment has no folder of programs")?;

    add_target(project, architecture, interrupt)?;
    let output = project.target.join("lambda").join(architecture.name());
    let mut command = tool::command(project, programs.join("cargo-lambda"));
    command
        .args(["lambda", "build", "--release", "--output-format", "zip", architecture.flag(), "--lambda-dir"])
        .arg(&output)
        .env("CARGO_TARGET_DIR", &project.target)
        // zig, which it links with, is a module of the same environment.
        .env("PATH", with_first(programs, env::var_os("PATH"))?);
    for name in names {
        command.args(["--package", &format!("fn-{name}")]);
    }
    let hello = only.is_empty().then_some(HELLO);
    if let Some(hello) = hello {
        command.args(["--package", hello]);
    }
    progress::during(&format!("building release packages for {}", architecture.name()), || {
        tool::run("cargo lambda build", &mut command, interrupt)
    })?;

    let folder = architecture.packages_folder(project);
    fs::create_dir_all(&folder)?;
    let metadata = dependencies(project, architecture, interrupt)?;
    let locked = lockfile::read(project)?;
    let materials = Materials::new(&metadata, &locked)?;
    let mut packages = BTreeMap::new();
    for name in names.iter().map(String::as_str).chain(hello) {
        let built = output.join(name).join("bootstrap.zip");
        let (zip, bill) = (folder.join(format!("{name}.zip")), folder.join(format!("{name}.cdx.json")));
        let content = fs::read(&built).with_context(|| format!("`{}` was not built", built.display()))?;
        let package = if name == HELLO { name.to_owned() } else { format!("fn-{name}") };
        let materials = materials.bill(&package, &hex::encode(Sha256::digest(&content)))?;
        fs::write(&zip, content)?;
        fs::write(&bill, serde_json::to_string_pretty(&materials)? + "\n")?;
        let components = materials.get("components").and_then(Value::as_array).map_or(0, Vec::len);
        packages.insert(name.to_owned(), Package { zip, bill, components });
    }
    Ok(packages)
}

/// What Cargo knows of the dependencies on the packages' platform.
fn dependencies(project: &Project, architecture: Architecture, interrupt: &Interrupt) -> Result<Value> {
    let mut command = tool::command(project, "cargo");
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", architecture.target()]);
    Ok(serde_json::from_str(&tool::run("reading the dependencies", &mut command, interrupt)?)?)
}

/// A table of the packages' sizes.
pub fn sizes(packages: &BTreeMap<String, Package>) -> Result<String> {
    let mut rows = Vec::new();
    for (name, Package { zip, bill, components }) in packages {
        let size = megabytes(fs::metadata(zip)?.len());
        rows.push(format!("{name:<16} {size:>6.1} MB  {}", zip.display()));
        rows.push(format!("{:<16} {components:>6} dependencies  {}", "", bill.display()));
    }
    Ok(rows.join("\n"))
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

/// Have the standard library for the target, where rustup manages the toolchain.
fn add_target(project: &Project, architecture: Architecture, interrupt: &Interrupt) -> Result<()> {
    if Command::new("rustup").arg("--version").output().is_err() {
        return Ok(());
    }
    let mut command = tool::command(project, "rustup");
    command.args(["target", "add", architecture.target()]);
    tool::run("rustup target add", &mut command, interrupt).map(drop)
}

fn with_first(folder: &Path, path: Option<OsString>) -> Result<OsString> {
    let path = path.unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    Ok(env::join_paths(folders)?)
}
