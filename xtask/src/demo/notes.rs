//! What the demo did to the local cloud's content, kept with that content so that a later run need not do it again.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::project::Project;

/// The notes of one content.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    #[serde(skip)]
    file: PathBuf,
    /// Rows that were written to each port, such as `operations.flights/daily@1`.
    pub rows: BTreeMap<String, u64>,
    /// When data was last given to the port whose promise is left to break.
    pub heartbeat: Option<Timestamp>,
    /// The queue that hears the alerts of that port's domain.
    pub alerts: Option<String>,
}

impl Notes {
    /// The notes of the local cloud's present content; empty for a new one.
    pub fn load(project: &Project) -> Self {
        let file = project.generation_folder().join("demo.json");
        let notes = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file, ..notes }
    }

    pub fn save(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = self.file.with_extension("json.new");
        fs::write(&unfinished, serde_json::to_string_pretty(self)?)?;
        Ok(fs::rename(&unfinished, &self.file)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_found_again_until_the_content_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let mut notes = Notes::load(&project);
        assert!(notes.rows.is_empty());
        notes.rows.insert("fleet.aircraft/planes@1".into(), 3322);
        notes.save().unwrap();
        assert_eq!(Notes::load(&project).rows, notes.rows);
        fs::remove_dir_all(project.generation_folder()).unwrap();
        assert!(Notes::load(&project).rows.is_empty());
    }
}
