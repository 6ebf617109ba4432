//! Things made once for a user and shared by every checkout: Python environments, jars. Each lies in a folder
//! named by the digest of what it is made from, so that it never has to be updated.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Written last: a folder without it was left by a killed run.
const COMPLETE: &str = ".complete";

/// Hexadecimal digest of `parts`, short enough for a folder's name.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    let mut digest = hex::encode(hasher.finalize());
    digest.truncate(16);
    digest
}

/// The folder `<kind>/<key>` below `cache` (the project's), filled by `fill` if no run before did. Another checkout that makes the same
/// one at the same time is waited for. `fill` gets the final path (a Python environment cannot be moved).
pub fn folder(cache: &Path, kind: &str, key: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let parent = cache.join(kind);
    let folder = parent.join(key);
    if folder.join(COMPLETE).exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&parent).with_context(|| format!("`{}` cannot be created", parent.display()))?;
    let lock = File::create(parent.join(format!("{key}.lock")))?;
    lock.lock()?;
    if folder.join(COMPLETE).exists() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    fill(&folder)?;
    fs::write(folder.join(COMPLETE), "")?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_folder_is_filled_once_and_again_only_after_a_failure() {
        let temporary = tempfile::tempdir().unwrap();
        let cache = temporary.path();
        let failed = folder(cache, "kind", "key", |folder| {
            fs::write(folder.join("half"), "").unwrap();
            bail!("no network")
        });
        assert_eq!(failed.unwrap_err().to_string(), "no network");
        let made = folder(cache, "kind", "key", |folder| {
            assert!(!folder.join("half").exists(), "what the failed run left is gone");
            Ok(fs::write(folder.join("whole"), "")?)
        });
        let again = folder(cache, "kind", "key", |_| bail!("it is there already"));
        assert_eq!(made.unwrap(), again.unwrap());
    }

    #[test]
    fn a_digest_tells_where_its_parts_end() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
