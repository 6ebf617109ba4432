//! Where everything of this checkout lives: sources, the running stack's state, caches, build output.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};

use crate::cache;

/// Environment variable that moves a stack's state out of `.mesh/`, for a second stack of one checkout.
pub const STATE_DIR_VARIABLE: &str = "MESH_STATE_DIR";

/// The folders that the commands work with; all absolute.
#[derive(Clone, Debug)]
pub struct Project {
    /// The repository.
    pub root: PathBuf,
    /// State of one local stack: processes, data, Terraform state, artefacts. Git-ignored.
    pub state: PathBuf,
    /// What every checkout of this user shares and can always make again.
    pub cache: PathBuf,
    /// Cargo's build output.
    pub target: PathBuf,
}

impl Project {
    /// The checkout that holds the current folder (or, in a test, the package that is tested).
    pub fn find() -> Result<Self> {
        let start = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(manifest) => PathBuf::from(manifest),
            None => env::current_dir().context("the current folder cannot be read")?,
        };
        let Some(root) = start.ancestors().find(|folder| is_root(folder)) else {
            bail!("`{}` lies in no checkout of this project", start.display());
        };
        let root = root.canonicalize()?;
        let state = match env::var_os(STATE_DIR_VARIABLE) {
            Some(folder) => absolute(Path::new(&folder))?,
            None => root.join(".mesh"),
        };
        let cache = user_cache()?.join("data-mesh");
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => absolute(Path::new(&folder))?,
            None => cache.join("target"),
        };
        Ok(Self { root, state, cache, target })
    }

    /// The same checkout with another stack, whose state is in `state`.
    pub fn with_state(&self, state: &Path) -> Self {
        Self { state: state.to_owned(), ..self.clone() }
    }

    /// A short name of this stack, different for every state folder.
    pub fn stack_id(&self) -> String {
        cache::digest(&[self.state.as_os_str().as_encoded_bytes()])
    }

    /// The folder for what is only valid with the local cloud's present content (Terraform's state, clients'
    /// secrets); emptied whenever that content is.
    pub fn generation_folder(&self) -> PathBuf {
        self.state.join("generation")
    }

    /// The file that every log of `component` or tool `name` goes to.
    pub fn log(&self, name: &str) -> PathBuf {
        self.state.join("log").join(format!("{name}.log"))
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("Cargo.lock").is_file() && folder.join("localstack/cloud.py").is_file()
}

fn user_cache() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return absolute(Path::new(&folder));
    }
    let home = env::var_os("HOME").context("neither `XDG_CACHE_HOME` nor `HOME` is set")?;
    Ok(Path::new(&home).join(".cache"))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("`{}` is no usable path", path.display()))
}
