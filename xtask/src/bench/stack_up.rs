//! `stack_up`: seconds of `cargo xtask up` from a stopped stack whose parts were all fetched and started before.

use anyhow::{Context, Result};
use std::env;
use std::process::Command;
use std::time::Instant;

use super::figure::{Aim, Figure, Spread};
use super::setting::Setting;
use crate::progress;
use crate::project::STATE_DIR_VARIABLE;
use crate::tool::{self, TOOL_VARIABLE};

const ROUNDS: usize = 3;

/// Takes the figure.
pub(super) fn figures(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    // The commands hold the stack in turn.
    setting.release();
    command(setting, "up")?;
    let mut samples = Vec::new();
    for round in 1..=ROUNDS {
        command(setting, "down")?;
        progress::detail(&format!("{round} of {ROUNDS}"));
        let start = Instant::now();
        command(setting, "up")?;
        samples.push(start.elapsed().as_secs_f64());
    }
    Ok(vec![Figure {
        name: "stack_up".to_owned(),
        unit: "s".to_owned(),
        ours: Spread::of(samples)?,
        floor: None,
        aim: Some(Aim::AtMost(60.0)),
        detail: "the command `up`, from stopped until cloud and search are healthy; nothing is measured beside it"
            .to_owned(),
    }])
}

/// Another command of this program, on this stack.
fn command(setting: &Setting<'_>, name: &str) -> Result<()> {
    let program = env::current_exe().context("this program's file is unknown")?;
    let mut command = Command::new(program);
    // Not as a tool of this command: what it starts outlives it, and is nothing that was left behind.
    command.current_dir(&setting.project.root).env_remove(TOOL_VARIABLE);
    command.arg(name).env(STATE_DIR_VARIABLE, &setting.project.state);
    tool::run(&format!("cargo xtask {name}"), &mut command, setting.interrupt).map(drop)
}
