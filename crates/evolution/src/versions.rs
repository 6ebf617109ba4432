//! Whether versions moved by what the changes ask: content of a version never changes, and a major of a port never breaks.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

use mesh_manifest::{Manifest, OutputPort, PortAddress};
use schemars::JsonSchema;
use semver::{BuildMetadata, Prerelease, Version};
use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, ChangeKind},
    code::Code,
};

/// The least versions that changes ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequiredVersions {
    /// Of the product.
    #[schemars(with = "String")]
    pub product: Version,
    /// Of each port that stays and changed; of one that breaks, the new major to list beside it.
    #[schemars(with = "BTreeMap<PortAddress, String>")]
    pub ports: BTreeMap<PortAddress, Version>,
}

/// A version that does not fit the changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Stable code, such as `evolution.version_too_small`.
    pub code: String,
    /// JSON pointer into the new manifest.
    pub pointer: String,
    /// The port in question; none for the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortAddress>,
    pub message: String,
    pub remedy: String,
    /// The least version that would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub needed: Option<Version>,
}

/// The least versions that `changes` to `before` ask for.
pub fn required_versions(before: &Manifest, changes: &[Change]) -> RequiredVersions {
    let kinds = port_kinds(changes);
    let ports = before.output_ports.iter().filter_map(|port| {
        let address = before.address(port);
        let kind = *kinds.get(&address)?;
        Some((address, least_version(&port.version, kind)))
    });
    let kind = product_kind(changes);
    RequiredVersions {
        product: kind.map_or_else(|| before.version.clone(), |kind| least_version(&before.version, kind)),
        ports: ports.collect(),
    }
}

/// What stands against the versions of `after`, given the `changes` that lead to it from `before`: empty if nothing does.
pub fn check_versions(before: &Manifest, after: &Manifest, changes: &[Change]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let required = required_versions(before, changes);
    let kinds = port_kinds(changes);
    let old: HashMap<PortAddress, &OutputPort> =
        before.output_ports.iter().map(|port| (before.address(port), port)).collect();
    let broken: HashSet<&PortAddress> =
        changes.iter().filter(|change| change.breaks_port()).filter_map(|change| change.port.as_ref()).collect();
    let product = moved(&before.version, &after.version, &required.product, product_kind(changes), "/version", None);
    // While a port breaks, what the product's version would have to be is still open: it follows from how that is mended.
    violations
        .extend(product.filter(|violation| broken.is_empty() || violation.code == Code::VersionWentDown.as_str()));
    for change in changes.iter().filter(|change| change.breaks_port()) {
        let port = change.port.as_ref().and_then(|address| old.get(address).copied());
        violations.push(breaking(before, port, change));
    }
    for (index, port) in after.output_ports.iter().enumerate() {
        let address = after.address(port);
        let Some(old) = old.get(&address) else { continue };
        // One that breaks is told of above: its version is not the matter.
        if broken.contains(&address) {
            continue;
        }
        let kind = kinds.get(&address).copied();
        let needed = required.ports.get(&address).unwrap_or(&old.version);
        violations.extend(moved(
            &old.version,
            &port.version,
            needed,
            kind,
            &format!("/outputPorts/{index}/version"),
            Some(&address),
        ));
    }
    violations
}

/// What the changes of each port that stays ask of its version.
fn port_kinds(changes: &[Change]) -> HashMap<&PortAddress, ChangeKind> {
    let codes = [Code::PortAdded, Code::PortRemoved, Code::PortVersionMoved].map(Code::as_str);
    let mut kinds = HashMap::new();
    for change in changes.iter().filter(|change| !codes.contains(&change.code.as_str())) {
        let kind = if change.loosened.is_some() { ChangeKind::Minor } else { change.kind };
        if let Some(port) = &change.port {
            kinds.entry(port).and_modify(|known| *known = kind.max(*known)).or_insert(kind);
        }
    }
    kinds
}

/// What the changes ask of the product's version. What breaks a port is refused as it is, and is an added port once it is done rightly.
fn product_kind(changes: &[Change]) -> Option<ChangeKind> {
    changes
        .iter()
        .map(|change| if change.breaks_port() || change.loosened.is_some() { ChangeKind::Minor } else { change.kind })
        .max()
}

/// The least version after `version` for a change of `kind`. One before a release stands for the release itself.
pub fn least_version(version: &Version, kind: ChangeKind) -> Version {
    let released = version.pre.is_empty();
    let (major, minor, patch) = match kind {
        ChangeKind::Patch if released => (version.major, version.minor, version.patch + 1),
        ChangeKind::Minor if released || version.patch != 0 => (version.major, version.minor + 1, 0),
        ChangeKind::Major if released || version.minor != 0 || version.patch != 0 => (version.major + 1, 0, 0),
        _ => (version.major, version.minor, version.patch),
    };
    Version { major, minor, patch, pre: Prerelease::EMPTY, build: BuildMetadata::EMPTY }
}

fn moved(
    before: &Version,
    after: &Version,
    needed: &Version,
    kind: Option<ChangeKind>,
    pointer: &str,
    port: Option<&PortAddress>,
) -> Option<Violation> {
    let what = port.map_or_else(|| "the product".to_owned(), |port| format!("`{port}`"));
    let violation = |code: Code, message: String, remedy: String| Violation {
        code: code.as_str().to_owned(),
        pointer: pointer.to_owned(),
        port: port.cloned(),
        message,
        remedy,
        needed: Some(needed.clone()),
    };
    let core = |version: &Version| (version.major, version.minor, version.patch);
    match (after.cmp_precedence(before), kind) {
        (Ordering::Less, _) => Some(violation(
            Code::VersionWentDown,
            format!("the version of {what} went down from {before} to {after}"),
            format!("write {needed} or more"),
        )),
        (Ordering::Equal, Some(kind)) => Some(violation(
            Code::VersionUnchanged,
            format!(
                "{what} changed ({}) and its version {after} did not: content of a version never changes",
                kind.as_str()
            ),
            format!("write {needed}"),
        )),
        (Ordering::Greater, Some(kind)) if core(after) < core(needed) => Some(violation(
            Code::VersionTooSmall,
            format!(
                "the version of {what} moved from {before} to {after}, which is too little for a {} change",
                kind.as_str()
            ),
            format!("write {needed}"),
        )),
        _ => None,
    }
}

fn breaking(before: &Manifest, old: Option<&OutputPort>, change: &Change) -> Violation {
    let next = old.map(|port| {
        // Beside all majors that there are.
        let newest =
            before.output_ports.iter().filter(|other| other.name == port.name).map(|other| other.version.major).max();
        Version::new(newest.unwrap_or(port.version.major) + 1, 0, 0)
    });
    let what = match (&change.field, &change.port) {
        (Some(field), Some(port)) => format!("the field `{field}` of `{port}`"),
        (None, Some(port)) => format!("`{port}`"),
        _ => "the product".to_owned(),
    };
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!(" from {before} to {after}"),
        _ => String::new(),
    };
    let rule = change.code.strip_prefix("evolution.").unwrap_or(&change.code).replace('_', " ");
    let beside = match &next {
        Some(next) => format!("publish it as version {next} of the port beside the old one, which stays as it is"),
        None => "publish it as a new major of the port beside the old one".to_owned(),
    };
    Violation {
        code: Code::BreakingWithinMajor.as_str().to_owned(),
        pointer: change.pointer.clone(),
        port: change.port.clone(),
        message: format!("{what}: {rule}{values} breaks readers within a major version: {}", change.reason),
        remedy: change.remedy.as_ref().map_or_else(|| beside.clone(), |remedy| format!("{remedy}; or {beside}")),
        needed: next,
    }
}
