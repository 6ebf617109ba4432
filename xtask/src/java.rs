//! Java: the newest development kit of this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A development kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jdk {
    pub home: PathBuf,
    /// The feature release, such as 21.
    pub release: u32,
    /// As the kit itself states it, such as `21.0.4`.
    pub version: String,
}

/// The newest kit with a compiler. The `java` of the path may be older than others that are installed, so all the
/// usual places are looked through; between equals the one named first by the user wins.
pub fn newest() -> Option<Jdk> {
    newest_of(homes().iter().filter_map(|home| read(home)))
}

fn newest_of(found: impl Iterator<Item = Jdk>) -> Option<Jdk> {
    found.reduce(|best, next| if next.release > best.release { next } else { best })
}

/// The kit at `home`, by its `release` file; None if it is none or has no compiler.
fn read(home: &Path) -> Option<Jdk> {
    if !home.join("bin/java").exists() || !home.join("bin/javac").exists() {
        return None;
    }
    let stated = fs::read_to_string(home.join("release")).ok()?;
    let version = stated.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?.trim_matches('"');
    Some(Jdk { home: home.to_owned(), release: feature_release(version)?, version: version.to_owned() })
}

/// 8 of `1.8.0_292`, 21 of `21.0.4`, 25 of `25`.
fn feature_release(version: &str) -> Option<u32> {
    let version = version.strip_prefix("1.").unwrap_or(version);
    version.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn homes() -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    let path = env::var_os("PATH").unwrap_or_default();
    homes.extend(
        env::split_paths(&path)
            .filter_map(|folder| folder.join("javac").canonicalize().ok())
            .filter_map(|compiler| Some(compiler.parent()?.parent()?.to_owned())),
    );
    if let Ok(output) = Command::new("/usr/libexec/java_home").output() {
        homes.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    let user = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for (parent, below) in [
        (PathBuf::from("/usr/lib/jvm"), ""),
        (PathBuf::from("/Library/Java/JavaVirtualMachines"), "Contents/Home"),
        (user.join("Library/Java/JavaVirtualMachines"), "Contents/Home"),
        (PathBuf::from("/opt/homebrew/opt"), "libexec/openjdk.jdk/Contents/Home"),
        (user.join(".sdkman/candidates/java"), ""),
        (user.join(".jdks"), ""),
    ] {
        let mut children: Vec<PathBuf> =
            fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path().join(below)).collect();
        children.sort();
        homes.extend(children);
    }
    homes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(parent: &Path, name: &str, version: &str, programs: &[&str]) -> PathBuf {
        let home = parent.join(name);
        fs::create_dir_all(home.join("bin")).unwrap();
        for program in programs {
            fs::write(home.join("bin").join(program), "").unwrap();
        }
        fs::write(home.join("release"), format!("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"{version}\"\n")).unwrap();
        home
    }

    #[test]
    fn the_newest_with_a_compiler_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let homes = [
            kit(folder.path(), "eight", "1.8.0_292", &["java", "javac"]),
            kit(folder.path(), "seventeen", "17.0.15", &["java", "javac"]),
            kit(folder.path(), "runtime-only", "25", &["java"]),
            kit(folder.path(), "twenty-one", "21-ea", &["java", "javac"]),
            folder.path().join("missing"),
        ];
        let newest = newest_of(homes.iter().filter_map(|home| read(home))).unwrap();
        assert_eq!((newest.release, newest.home), (21, homes[3].clone()));
    }

    #[test]
    fn the_old_numbering_is_understood() {
        assert_eq!(feature_release("1.8.0_292"), Some(8));
        assert_eq!(feature_release("17.0.15"), Some(17));
        assert_eq!(feature_release("unknown"), None);
    }
}
