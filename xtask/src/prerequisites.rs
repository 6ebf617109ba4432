//! What must be installed before anything else works: found, or named all at once with how to get it.

use anyhow::{Result, bail};
use serde_json::Value;
use std::process::Command;

use crate::{java, python};

/// A program that the commands need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prerequisite {
    Rust,
    Terraform,
    Python,
    Jdk,
    Maven,
}

/// What the whole project needs.
pub const ALL: &[Prerequisite] =
    &[Prerequisite::Rust, Prerequisite::Terraform, Prerequisite::Python, Prerequisite::Jdk, Prerequisite::Maven];

/// What the local stack alone needs.
pub const OF_STACK: &[Prerequisite] = &[Prerequisite::Python, Prerequisite::Jdk, Prerequisite::Maven];

/// Versions found, one line each; an error that names everything missing.
pub fn check(wanted: &[Prerequisite]) -> Result<Vec<String>> {
    report(wanted, version)
}

fn report(wanted: &[Prerequisite], version: impl Fn(Prerequisite) -> Option<String>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for prerequisite in wanted {
        match version(*prerequisite) {
            Some(version) => found.push(format!("{} {version}", prerequisite.name())),
            None => missing.push(format!("  {:<10} {}", prerequisite.name(), prerequisite.remedy())),
        }
    }
    if !missing.is_empty() {
        bail!("missing or too old:\n{}", missing.join("\n"));
    }
    Ok(found)
}

impl Prerequisite {
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Terraform => "Terraform",
            Self::Python => "Python",
            Self::Jdk => "JDK",
            Self::Maven => "Maven",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Rust => "1.95 or later: https://rustup.rs, then `rustup update stable`",
            Self::Terraform => "1.11 or later: https://developer.hashicorp.com/terraform/install",
            Self::Python => {
                "3.10 or later with venv: https://www.python.org/downloads (Debian, Ubuntu: `apt install python3-venv`)"
            }
            Self::Jdk => {
                "17 or later, 21 for OpenSearch 3: https://adoptium.net (Debian, Ubuntu: `apt install openjdk-21-jdk-headless`)"
            }
            Self::Maven => "3.6 or later: https://maven.apache.org/download.cgi (Debian, Ubuntu: `apt install maven`)",
        }
    }
}

/// The version that is installed; None if it is missing or too old.
fn version(prerequisite: Prerequisite) -> Option<String> {
    match prerequisite {
        Prerequisite::Rust => {
            let stated = output("cargo", &["--version"])?;
            at_least(stated.split_whitespace().nth(1)?, (1, 95))
        }
        Prerequisite::Terraform => {
            let stated: Value = serde_json::from_str(&output("terraform", &["version", "-json"])?).ok()?;
            at_least(stated.get("terraform_version")?.as_str()?, (1, 11))
        }
        Prerequisite::Python => Some(python::find()?.version),
        Prerequisite::Jdk => java::newest().filter(|jdk| jdk.release >= 17).map(|jdk| jdk.version),
        Prerequisite::Maven => {
            let stated = output("mvn", &["--batch-mode", "-Dstyle.color=never", "--version"])?;
            // Colours come before the name in some distributions, whatever is asked for.
            let (_, version) = stated.split_once("Apache Maven ")?;
            at_least(version.split_whitespace().next()?, (3, 6))
        }
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        // A configuration file that is named but missing makes Terraform warn; it matters not here.
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn at_least(version: &str, oldest: (u32, u32)) -> Option<String> {
    let mut numbers = version.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
    ((major, minor) >= oldest).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once_with_its_remedy() {
        let only_rust = |prerequisite| (prerequisite == Prerequisite::Rust).then(|| "1.95.0".to_owned());
        let error = report(ALL, only_rust).unwrap_err().to_string();
        assert!(!error.contains("Rust"), "{error}");
        for part in ["Terraform", "1.11 or later", "Python", "python3-venv", "JDK", "adoptium.net", "Maven"] {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(at_least("1.9.8", (1, 11)), None);
        assert_eq!(at_least("1.11.4", (1, 11)).as_deref(), Some("1.11.4"));
        assert_eq!(at_least("2", (1, 11)).as_deref(), Some("2"));
        assert_eq!(at_least("1.95.0-nightly", (1, 95)).as_deref(), Some("1.95.0-nightly"));
    }
}
