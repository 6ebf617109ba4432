//! Mirrors the repository by symbolic links around one root module, whose own folder is a real one: Terraform
//! writes its lock file there, and `../modules/…` leads to the sources.

use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Make `tree` mirror `repository` around the folder `source` in it. Returns the mirrored root module's folder.
pub(super) fn mirror(repository: &Path, source: &Path, tree: &Path) -> Result<PathBuf> {
    let mut real = repository.to_owned();
    let mut mirrored = tree.to_owned();
    for part in source.components() {
        link_all_but(&real, Some(part.as_os_str().as_ref()), &mirrored)?;
        real.push(part);
        mirrored.push(part);
    }
    link_all_but(&real, None, &mirrored)?;
    Ok(mirrored)
}

/// Make `mirrored` hold a link to every visible entry of `real` except `kept`, and no other links.
fn link_all_but(real: &Path, kept: Option<&Path>, mirrored: &Path) -> Result<()> {
    // An earlier mirror around another folder may have left a link here.
    if mirrored.is_symlink() {
        fs::remove_file(mirrored)?;
    }
    fs::create_dir_all(mirrored)?;
    for entry in fs::read_dir(mirrored)? {
        let path = entry?.path();
        if path.is_symlink() {
            fs::remove_file(&path)?;
        }
    }
    let entries = fs::read_dir(real).with_context(|| format!("`{}` cannot be read", real.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || kept.is_some_and(|kept| kept.as_os_str() == name) {
            continue;
        }
        let link = mirrored.join(&name);
        symlink(real.join(&name), &link).with_context(|| format!("`{}` cannot be linked", link.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn relative_modules_are_reached_and_what_is_written_stays_in_the_mirror() {
        let folder = tempfile::tempdir().unwrap();
        let (repository, tree) = (folder.path().join("repository"), folder.path().join("tree"));
        write(&repository, "examples/mesh/main.tf", "root");
        write(&repository, "examples/data/flights.csv", "data");
        write(&repository, "modules/domain/main.tf", "module");
        let root = mirror(&repository, Path::new("examples/mesh"), &tree).unwrap();
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(read("main.tf"), "root");
        assert_eq!(read("../data/flights.csv"), "data");
        assert_eq!(read("../../modules/domain/main.tf"), "module");
        fs::write(root.join(".terraform.lock.hcl"), "lock").unwrap();
        assert!(!repository.join("examples/mesh/.terraform.lock.hcl").exists());
    }

    #[test]
    fn a_mirror_follows_the_sources_and_keeps_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (repository, tree) = (folder.path().join("repository"), folder.path().join("tree"));
        write(&repository, "infra/old.tf", "old");
        let root = mirror(&repository, Path::new("infra"), &tree).unwrap();
        fs::write(root.join(".terraform.lock.hcl"), "lock").unwrap();
        fs::rename(repository.join("infra/old.tf"), repository.join("infra/new.tf")).unwrap();
        mirror(&repository, Path::new("infra"), &tree).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, [".terraform.lock.hcl", "new.tf"]);
    }
}
