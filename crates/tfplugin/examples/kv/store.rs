//! The file that stands for a remote service.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tfplugin::{Diagnostic, Diagnostics};

/// What the service remembers of an entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub value: Option<String>,
    pub revision: u64,
    pub secret_length: Option<u64>,
}

pub struct Store {
    /// None while the provider's configuration is not known yet.
    path: Option<PathBuf>,
    turn: Mutex<()>,
}

impl Store {
    pub fn new(path: Option<&str>) -> Self {
        Self { path: path.map(PathBuf::from), turn: Mutex::new(()) }
    }

    pub fn get(&self, key: &str) -> Result<Option<Record>, Diagnostics> {
        Ok(self.load()?.remove(key))
    }

    /// Changes all entries, one caller at a time.
    pub fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Record>) -> T) -> Result<T, Diagnostics> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.load()?;
        let result = change(&mut entries);
        let text = serde_json::to_vec_pretty(&entries).map_err(failed)?;
        std::fs::write(self.path()?, text).map_err(failed)?;
        Ok(result)
    }

    /// Adds a line to the journal beside the file.
    pub fn note(&self, line: &str) -> Result<(), Diagnostics> {
        let journal = self.path()?.with_extension("journal");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(journal).map_err(failed)?;
        writeln!(file, "{line}").map_err(failed)
    }

    fn load(&self) -> Result<BTreeMap<String, Record>, Diagnostics> {
        match std::fs::read(self.path()?) {
            Ok(text) => serde_json::from_slice(&text).map_err(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(failed(error)),
        }
    }

    fn path(&self) -> Result<&PathBuf, Diagnostics> {
        self.path.as_ref().ok_or_else(|| Diagnostic::error("the provider's path is not known yet").into())
    }
}

fn failed(error: impl std::error::Error) -> Diagnostics {
    Diagnostic::error("the store failed").detail(error.to_string()).into()
}
