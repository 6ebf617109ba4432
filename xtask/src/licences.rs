//! The licences of everything that is built in: each dependency must be usable under one of a few permissive ones.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::tool;

/// SPDX identifiers of licences that ask for no more than to be named.
const ALLOWED: &[&str] =
    &["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Zlib"];

/// What is shipped runs there; dependencies of other systems alone are not built in.
const SHIPPED_PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// How many dependencies were looked at; an error that names all whose licence is not allowed.
pub fn check(project: &Project, interrupt: &Interrupt) -> Result<usize> {
    let mut command = tool::command(project, "cargo");
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", SHIPPED_PLATFORM]);
    let metadata: Value = serde_json::from_str(&tool::run("reading the dependencies", &mut command, interrupt)?)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("there are no packages")?;
    let offending: Vec<String> = packages.iter().filter_map(complaint).collect();
    if !offending.is_empty() {
        bail!("dependencies without an allowed licence:\n{}", offending.join("\n"));
    }
    Ok(packages.len())
}

fn complaint(package: &Value) -> Option<String> {
    let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
    match package.get("license").and_then(Value::as_str) {
        Some(expression) if is_allowed(expression) == Some(true) => None,
        Some(expression) => Some(format!("  {name}: `{expression}`")),
        None => Some(format!("  {name}: states none")),
    }
}

/// Whether the SPDX expression can be met with allowed licences only; None if it is malformed.
fn is_allowed(expression: &str) -> Option<bool> {
    // Older packages write a slash for `OR`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let allowed = alternatives(&mut rest)?;
    rest.is_empty().then_some(allowed)
}

fn alternatives(words: &mut &[&str]) -> Option<bool> {
    let mut allowed = conjunction(words)?;
    while take(words, "OR") {
        allowed |= conjunction(words)?;
    }
    Some(allowed)
}

fn conjunction(words: &mut &[&str]) -> Option<bool> {
    let mut allowed = one(words)?;
    while take(words, "AND") {
        allowed &= one(words)?;
    }
    Some(allowed)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    if take(words, "(") {
        let allowed = alternatives(words)?;
        return take(words, ")").then_some(allowed);
    }
    let (licence, rest) = words.split_first()?;
    *words = rest;
    if take(words, "WITH") {
        // An exception only permits more.
        *words = words.split_first()?.1;
    }
    Some(ALLOWED.contains(licence))
}

fn take(words: &mut &[&str], word: &str) -> bool {
    match words.split_first() {
        Some((first, rest)) if *first == word => {
            *words = rest;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_or_not() {
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT", Some(true)),
            ("GPL-3.0-only/MIT", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("(GPL-3.0-only OR MIT) AND Apache-2.0", Some(true)),
            ("MIT OR GPL-3.0-only AND BSD-3-Clause", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("GPL-2.0 WITH Classpath-exception-2.0 AND MIT", Some(false)),
            ("(MIT", None),
            ("MIT Apache-2.0", None),
            ("", None),
        ] {
            assert_eq!(is_allowed(expression), expected, "`{expression}`");
        }
    }

    #[test]
    fn a_package_without_a_licence_is_named() {
        let package = serde_json::json!({"name": "odd", "license": null});
        assert_eq!(complaint(&package).unwrap(), "  odd: states none");
    }
}
