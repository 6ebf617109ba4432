//! `cargo xtask demo`: one path through the whole mesh on real data, every step of which proves what it claims.

mod access;
mod adopt;
mod data;
mod deployment;
mod evolve;
mod mesh;
mod notes;
mod pipeline;
mod promise;
mod python;
mod recovery;
mod refused;
mod setup;
mod summary;
mod unchanged;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::prerequisites;
use crate::progress;
use crate::project::Project;
use crate::stack::{self, Component, GivenPorts, Health, Stack};
pub(crate) use mesh::Demo;
pub use python::REQUIREMENTS;
pub(crate) use setup::infra_root;
use summary::Done;
pub use summary::Summary;

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
    Step { name: "evolve", needs: &["domains"], run: evolve::evolve },
    Step { name: "adopt", needs: &["domains"], run: adopt::adopt },
    Step { name: "probe", needs: &["products"], run: promise::probe },
    Step { name: "breach", needs: &["load"], run: promise::breach },
    Step { name: "unchanged", needs: &["products"], run: unchanged::unchanged },
];

/// What must not be noticed, or not for long, tried on the stack that the path was walked on. Nothing of it belongs to the demo: it
/// leaves functions with other code than Terraform deployed.
const AFTERWARDS: &[Step] = &[
    Step { name: "rebuild", needs: &[], run: recovery::rebuild },
    Step { name: "deployment", needs: &[], run: deployment::deployment },
];

/// One step of the path.
struct Step {
    name: &'static str,
    needs: &'static [&'static str],
    /// Answers with what it saw; an error says what was not as claimed.
    run: fn(&mut Demo<'_>) -> Result<String>,
}

/// How often the path is walked at the most: a component that died makes a walk worthless, and is started anew.
const WALKS: usize = 3;

/// The path, walked to its end.
#[derive(Debug)]
pub struct Walked {
    pub summary: Summary,
    /// How often it was begun.
    pub walks: usize,
    /// Where everything is, a request to try, and how to stop.
    farewell: String,
}

/// Run all steps whatever becomes of each, and print the summary; to `json` as well. True if all are ok.
pub fn run(project: &Project, interrupt: &Interrupt, json: Option<&Path>) -> Result<bool> {
    let write = |file: &Path, text: &str| {
        fs::write(file, text).with_context(|| format!("the summary cannot be written to `{}`", file.display()))
    };
    // A summary that cannot be written is told before minutes of work, not after.
    if let Some(file) = json {
        write(file, "")?;
    }
    prerequisites::check(prerequisites::ALL)?;
    let walked = walk(project, interrupt, &mut |_| ())?;
    if let Some(file) = json {
        write(file, &(serde_json::to_string_pretty(&walked.summary)? + "\n"))?;
    }
    progress::line(walked.summary.table());
    if interrupt.is_raised() {
        bail!("interrupted; `cargo xtask demo` goes on from here, `cargo xtask down` stops the stack");
    }
    progress::line(&walked.farewell);
    Ok(walked.summary.all_ok())
}

/// Run all steps whatever becomes of each; `before` hears the name of each. Where a component of the stack dies meanwhile,
/// all is begun anew: the first step starts it, and what stands already is quickly found to be there.
pub fn walk(project: &Project, interrupt: &Interrupt, before: &mut dyn FnMut(&'static str)) -> Result<Walked> {
    let mut demo = Demo::new(project, interrupt, Stack::hold(project, interrupt)?)?;
    for walks in 1..=WALKS {
        let (summary, died) = walk_once(&mut demo, before);
        match died {
            Some(component) if !interrupt.is_raised() => {
                progress::line(format_args!("{component} died; the path is walked anew"));
            }
            _ => {
                let farewell = if interrupt.is_raised() { String::new() } else { demo.farewell() };
                return Ok(Walked { summary, walks, farewell });
            }
        }
    }
    bail!("a component of the stack died in each of {WALKS} walks; `cargo xtask logs` shows what it logged")
}

/// A mesh on a running stack, with the example's domains and no product.
pub(crate) fn found(demo: &mut Demo<'_>) -> Result<()> {
    for step in [setup::build, setup::infra, setup::domains] {
        step(demo)?;
    }
    Ok(())
}

/// What comes after the path, on the stack on which it was walked to its end.
pub fn afterwards(project: &Project, interrupt: &Interrupt) -> Result<Summary> {
    let mut demo = Demo::new(project, interrupt, Stack::hold(project, interrupt)?)?;
    demo.running = Some(demo.stack.up(GivenPorts::default())?);
    demo.platform = Some(Platform::find(project, interrupt, None)?);
    let mut summary = Summary::default();
    for step in AFTERWARDS {
        interrupt.check()?;
        let start = Instant::now();
        let result = shown(step, &mut demo);
        summary.steps.push(Done::new(step.name, start.elapsed(), result));
    }
    progress::line(summary.table());
    Ok(summary)
}

/// The steps up to the last, or up to the one during which a component died.
fn walk_once(demo: &mut Demo<'_>, before: &mut dyn FnMut(&'static str)) -> (Summary, Option<Component>) {
    let mut summary = Summary::default();
    for step in STEPS {
        before(step.name);
        let start = Instant::now();
        let result = match summary.missing(step.needs) {
            Some(missing) => Err(anyhow::anyhow!("not run, because `{missing}` is not ok")),
            None => shown(step, demo),
        };
        summary.steps.push(Done::new(step.name, start.elapsed(), result));
        // What was done is kept: the next run goes on from there.
        if demo.interrupt.is_raised() {
            break;
        }
        let died = stack::status(demo.project).into_iter().find(|status| matches!(status.health, Health::Died(_)));
        if let Some(status) = died {
            return (summary, Some(status.component));
        }
    }
    (summary, None)
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
