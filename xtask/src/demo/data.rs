//! Steps `load` and `derive`: pipelines write by the grants that the platform gives them, and by nothing else.

use anyhow::{Result, bail};

use super::mesh::Demo;
use super::pipeline::run;
use super::promise;

/// A pipeline: the domain that runs it, its program, and the rows that it must have written to each of its ports.
struct Pipeline {
    domain: &'static str,
    program: &'static str,
    rows: &'static [(&'static str, u64)],
}

/// Every row of the data set's five tables.
const SOURCES: &[Pipeline] = &[
    Pipeline {
        domain: "operations",
        program: "pipelines/flights.py",
        rows: &[("operations.flights/daily@1", 336_776), ("operations.flights/monthly@1", 336_776)],
    },
    Pipeline { domain: "weather", program: "pipelines/hourly.py", rows: &[("weather.hourly/observations@1", 26_115)] },
    Pipeline { domain: "fleet", program: "pipelines/aircraft.py", rows: &[("fleet.aircraft/registry@1", 3_322)] },
    Pipeline {
        domain: "fleet",
        program: "pipelines/reference.py",
        rows: &[("fleet.reference/airports@1", 1_458), ("fleet.reference/airlines@1", 16)],
    },
];

pub fn load(demo: &mut Demo<'_>) -> Result<String> {
    // First of all: its promise is to break while the other steps run.
    promise::start_heartbeat(demo)?;
    let mut loaded = 0;
    for pipeline in SOURCES {
        if pipeline.rows.iter().all(|(port, rows)| demo.notes.rows.get(*port) == Some(rows)) {
            continue;
        }
        let written = run(demo, pipeline.domain, pipeline.program)?;
        for (port, rows) in pipeline.rows {
            let seen = written.get(*port).copied().unwrap_or(0);
            if seen != *rows {
                bail!("`{}` wrote {seen} rows to `{port}` and not {rows}", pipeline.program);
            }
        }
        demo.notes.rows.extend(written);
        demo.notes.save()?;
        loaded += 1;
    }
    let rows: u64 = demo.notes.rows.values().sum();
    let how = if loaded == 0 { "loaded before" } else { "by producer grants only" };
    Ok(format!("{rows} rows in {} ports, {how}", demo.notes.rows.len()))
}

pub fn derive(demo: &mut Demo<'_>) -> Result<String> {
    let written = run(demo, "insights", "pipelines/delay_causes.py")?;
    let Some((port, rows)) = written.first_key_value().filter(|(_, rows)| **rows > 0) else {
        bail!("`pipelines/delay_causes.py` wrote no rows");
    };
    Ok(format!("{rows} rows in `{port}`, from inputs read under contracts"))
}
