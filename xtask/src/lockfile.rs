//! What Cargo.lock says of every package: where it comes from, and the digest of its content.

use anyhow::{Context, Result, bail};
use std::fs;

use crate::project::Project;

/// One locked package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    pub name: String,
    pub version: String,
    /// None for the workspace's own.
    pub source: Option<String>,
    /// SHA-256 of the package's file; none for the workspace's own.
    pub checksum: Option<String>,
}

/// Every package of the workspace's lock file.
pub fn read(project: &Project) -> Result<Vec<Locked>> {
    parse(&fs::read_to_string(project.root.join("Cargo.lock")).context("`Cargo.lock` cannot be read")?)
}

/// Cargo writes the file itself, one attribute a line.
fn parse(text: &str) -> Result<Vec<Locked>> {
    let mut packages: Vec<Locked> = Vec::new();
    for line in text.lines() {
        if line == "[[package]]" {
            packages.push(Locked::default());
            continue;
        }
        let (Some((name, value)), Some(package)) = (line.split_once(" = "), packages.last_mut()) else { continue };
        let value = value.trim_matches('"').to_owned();
        match name {
            "name" => package.name = value,
            "version" => package.version = value,
            "source" => package.source = Some(value),
            "checksum" => package.checksum = Some(value),
            _ => {}
        }
    }
    if packages.is_empty() || packages.iter().any(|package| package.name.is_empty() || package.version.is_empty()) {
        bail!("`Cargo.lock` is not as Cargo writes it");
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_a_registry_and_of_the_workspace_are_read() {
        let text = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+https://r\"\n\
            checksum = \"ab\"\ndependencies = [\n \"syn 2.0.0\",\n]\n\n[[package]]\nname = \"mesh\"\nversion = \"0.1.0\"\n";
        let serde = Locked {
            name: "serde".into(),
            version: "1.0.0".into(),
            source: Some("registry+https://r".into()),
            checksum: Some("ab".into()),
        };
        let mesh = Locked { name: "mesh".into(), version: "0.1.0".into(), source: None, checksum: None };
        assert_eq!(parse(text).unwrap(), [serde, mesh]);
        assert!(parse("").is_err());
    }
}
