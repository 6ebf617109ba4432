//! Files of the repository that are made from code: the gateway's routes, the metrics for the alarms, the OpenAPI document,
//! the manifest's schema, the pages of problem codes and of changes.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// One made file: its path in the repository and its text.
type Made = (&'static str, String);

/// Write the files that are not as the code has it. Returns their paths.
pub fn write(repository: &Path) -> Result<Vec<&'static str>> {
    let stale = stale(repository)?;
    for (path, text) in &stale {
        let file = repository.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, text).with_context(|| format!("`{}` cannot be written", file.display()))?;
    }
    Ok(stale.into_iter().map(|(path, _)| path).collect())
}

/// An error that names every file that is not as the code has it.
pub fn check(repository: &Path) -> Result<()> {
    let mut told = Vec::new();
    for (path, text) in stale(repository)? {
        let known = fs::read_to_string(repository.join(path)).unwrap_or_default();
        let line = text.lines().zip(known.lines()).take_while(|(new, old)| new == old).count() + 1;
        told.push(format!("  {path}, from line {line}"));
    }
    if !told.is_empty() {
        bail!("stale, run `cargo xtask codegen`:\n{}", told.join("\n"));
    }
    Ok(())
}

fn stale(repository: &Path) -> Result<Vec<Made>> {
    let made = [
        ("infra/routes.json", routes(&mesh_api::routes::gateway_routes())?),
        ("infra/metrics.json", pretty(&mesh_runtime::emf::for_infra())?),
        ("docs/reference/openapi.json", pretty(&mesh_api::openapi::document())?),
        ("docs/reference/dataproduct.schema.json", pretty(&mesh_manifest::json_schema())?),
        ("docs/reference/problems.md", mesh_api::codes::page()),
        ("docs/reference/changes.md", mesh_evolution::change_table()),
    ];
    let differs = |(path, text): &Made| fs::read_to_string(repository.join(path)).ok().as_ref() != Some(text);
    Ok(made.into_iter().filter(differs).collect())
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// One route a line, so that a changed route is one changed line.
fn routes(routes: &Value) -> Result<String> {
    let routes = routes.as_array().context("the routes are no list")?;
    let lines: Vec<String> = routes
        .iter()
        .map(|route| {
            let entries = route.as_object().into_iter().flatten().map(|(name, value)| format!("\"{name}\": {value}"));
            format!("  {{{}}}", entries.collect::<Vec<_>>().join(", "))
        })
        .collect();
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_named_and_writing_heals_it() {
        let folder = tempfile::tempdir().unwrap();
        let told = check(folder.path()).unwrap_err().to_string();
        for path in [
            "infra/routes.json",
            "infra/metrics.json",
            "docs/reference/openapi.json",
            "docs/reference/dataproduct.schema.json",
            "docs/reference/problems.md",
            "docs/reference/changes.md",
        ] {
            assert!(told.contains(path), "{told}");
        }
        assert_eq!(write(folder.path()).unwrap().len(), 6);
        check(folder.path()).unwrap();
        fs::write(folder.path().join("infra/routes.json"), "[\n  {}\n]\n").unwrap();
        let told = check(folder.path()).unwrap_err().to_string();
        assert!(told.ends_with("infra/routes.json, from line 2"), "{told}");
        assert_eq!(write(folder.path()).unwrap(), ["infra/routes.json"]);
    }

    #[test]
    fn routes_are_one_a_line_and_still_json() {
        let value = mesh_api::routes::gateway_routes();
        let text = routes(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(text.lines().count(), value.as_array().unwrap().len() + 2);
    }
}
