//! Holds the crate graph to the boundaries of ARCHITECTURE.md.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Package → the packages it depends on, development dependencies left out, transitively.
fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names: BTreeMap<_, _> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let used = node["deps"].as_array().unwrap().iter().filter(|dependency| {
            dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].as_str() != Some("dev"))
        });
        let used = used.map(|dependency| names[&text(&dependency["pkg"])].clone());
        direct.entry(names[&text(&node["id"])].clone()).or_default().extend(used);
    }
    let members = metadata["workspace_members"].as_array().unwrap().iter().map(|id| names[&text(id)].clone());
    members.map(|member| (member.clone(), reachable(&direct, &member))).collect()
}

fn reachable(direct: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(name) = next.pop() {
        for used in direct.get(&name).into_iter().flatten() {
            if seen.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    seen
}

fn assert_never(graph: &BTreeMap<String, BTreeSet<String>>, package: &str, forbidden: impl Fn(&str) -> bool) {
    let found: Vec<_> = graph[package].iter().filter(|used| forbidden(used)).collect();
    assert!(found.is_empty(), "`{package}` must not reach {found:?}");
}

const ADAPTERS: [&str; 7] = [
    "mesh-store-dynamodb",
    "mesh-search-opensearch",
    "mesh-catalog-glue",
    "mesh-storage-iceberg",
    "mesh-storage-s3",
    "mesh-access-sts",
    "mesh-events-aws",
];

fn is_cloud_or_http(name: &str) -> bool {
    name.starts_with("aws-") || name.starts_with("lambda_") || ["axum", "hyper", "reqwest", "http"].contains(&name)
}

#[test]
fn the_core_knows_no_cloud_and_no_http() {
    let graph = graph();
    for package in ["mesh-manifest", "mesh-evolution", "mesh-policy", "mesh-sla", "mesh-core", "mesh-api"] {
        assert_never(&graph, package, is_cloud_or_http);
    }
}

#[test]
fn adapters_do_not_know_each_other() {
    let graph = graph();
    for adapter in ADAPTERS {
        assert_never(&graph, adapter, |used| used != adapter && ADAPTERS.contains(&used));
    }
}

#[test]
fn functions_do_not_know_one_another() {
    let graph = graph();
    let functions: Vec<_> = graph.keys().filter(|name| name.starts_with("fn-")).cloned().collect();
    assert_eq!(functions.len(), 8, "{functions:?}");
    for function in &functions {
        assert_never(&graph, function, |used| used.starts_with("fn-"));
    }
}

#[test]
fn nothing_depends_on_what_measures() {
    let graph = graph();
    let users: Vec<_> = graph.iter().filter(|(_, used)| used.contains("mesh-bench")).map(|(name, _)| name).collect();
    assert!(graph.contains_key("mesh-bench") && users.is_empty(), "{users:?}");
}

#[test]
fn the_heavy_table_format_is_used_by_two_functions_only() {
    let graph = graph();
    let users: Vec<_> = graph
        .iter()
        .filter(|(name, used)| name.starts_with("fn-") && used.contains("iceberg"))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(users, ["fn-iceberg", "fn-provisioner"]);
}

#[test]
fn the_provider_is_a_client_of_the_api_and_nothing_more() {
    let graph = graph();
    assert_never(&graph, "terraform-provider-mesh", |used| {
        used == "axum"
            || used.starts_with("aws-sdk-")
            || used == "aws-config"
            || used == "mesh-core"
            || used == "mesh-policy"
    });
    assert_never(&graph, "tfplugin", |used| used.starts_with("mesh-"));
}
