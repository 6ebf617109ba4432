//! `cargo xtask bench`: measures the mesh, each thing in turn with its floor: the least that it could cost on this machine.
//!
//! Everything runs on a stack of its own, which is gone afterwards. What needs the functions' code in one process, or
//! their processes alone, is measured by the program in `bench/`.

mod figure;
mod functions;
mod in_process;
mod setting;
mod stack_up;
mod terraform;

use anyhow::{Result, bail};
use std::fs;
use std::path::Path;

use crate::interrupt::Interrupt;
use crate::prerequisites;
use crate::progress::{self, line};
use crate::project::Project;
use crate::stack::Stack;
use figure::Figure;
use setting::Setting;

/// Figures that are taken together.
struct Group {
    /// The name of its figure, or what the names of its figures begin with, before a dot.
    name: &'static str,
    take: fn(&mut Setting<'_>) -> Result<Vec<Figure>>,
}

/// In this order: what needs no mesh first, since the mesh's schedules run beside all that follows.
const GROUPS: &[Group] = &[
    Group { name: "stack_up", take: stack_up::figures },
    Group { name: "cold_start", take: functions::cold_starts },
    Group { name: "package_mb", take: functions::packages },
    Group { name: "contract", take: |setting| in_process::figures(setting, "contract") },
    Group { name: "sweep_growth", take: |setting| in_process::figures(setting, "sweep_growth") },
    Group { name: "register", take: |setting| in_process::figures(setting, "register") },
    Group { name: "policy_check", take: |setting| in_process::figures(setting, "policy_check") },
    Group { name: "search", take: |setting| in_process::figures(setting, "search") },
    Group { name: "sweep", take: |setting| in_process::figures(setting, "sweep") },
    Group { name: "gateway", take: in_process::gateway },
    Group { name: "publish", take: terraform::publish },
    Group { name: "memory_mb", take: functions::memory },
    Group { name: "noop_plan", take: terraform::noop_plan },
];

impl Group {
    fn holds(&self, figure: &str) -> bool {
        figure == self.name || figure.strip_prefix(self.name).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// Take the figure called `only`, or all, print them, and write them to `json` as well. True if each could be taken; an
/// aim that is missed is shown as missed.
pub fn run(project: &Project, interrupt: &Interrupt, only: Option<&str>, json: Option<&Path>) -> Result<bool> {
    let groups: Vec<&Group> = GROUPS.iter().filter(|group| only.is_none_or(|only| group.holds(only))).collect();
    if groups.is_empty() {
        let names: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
        bail!("there is no figure `{}`; there are {}", only.unwrap_or_default(), names.join(", "));
    }
    prerequisites::check(prerequisites::ALL)?;
    let private = project.with_state(&project.state.join("bench"));
    let (figures, failed) = take(&private, interrupt, &groups);
    // An interrupted run is tidied up after as well.
    let none = Interrupt::default();
    let stack = Stack::hold(&private, &none)?;
    stack.down()?;
    stack.reset()?;

    let wanted = |figure: &Figure| only.is_none_or(|only| figure.name == only || !only.contains('.'));
    let figures: Vec<Figure> = figures.into_iter().filter(wanted).collect();
    if let Some(file) = json {
        fs::write(file, serde_json::to_string_pretty(&figure::document(&figures))? + "\n")?;
    }
    line(figure::table(&figures));
    for (name, why) in &failed {
        line(format_args!("`{name}` could not be taken: {why:#}\n"));
    }
    if failed.is_empty() && figures.is_empty() {
        bail!("there is no figure `{}`", only.unwrap_or_default());
    }
    interrupt.check()?;
    Ok(failed.is_empty())
}

/// One that fails keeps no other from being taken.
fn take(
    project: &Project,
    interrupt: &Interrupt,
    groups: &[&Group],
) -> (Vec<Figure>, Vec<(&'static str, anyhow::Error)>) {
    let (mut figures, mut failed) = (Vec::new(), Vec::new());
    let mut setting = Setting::new(project, interrupt);
    for group in groups {
        if interrupt.is_raised() {
            break;
        }
        let shown = progress::Step::begin(group.name);
        let taken = (group.take)(&mut setting);
        shown.end(if taken.is_ok() { "ok" } else { "FAILED" });
        match taken {
            Ok(taken) => figures.extend(taken),
            Err(why) => failed.push((group.name, why)),
        }
    }
    (figures, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_belongs_to_one_group() {
        let groups = |figure: &str| {
            GROUPS.iter().filter(|group| group.holds(figure)).map(|group| group.name).collect::<Vec<_>>()
        };
        assert_eq!(groups("sweep"), ["sweep"]);
        assert_eq!(groups("sweep.quiet"), ["sweep"]);
        assert_eq!(groups("sweep_growth"), ["sweep_growth"]);
        assert_eq!(groups("cold_start.registry"), ["cold_start"]);
        assert!(groups("nothing").is_empty());
    }
}
