//! Builds the functions and the provider for this machine and packs each function as the zip that Lambda takes.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::{cache, progress, tool};

/// Package of the Terraform provider.
pub const PROVIDER: &str = "terraform-provider-mesh";

/// What a build yielded.
#[derive(Clone, Debug)]
pub struct Built {
    /// Binaries by function, such as `registry`.
    pub functions: BTreeMap<String, PathBuf>,
    pub provider: PathBuf,
}

/// Where [`pack`] puts `<function>.zip`.
pub fn artefacts_folder(project: &Project) -> PathBuf {
    project.state.join("artefacts")
}

/// Names of all functions, by the workspace's packages `fn-<function>`.
pub fn functions(project: &Project, interrupt: &Interrupt) -> Result<Vec<String>> {
    let mut command = tool::command(project, "cargo");
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&tool::run("reading the workspace", &mut command, interrupt)?)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("the workspace has no packages")?;
    let mut names: Vec<String> = packages
        .iter()
        .filter_map(|package| package.get("name")?.as_str()?.strip_prefix("fn-").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

/// Every program of the workspace.
#[derive(Clone, Debug)]
pub struct Programs {
    binaries: BTreeMap<String, PathBuf>,
    functions: Vec<String>,
}

impl Programs {
    /// The program called `name`.
    pub fn named(&self, name: &str) -> Result<&Path> {
        self.binaries.get(name).map(PathBuf::as_path).with_context(|| format!("`{name}` has no binary"))
    }

    /// The names of those that are functions.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }
}

/// Build all functions and the provider in the dev profile, which tests use as well.
pub fn build(project: &Project, interrupt: &Interrupt) -> Result<Built> {
    let programs = programs(project, interrupt)?;
    let path = |name: &str| programs.named(name).map(Path::to_owned);
    Ok(Built {
        provider: path(PROVIDER)?,
        functions: programs.functions().iter().map(|name| Ok((name.clone(), path(name)?))).collect::<Result<_>>()?,
    })
}

/// Build every program of the workspace in the dev profile.
pub fn programs(project: &Project, interrupt: &Interrupt) -> Result<Programs> {
    let functions = functions(project, interrupt)?;
    let mut command = tool::command(project, "cargo");
    // The whole workspace, since cargo unites features over what is selected: a selection of packages would build many
    // dependencies a second time.
    command.args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics"]);
    command.env("CARGO_TARGET_DIR", &project.target);
    let messages = progress::during("building functions and provider", || {
        tool::run("building functions and provider", &mut command, interrupt)
    })?;
    Ok(Programs { binaries: executables(&messages), functions })
}

/// Pack every function that changed since it was packed.
pub fn pack(project: &Project, built: &Built) -> Result<()> {
    let folder = artefacts_folder(project);
    fs::create_dir_all(&folder)?;
    progress::during("packing functions", || {
        thread::scope(|scope| {
            let packing: Vec<_> = built
                .functions
                .iter()
                .map(|(name, binary)| {
                    let zip = folder.join(format!("{name}.zip"));
                    scope.spawn(move || {
                        pack_one(binary, &zip).with_context(|| format!("`{}` cannot be made", zip.display()))
                    })
                })
                .collect();
            packing.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result.map(drop),
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    })
}

/// The binary called `name` that Cargo's JSON messages tell of.
pub fn executable(messages: &str, name: &str) -> Result<PathBuf> {
    executables(messages).remove(name).with_context(|| format!("`{name}` has no binary"))
}

/// Binaries by target name, from Cargo's JSON messages.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let executable = message.get("executable")?.as_str()?;
            let name = message.get("target")?.get("name")?.as_str()?;
            Some((name.to_owned(), PathBuf::from(executable)))
        })
        .collect()
}

/// Pack `binary` as `bootstrap`, without its symbols where the machine can remove them. The same binary always
/// gives the same bytes, so that Terraform sees no change where there is none. True if it had to be packed.
pub fn pack_one(binary: &Path, zip: &Path) -> Result<bool> {
    let content = fs::read(binary).with_context(|| format!("`{}` cannot be read", binary.display()))?;
    let digest = cache::digest(&[&content]);
    let packed_from = zip.with_extension("packed-from");
    if zip.exists() && fs::read_to_string(&packed_from).is_ok_and(|known| known == digest) {
        return Ok(false);
    }
    let content = stripped(binary)?.unwrap_or(content);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let unfinished = zip.with_extension("zip.new");
    let mut writer = ZipWriter::new(File::create(&unfinished)?);
    writer.start_file("bootstrap", options)?;
    writer.write_all(&content)?;
    writer.finish()?;
    fs::rename(&unfinished, zip)?;
    fs::write(&packed_from, digest)?;
    Ok(true)
}

/// The binary without symbols: a tenth of the size in debug builds. None where there is no `strip`.
fn stripped(binary: &Path) -> Result<Option<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("bootstrap");
    let mut command = Command::new("strip");
    command.arg("-o").arg(&output).arg(binary);
    match command.output() {
        Ok(finished) if finished.status.success() => Ok(Some(fs::read(output)?)),
        Ok(finished) => bail!("strip failed: {}", String::from_utf8_lossy(&finished.stderr).trim()),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use zip::ZipArchive;

    /// Some real program, since `strip` takes nothing else.
    fn program() -> PathBuf {
        std::env::current_exe().unwrap()
    }

    #[test]
    fn a_package_holds_an_executable_bootstrap() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("one.zip");
        assert!(pack_one(&program(), &zip).unwrap());
        let mut archive = ZipArchive::new(File::open(&zip).unwrap()).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_name("bootstrap").unwrap();
        assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o755);
        let mut start = [0; 4];
        entry.read_exact(&mut start).unwrap();
        let mut original = [0; 4];
        File::open(program()).unwrap().read_exact(&mut original).unwrap();
        assert_eq!(start, original);
    }

    #[test]
    fn the_same_binary_gives_the_same_bytes_and_is_packed_once() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.zip"), folder.path().join("two.zip"));
        assert!(pack_one(&program(), &one).unwrap());
        assert!(pack_one(&program(), &two).unwrap());
        assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap());
        assert!(!pack_one(&program(), &one).unwrap());
        fs::remove_file(&one).unwrap();
        assert!(pack_one(&program(), &one).unwrap());
    }

    #[test]
    fn binaries_are_read_from_cargos_messages() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"mesh_core\"},\"executable\":null}\n",
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"registry\"},\"executable\":\"/t/debug/registry\"}\n",
            "{\"reason\":\"build-finished\",\"success\":true}\n",
        );
        let found = executables(messages);
        assert_eq!(found, BTreeMap::from([("registry".to_owned(), PathBuf::from("/t/debug/registry"))]));
    }
}
