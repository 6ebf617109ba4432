//! Reads policies from a folder: `lib/`, `global/<rule>/`, `domains/<domain>/<rule>/`,
//! `products/<offer>/`, each rule in `rule.rego` with its tests and samples beside it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::TEST_SUFFIX;
use crate::{Level, PolicySource};

/// A folder with one rule in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFolder {
    /// The folder.
    pub path: PathBuf,
    /// Its level, by where it lies.
    pub level: Level,
    /// Its domain, at level `domain`.
    pub domain: Option<String>,
}

/// The global policies under `root`, with the library.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn global(root: &Path) -> io::Result<PolicySource> {
    let mut modules = library(root)?;
    modules.extend(rules_below(root, "global")?);
    Ok(PolicySource::global(modules))
}

/// The policies of one domain; none if it has no folder.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn domain(root: &Path, domain: &str) -> io::Result<Option<PolicySource>> {
    let folder = format!("domains/{domain}");
    if !root.join(&folder).is_dir() {
        return Ok(None);
    }
    Ok(Some(PolicySource::domain(domain, rules_below(root, &folder)?)))
}

/// The product level's offers.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn product(root: &Path) -> io::Result<PolicySource> {
    Ok(PolicySource::product(rules_below(root, "products")?))
}

/// Names of the domains that have policies.
///
/// # Errors
/// If a folder cannot be read.
pub fn domains(root: &Path) -> io::Result<Vec<String>> {
    Ok(folders(&root.join("domains"))?
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .collect())
}

/// Every rule's folder under `root`.
///
/// # Errors
/// If a folder cannot be read.
pub fn rule_folders(root: &Path) -> io::Result<Vec<RuleFolder>> {
    let mut found = Vec::new();
    let mut add = |folder: &Path, level, domain: Option<&str>| -> io::Result<()> {
        for path in folders(folder)? {
            found.push(RuleFolder { path, level, domain: domain.map(str::to_owned) });
        }
        Ok(())
    };
    add(&root.join("global"), Level::Global, None)?;
    for domain in domains(root)? {
        add(&root.join("domains").join(&domain), Level::Domain, Some(&domain))?;
    }
    add(&root.join("products"), Level::Product, None)?;
    Ok(found)
}

/// The library's modules.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn library(root: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut modules = BTreeMap::new();
    for path in entries(&root.join("lib"))? {
        let name = file_name(&path);
        if name.ends_with(".rego") && !name.ends_with(TEST_SUFFIX) {
            modules.insert(format!("lib/{name}"), std::fs::read_to_string(&path)?);
        }
    }
    Ok(modules)
}

fn rules_below(root: &Path, folder: &str) -> io::Result<BTreeMap<String, String>> {
    let mut modules = BTreeMap::new();
    for path in folders(&root.join(folder))? {
        let text = std::fs::read_to_string(path.join("rule.rego"))?;
        modules.insert(format!("{folder}/{}/rule.rego", file_name(&path)), text);
    }
    Ok(modules)
}

/// Entries of a folder in order of their names; none if there is no folder.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
