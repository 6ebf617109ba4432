//! What holds of the dependencies besides their licences: all from one registry, none withdrawn, none of the heavy ones
//! built twice, none with a known weakness.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interrupt::Interrupt;
use crate::lockfile::{self, Locked};
use crate::project::Project;
use crate::steps::Outcome;
use crate::tool;

/// Packages that take long to build, or whose types would not fit together in two versions.
const HEAVY: &[&str] = &[
    "arrow-array",
    "aws-config",
    "aws-lc-rs",
    "aws-smithy-runtime",
    "aws-smithy-types",
    "axum",
    "http",
    "hyper",
    "iceberg",
    "lambda_runtime",
    "parquet",
    "prost",
    "regex",
    "regorus",
    "reqwest",
    "rustls",
    "serde",
    "serde_json",
    "tokio",
    "tonic",
    "tower",
    "tracing",
];

/// Heavy packages that are there twice all the same, and why.
const TWICE: &[(&str, &str)] = &[("reqwest", "`iceberg` stands on 0.12; without TLS of its own, it adds little")];

/// How many packages are as they should be; an error that names all that are not.
pub fn check(project: &Project) -> Result<usize> {
    let locked = lockfile::read(project)?;
    let own = workspace_packages(&project.root)?;
    let mut complaints = sources(&locked, &own);
    complaints.extend(duplicates(&locked));
    if !complaints.is_empty() {
        bail!("dependencies that should not be there:\n{}", complaints.join("\n"));
    }
    Ok(locked.len())
}

/// Complaints about packages that come from elsewhere than the one registry, or without a digest.
fn sources(locked: &[Locked], own: &BTreeSet<String>) -> Vec<String> {
    let registries: BTreeSet<&str> = locked
        .iter()
        .filter_map(|package| package.source.as_deref())
        .filter(|source| source.starts_with("registry+"))
        .collect();
    let complaint = |package: &Locked| {
        let why = match &package.source {
            None if own.contains(&package.name) => return None,
            None => "lies in a folder outside the workspace".to_owned(),
            Some(source) if !source.starts_with("registry+") => format!("comes from `{source}`"),
            Some(_) if package.checksum.is_none() => "has no digest".to_owned(),
            Some(_) => return None,
        };
        Some(format!("  {} {}: {why}", package.name, package.version))
    };
    let mut complaints: Vec<String> = locked.iter().filter_map(complaint).collect();
    if registries.len() > 1 {
        complaints.push(format!("  {} registries: {}", registries.len(), Vec::from_iter(registries).join(", ")));
    }
    complaints
}

/// Complaints about heavy packages in versions that do not go together, unless it is said why.
fn duplicates(locked: &[Locked]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in locked.iter().filter(|package| HEAVY.contains(&package.name.as_str())) {
        versions.entry(&package.name).or_default().insert(compatible(&package.version));
    }
    versions
        .into_iter()
        .filter(|(name, versions)| versions.len() > 1 && !TWICE.iter().any(|(known, _)| known == name))
        .map(|(name, versions)| {
            format!("  {name} is built {} times: {}", versions.len(), Vec::from_iter(versions).join(", "))
        })
        .collect()
}

/// The part of a version that tells which others Cargo takes for it: `1` of 1.2.3, `0.12` of 0.12.3.
fn compatible(version: &str) -> &str {
    let ends: Vec<usize> = version.match_indices('.').map(|(at, _)| at).collect();
    let end = if version.starts_with("0.") { ends.get(1) } else { ends.first() };
    end.and_then(|end| version.get(..*end)).unwrap_or(version)
}

/// Names of the workspace's own packages.
fn workspace_packages(root: &Path) -> Result<BTreeSet<String>> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    let output = command.output().context("`cargo metadata` cannot be run")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("`cargo metadata` gave no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("the workspace has no packages")?;
    Ok(packages.iter().filter_map(|package| Some(package.get("name")?.as_str()?.to_owned())).collect())
}

/// A line of the registry's index.
#[derive(Debug, Deserialize)]
struct Published {
    vers: String,
    #[serde(default)]
    yanked: bool,
}

/// Whether a locked version was withdrawn by its authors, by what Cargo last read of the registry's index.
pub fn withdrawn(project: &Project) -> Result<Outcome> {
    let Some(home) = cargo_home() else { return Ok(Outcome::Skipped("needs Cargo's home folder".to_owned())) };
    let indexes: Vec<PathBuf> = fs::read_dir(home.join("registry/index"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|index| index.path().join(".cache"))
        .collect();
    let (known, withdrawn) = withdrawn_in(&indexes, &lockfile::read(project)?);
    if !withdrawn.is_empty() {
        bail!("withdrawn by their authors (`cargo update --package NAME`):\n{}", withdrawn.join("\n"));
    }
    if known == 0 {
        return Ok(Outcome::Skipped("needs the registry's index, which Cargo has not read here".to_owned()));
    }
    Ok(Outcome::Passed(1))
}

/// How many locked versions the indexes know, and those that were withdrawn.
fn withdrawn_in(indexes: &[PathBuf], locked: &[Locked]) -> (usize, Vec<String>) {
    let (mut known, mut withdrawn) = (0, Vec::new());
    for package in locked.iter().filter(|package| package.source.is_some()) {
        let found = indexes.iter().find_map(|index| {
            let file = fs::read(index.join(index_path(&package.name))).ok()?;
            // A head, then version and JSON in turn, all between zeros: what is no JSON tells of no version.
            let mut lines = file.split(|byte| *byte == 0);
            lines.find_map(|line| {
                let published: Published = serde_json::from_slice(line).ok()?;
                (published.vers == package.version).then_some(published)
            })
        });
        known += usize::from(found.is_some());
        if found.is_some_and(|published| published.yanked) {
            withdrawn.push(format!("  {} {}", package.name, package.version));
        }
    }
    (known, withdrawn)
}

/// Where an index keeps a package: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcdef`.
fn index_path(name: &str) -> PathBuf {
    let name = name.to_lowercase();
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or_default().to_owned();
    match name.len() {
        1 => PathBuf::from("1").join(name),
        2 => PathBuf::from("2").join(name),
        3 => PathBuf::from("3").join(part(0, 1)).join(name),
        _ => PathBuf::from(part(0, 2)).join(part(2, 4)).join(name),
    }
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

/// Whether a locked version has a known weakness, by cargo-audit and its database where they are to be had.
pub fn advisories(project: &Project, interrupt: &Interrupt) -> Result<Outcome> {
    let version = Command::new("cargo").args(["audit", "--version"]).output();
    if !version.is_ok_and(|output| output.status.success()) {
        return Ok(Outcome::Skipped("needs cargo-audit: `cargo install cargo-audit --locked`".to_owned()));
    }
    let mut command = tool::command(project, "cargo");
    command.args(["audit", "--json"]);
    if cargo_home().is_some_and(|home| home.join("advisory-db").is_dir()) {
        // A database that is there is used as it is: the check needs no network and gives the same answer twice.
        command.args(["--no-fetch", "--stale"]);
    }
    let finished = tool::capture("cargo audit", &mut command, None, interrupt)?;
    match serde_json::from_str(&finished.stdout) {
        Ok(report) => weaknesses(&report),
        Err(_) => Ok(Outcome::Skipped("needs the advisory database, which cargo-audit could not fetch".to_owned())),
    }
}

fn weaknesses(report: &Value) -> Result<Outcome> {
    let found = report.pointer("/vulnerabilities/list").and_then(Value::as_array);
    let found = found.context("cargo-audit's report has no list of vulnerabilities")?;
    let told: Vec<String> = found
        .iter()
        .map(|weakness| {
            let text = |pointer: &str| weakness.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let (name, version) = (text("/package/name"), text("/package/version"));
            format!("  {name} {version}: {} {}", text("/advisory/id"), text("/advisory/title"))
        })
        .collect();
    if !told.is_empty() {
        bail!("dependencies with known weaknesses:\n{}", told.join("\n"));
    }
    Ok(Outcome::Passed(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn locked(name: &str, version: &str, source: Option<&str>) -> Locked {
        let checksum = source.filter(|source| source.starts_with("registry+")).map(|_| "ab".to_owned());
        Locked { name: name.into(), version: version.into(), source: source.map(str::to_owned), checksum }
    }

    const REGISTRY: Option<&str> = Some("registry+https://registry.example.org/index");

    #[test]
    fn every_dependency_comes_from_one_registry_with_a_digest() {
        let own = BTreeSet::from(["mesh".to_owned()]);
        let good = [locked("serde", "1.0.0", REGISTRY), locked("mesh", "0.1.0", None)];
        assert!(sources(&good, &own).is_empty());
        for (bad, why) in [
            (locked("fork", "1.0.0", Some("git+https://example.org/fork#ab")), "comes from `git+"),
            (locked("beside", "1.0.0", None), "outside the workspace"),
            (Locked { checksum: None, ..locked("bare", "1.0.0", REGISTRY) }, "no digest"),
            (locked("other", "1.0.0", Some("registry+https://another.example.org")), "2 registries"),
        ] {
            let told = sources(&[good[0].clone(), bad], &own).join("\n");
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn heavy_packages_are_built_once() {
        let twice = [locked("tokio", "1.1.0", REGISTRY), locked("tokio", "0.2.0", REGISTRY)];
        assert_eq!(duplicates(&twice), ["  tokio is built 2 times: 0.2, 1"]);
        let explained = [locked("reqwest", "0.12.1", REGISTRY), locked("reqwest", "0.13.1", REGISTRY)];
        assert!(duplicates(&explained).is_empty());
        let light = [locked("hashbrown", "0.12.1", REGISTRY), locked("hashbrown", "0.13.1", REGISTRY)];
        assert!(duplicates(&light).is_empty());
    }

    #[test]
    fn withdrawn_versions_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(index_path("serde"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let lines = [r#"{"vers":"1.0.0","yanked":true}"#, "1.0.1", r#"{"vers":"1.0.1","yanked":false}"#];
        fs::write(&file, format!("\u{3}\u{2}\0\0\0etag\01.0.0\0{}\0", lines.join("\0"))).unwrap();
        let indexes = [folder.path().to_owned()];
        let now =
            |version| withdrawn_in(&indexes, &[locked("serde", version, REGISTRY), locked("mesh", "1.0.0", None)]);
        assert_eq!(now("1.0.0"), (1, vec!["  serde 1.0.0".to_owned()]));
        assert_eq!(now("1.0.1"), (1, Vec::new()));
        assert_eq!(now("1.0.2"), (0, Vec::new()));
    }

    #[test]
    fn the_index_keeps_packages_by_their_first_letters() {
        for (name, path) in [("a", "1/a"), ("ab", "2/ab"), ("Abc", "3/a/abc"), ("serde", "se/rd/serde")] {
            assert_eq!(index_path(name), Path::new(path));
        }
    }

    #[test]
    fn weaknesses_are_named() {
        let clean = json!({ "vulnerabilities": { "found": false, "count": 0, "list": [] } });
        assert_eq!(weaknesses(&clean).unwrap(), Outcome::Passed(1));
        let weakness = json!({
            "advisory": { "id": "RUSTSEC-2026-0001", "title": "it leaks" },
            "package": { "name": "leaky", "version": "1.0.0" },
        });
        let told = weaknesses(&json!({ "vulnerabilities": { "list": [weakness] } })).unwrap_err().to_string();
        assert!(told.contains("leaky 1.0.0: RUSTSEC-2026-0001 it leaks"), "{told}");
        assert!(weaknesses(&json!({})).is_err());
    }
}
