//! `cargo xtask cost`: what a month of the platform costs, by counting what each operation asks of AWS.

pub mod count;
pub mod operations;
pub mod prices;
mod session;
pub mod table;

use anyhow::{Context, Result};
use mesh_api::routes::ROUTES;
use mesh_core::metrics::{Dimension, METRICS};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

use crate::interrupt::Interrupt;
use crate::platform::INFRA;
use crate::project::Project;
use crate::terraform::Root;
pub use count::count;
pub use operations::exercise;

/// Where the document is kept, relative to the repository.
const DOCUMENT: &str = "docs/cost.md";

/// Count everything on the mesh of the local stack and write the document; its path.
pub fn write(project: &Project, interrupt: &Interrupt) -> Result<PathBuf> {
    let counts = count(project, interrupt)?;
    let text = table::document(&counts, standing(project, interrupt)?)?;
    let path = project.root.join(DOCUMENT);
    fs::write(&path, text).with_context(|| format!("`{}` cannot be written", path.display()))?;
    Ok(path)
}

/// Alarms and metrics, by the applied infrastructure and the code.
fn standing(project: &Project, interrupt: &Interrupt) -> Result<table::Standing> {
    let file = Root::new(project, interrupt, INFRA).state_file();
    let text = fs::read_to_string(&file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let state: Value = serde_json::from_str(&text).context("the state is no JSON")?;
    let resources = state.get("resources").and_then(Value::as_array).context("the state holds no resources")?;
    let alarms = resources
        .iter()
        .filter(|resource| resource.get("type").and_then(Value::as_str) == Some("aws_cloudwatch_metric_alarm"))
        .flat_map(|resource| resource.get("instances").and_then(Value::as_array).into_iter().flatten());
    let watched: usize = alarms
        .map(|alarm| {
            let queries = alarm.pointer("/attributes/metric_query").and_then(Value::as_array).map_or(0, Vec::len);
            // An expression watches all metrics but itself; any other alarm one.
            queries.saturating_sub(1).max(1)
        })
        .sum();
    let series: usize = METRICS
        .iter()
        .map(|metric| match metric.dimension {
            Dimension::Operation => ROUTES.len(),
            // By no more functions than decide, or consume changes.
            Dimension::Function => 3,
        })
        .sum();
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    Ok(table::Standing { watched: number(watched), series: number(series) })
}
