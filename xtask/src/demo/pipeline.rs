//! Runs a domain's pipeline as that domain's client.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

use super::mesh::Demo;
use crate::progress;

/// Run a pipeline; the rows that it says it wrote, by port.
pub fn run(demo: &Demo<'_>, domain: &str, program: &str) -> Result<BTreeMap<String, u64>> {
    let result = progress::during(program, || demo.python_result(domain, program, &[]))?;
    let rows = result.get("rows").and_then(Value::as_object);
    let rows = rows.with_context(|| format!("`{program}` told no rows but {result}"))?;
    Ok(rows.iter().map(|(port, rows)| (port.clone(), rows.as_u64().unwrap_or(0))).collect())
}
