//! What is known of a stack between commands: its ports and processes, in one file that is replaced as a whole.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::Component;
use crate::process::ProcessId;
use crate::project::Project;

/// The layout of the file; a file of another layout is like none.
const LAYOUT: u32 = 1;

/// The file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    layout: u32,
    /// Names this content of the local cloud: a new one means that everything has to be applied and loaded again.
    pub generation: String,
    pub ports: Ports,
    /// The components that were started and not stopped since.
    pub components: BTreeMap<Component, Launched>,
}

/// Loopback ports; chosen once and kept, because addresses end up in Terraform's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub cloud: u16,
    pub search: u16,
    pub search_transport: u16,
}

/// A component that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    pub process: ProcessId,
    /// The value of [`super::MEMBER_VARIABLE`] of the process and all that it starts.
    pub member: String,
}

impl State {
    pub fn new(generation: String, ports: Ports) -> Self {
        Self { layout: LAYOUT, generation, ports, components: BTreeMap::new() }
    }

    /// The stack's state; None if there is none that can be read (processes that it named are found by their
    /// environment).
    pub fn load(project: &Project) -> Option<Self> {
        let text = fs::read_to_string(path(project)).ok()?;
        let state: Self = serde_json::from_str(&text).ok()?;
        (state.layout == LAYOUT).then_some(state)
    }

    pub fn save(&self, project: &Project) -> Result<()> {
        let path = path(project);
        let unfinished = path.with_extension("json.new");
        let text = serde_json::to_string_pretty(self)?;
        fs::write(&unfinished, text + "\n")
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("`{}` cannot be written", path.display()))
    }
}

fn path(project: &Project) -> PathBuf {
    project.state.join("stack.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(state: &std::path::Path) -> Project {
        Project { root: state.into(), state: state.into(), cache: state.into(), target: state.into() }
    }

    fn state() -> State {
        State::new("g1".into(), Ports { cloud: 4566, search: 9200, search_transport: 9300 })
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        assert_eq!(State::load(&project), None);
        let mut state = state();
        let process = ProcessId::of(std::process::id()).unwrap();
        state.components.insert(Component::Search, Launched { process, member: "m".into() });
        state.save(&project).unwrap();
        assert_eq!(State::load(&project), Some(state));
    }

    #[test]
    fn a_damaged_or_foreign_file_is_like_none() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        for text in ["", "{", "[]", "{\"layout\": 1}"] {
            fs::write(path(&project), text).unwrap();
            assert_eq!(State::load(&project), None, "{text}");
        }
        State { layout: LAYOUT + 1, ..state() }.save(&project).unwrap();
        assert_eq!(State::load(&project), None);
    }
}
