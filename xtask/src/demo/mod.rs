//! `cargo xtask demo`: one path through the whole mesh on real data, every step of which proves what it claims.

mod access;
mod data;
mod mesh;
mod notes;
mod pipeline;
mod promise;
mod python;
mod refused;
mod setup;
mod summary;
mod unchanged;

use anyhow::{Result, bail};
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::interrupt::Interrupt;
use crate::progress;
use crate::project::Project;
use crate::stack::Stack;
use mesh::Demo;
use summary::{Done, Summary};

/// The steps in their order, each with those that it builds on.
const STEPS: &[Step] = &[
    Step { name: "stack", needs: &[], run: setup::stack },
    Step { name: "build", needs: &[], run: setup::build },
    Step { name: "infra", needs: &["stack", "build"], run: setup::infra },
    Step { name: "domains", needs: &["infra"], run: setup::domains },
    Step { name: "products", needs: &["domains"], run: setup::products },
    Step { name: "load", needs: &["products"], run: data::load },
    Step { name: "search", needs: &["products"], run: access::search },
    Step { name: "denied", needs: &["load"], run: access::denied },
    Step { name: "contract", needs: &["products"], run: access::contract },
    Step { name: "read", needs: &["load", "contract"], run: access::read },
    Step { name: "derive", needs: &["load", "contract"], run: data::derive },
    Step { name: "refused", needs: &["contract"], run: refused::refused },
    Step { name: "probe", needs: &["products"], run: promise::probe },
    Step { name: "breach", needs: &["load"], run: promise::breach },
    Step { name: "unchanged", needs: &["products"], run: unchanged::unchanged },
];

/// One step of the path.
struct Step {
    name: &'static str,
    needs: &'static [&'static str],
    /// Answers with what it saw; an error says what was not as claimed.
    run: fn(&mut Demo<'_>) -> Result<String>,
}

/// Run all steps whatever becomes of each, and print the summary; to `json` as well. True if all are ok.
pub fn run(project: &Project, interrupt: &Interrupt, json: Option<&Path>) -> Result<bool> {
    let stack = Stack::hold(project, interrupt)?;
    let mut demo = Demo::new(project, interrupt, stack)?;
    let mut summary = Summary::default();
    for step in STEPS {
        let start = Instant::now();
        let result = match summary.missing(step.needs) {
            Some(missing) => Err(anyhow::anyhow!("not run, because `{missing}` is not ok")),
            None => shown(step, &mut demo),
        };
        summary.steps.push(Done::new(step.name, start.elapsed(), result));
        // What was done is kept: the next run goes on from there.
        if interrupt.is_raised() {
            break;
        }
    }
    if let Some(file) = json {
        fs::write(file, serde_json::to_string_pretty(&summary)? + "\n")?;
    }
    progress::line(summary.table());
    if interrupt.is_raised() {
        bail!("interrupted; `cargo xtask demo` goes on from here, `cargo xtask down` stops the stack");
    }
    progress::line(demo.farewell());
    Ok(summary.all_ok())
}

fn shown(step: &Step, demo: &mut Demo<'_>) -> Result<String> {
    let line = progress::Step::begin(step.name);
    let result = (step.run)(demo);
    line.end(if result.is_ok() { "ok" } else { "FAILED" });
    if let Err(error) = &result {
        progress::line(format_args!("{error:#}\n"));
    }
    result
}
