//! Software bills of materials in CycloneDX 1.6: what each release package is made of.
//!
//! <https://cyclonedx.org/docs/1.6/json/>

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::lockfile::Locked;

/// What Cargo knows of the workspace and its dependencies on one platform.
#[derive(Debug)]
pub struct Materials<'a> {
    packages: BTreeMap<&'a str, &'a Value>,
    /// What each package needs at run time. Features are united over the whole workspace, so it is rather too much than
    /// too little.
    needs: BTreeMap<&'a str, BTreeSet<&'a str>>,
    digests: BTreeMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Materials<'a> {
    /// From what `cargo metadata` says, and the lock file.
    pub fn new(metadata: &'a Value, locked: &'a [Locked]) -> Result<Self> {
        let packages =
            list(metadata, "/packages").filter_map(|package| Some((text(package, "id")?, package))).collect();
        let needs: BTreeMap<_, _> = list(metadata, "/resolve/nodes")
            .filter_map(|node| {
                let at_run_time = list(node, "/deps").filter(|dependency| {
                    list(dependency, "/dep_kinds").any(|kind| kind.get("kind").is_some_and(Value::is_null))
                });
                Some((text(node, "id")?, at_run_time.filter_map(|dependency| text(dependency, "pkg")).collect()))
            })
            .collect();
        if needs.is_empty() {
            bail!("`cargo metadata` resolved nothing");
        }
        let digests = locked
            .iter()
            .filter_map(|package| {
                Some(((package.name.as_str(), package.version.as_str()), package.checksum.as_deref()?))
            })
            .collect();
        Ok(Self { packages, needs, digests })
    }

    /// The bill of the package that `name` was built into, whose file has the SHA-256 `digest`.
    pub fn bill(&self, name: &str, digest: &str) -> Result<Value> {
        let own = self.packages.iter().find(|(_, package)| text(package, "name") == Some(name));
        let (root, _) = own.with_context(|| format!("the workspace has no package `{name}`"))?;
        let mut reached = BTreeSet::from([*root]);
        let mut pending = vec![*root];
        while let Some(id) = pending.pop() {
            let needed = self.needs.get(id).with_context(|| format!("`{id}` is not resolved"))?;
            pending.extend(needed.iter().copied().filter(|id| reached.insert(id)));
        }
        let mut application = self.component(root, "application")?;
        if let Some(fields) = application.as_object_mut() {
            fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": digest }]));
        }
        let components = reached.iter().filter(|id| *id != root).map(|id| self.component(id, "library"));
        let dependencies = reached.iter().map(|id| {
            let on =
                self.needs.get(id).into_iter().flatten().map(|id| self.reference(id)).collect::<Result<Vec<_>>>()?;
            Ok(json!({ "ref": self.reference(id)?, "dependsOn": on }))
        });
        Ok(json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": { "component": application },
            "components": components.collect::<Result<Vec<_>>>()?,
            "dependencies": dependencies.collect::<Result<Vec<_>>>()?,
        }))
    }

    fn component(&self, id: &str, kind: &str) -> Result<Value> {
        let package = self.packages.get(id).with_context(|| format!("`{id}` is not described"))?;
        let (name, version) = name_and_version(package)?;
        let mut component = json!({ "type": kind, "bom-ref": self.reference(id)?, "name": name, "version": version });
        let Some(fields) = component.as_object_mut() else { bail!("a component is no object") };
        if let Some(licence) = text(package, "license") {
            // Older packages write a slash for `OR`.
            let expression = licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
            fields.insert("licenses".to_owned(), json!([{ "expression": expression }]));
        }
        if package.get("source").is_some_and(Value::is_string) {
            fields.insert("purl".to_owned(), json!(format!("pkg:cargo/{name}@{}", escaped(version))));
        }
        if let Some(digest) = self.digests.get(&(name, version)) {
            fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": digest }]));
        }
        Ok(component)
    }

    /// What the rest of the bill calls the package by.
    fn reference(&self, id: &str) -> Result<String> {
        let package = self.packages.get(id).with_context(|| format!("`{id}` is not described"))?;
        let (name, version) = name_and_version(package)?;
        Ok(format!("{name}@{version}"))
    }
}

fn name_and_version(package: &Value) -> Result<(&str, &str)> {
    text(package, "name").zip(text(package, "version")).context("a package has no name or no version")
}

/// Build metadata follows a plus sign, which has a meaning of its own in URLs.
fn escaped(version: &str) -> String {
    version.replace('+', "%2B")
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockfile;
    use crate::project::Project;
    use std::process::Command;

    /// Every rule of the format that a bill can break.
    fn assert_is_a_bill(bill: &Value) {
        assert_eq!(
            (&bill["bomFormat"], &bill["specVersion"], &bill["version"]),
            (&json!("CycloneDX"), &json!("1.6"), &json!(1))
        );
        let components: Vec<&Value> =
            list(bill, "/components").chain([bill.pointer("/metadata/component").unwrap()]).collect();
        let mut references = BTreeSet::new();
        for component in components {
            assert!(["application", "library"].contains(&component["type"].as_str().unwrap()), "{component}");
            assert!(component["name"].is_string() && component["version"].is_string(), "{component}");
            assert!(references.insert(component["bom-ref"].as_str().unwrap()), "twice: {component}");
            let own = component["bom-ref"].as_str().unwrap().starts_with("mesh-") || component["type"] == "application";
            assert_eq!(component.get("purl").is_none(), own || component["name"] == "tfplugin", "{component}");
            assert!(
                component["licenses"][0]["expression"].as_str().is_some_and(|text| !text.contains('/')),
                "{component}"
            );
            let digest = component.pointer("/hashes/0/content").and_then(Value::as_str);
            let is_digest = |digest: &str| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(digest.map_or(own, is_digest), "{component}");
        }
        let depending: BTreeSet<&str> =
            list(bill, "/dependencies").map(|dependency| dependency["ref"].as_str().unwrap()).collect();
        assert_eq!(depending, references, "each component says once what it depends on");
        for on in list(bill, "/dependencies").flat_map(|dependency| list(dependency, "/dependsOn")) {
            assert!(references.contains(on.as_str().unwrap()), "{on} is not among the components");
        }
    }

    #[test]
    fn the_bill_of_a_function_is_complete_and_in_form() {
        let project = Project::find().unwrap();
        let mut command = Command::new("cargo");
        command.args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            "aarch64-unknown-linux-gnu",
        ]);
        let metadata: Value =
            serde_json::from_slice(&command.current_dir(&project.root).output().unwrap().stdout).unwrap();
        let locked = lockfile::read(&project).unwrap();
        let materials = Materials::new(&metadata, &locked).unwrap();
        let bill = materials.bill("fn-marketplace", &"ab".repeat(32)).unwrap();
        assert_is_a_bill(&bill);
        let names: BTreeSet<&str> =
            list(&bill, "/components").map(|component| component["name"].as_str().unwrap()).collect();
        for needed in ["mesh-core", "mesh-search-opensearch", "opensearch", "lambda_http", "tokio"] {
            assert!(names.contains(needed), "`{needed}` is built in");
        }
        for other in ["iceberg", "insta", "proptest", "clap", "windows-sys", "mesh-storage-iceberg"] {
            assert!(!names.contains(other), "`{other}` is not built in");
        }
        assert!(materials.bill("fn-nothing", "").is_err());
    }
}
