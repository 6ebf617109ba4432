//! Where a module stands: which package it may have at its level.

use regorus::unstable::Module;

use super::walk::Path;
use super::{at, error};
use crate::error::PolicyError;
use crate::source::{Level, PolicySource};

/// Files of tests end so; they are never part of a program.
pub(crate) const TEST_SUFFIX: &str = "_test.rego";

/// The package of a module, known to be fitting.
pub(super) struct Place {
    components: Vec<String>,
}

impl Place {
    /// Dotted, without `data`.
    pub(super) fn package(&self) -> String {
        self.components.join(".")
    }

    /// The rule's name in findings; none for the library, which does not speak.
    pub(super) fn rule_name(&self) -> Option<&str> {
        let parts: Vec<&str> = self.components.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["mesh", "global", rule] | ["mesh", "domains", _, rule] => Some(rule),
            ["mesh", "product"] => Some("offer"),
            _ => None,
        }
    }
}

/// The place of `module`, or why it has none at this level.
pub(super) fn of(source: &PolicySource, path: &str, module: &Module) -> Result<Place, PolicyError> {
    if path.ends_with(TEST_SUFFIX) {
        return Err(error(path, 1, 1, "tests are not published".to_owned(), "leave `_test.rego` files out"));
    }
    let refr = &module.package.refr;
    let (written, _) = Path::of(refr);
    let (names, _) = written.names();
    let components: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let domain = source.domain.as_deref().map(|domain| domain.replace('-', "_"));
    let parts: Vec<&str> = components.iter().map(String::as_str).collect();
    let fits = match (source.level, parts.as_slice()) {
        (Level::Global, ["mesh", "global" | "lib", name]) => plain(name),
        (Level::Domain, ["mesh", "domains", named, rule]) => plain(rule) && domain.as_deref() == Some(named),
        (Level::Product, ["mesh", "product"]) => true,
        _ => false,
    };
    if fits {
        return Ok(Place { components });
    }
    let message = format!("package `{}` is not for policies of level `{}`", written.display(), source.level.as_str());
    let remedy = match (source.level, domain) {
        (Level::Global, _) => "name it `mesh.global.<rule>`, or `mesh.lib.<name>` in the library".to_owned(),
        (Level::Domain, domain) => format!(
            "name it `mesh.domains.{}.<rule>`: a domain speaks only about its own products",
            domain.unwrap_or_default()
        ),
        (Level::Product, _) => "name it `mesh.product`".to_owned(),
    };
    Err(at(refr.span(), message, &remedy))
}

/// Names become parts of paths in decisions and logs.
fn plain(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
