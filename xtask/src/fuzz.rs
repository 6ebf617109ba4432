//! `cargo xtask fuzz`: the long run of the fuzz targets under libFuzzer, guided by coverage.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::{cache, progress, tool};

/// The package of the targets, and its folder.
const PACKAGE: &str = "mesh-fuzz";
const FOLDER: &str = "fuzz";

/// Edges, comparisons and a table of places: what libFuzzer is guided by. All of it is stable; only memory sanitizers are
/// not, and there is no unsafe code here that they could watch.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// What a single input may take at the most.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"];

/// How long a broken input is made smaller.
const MINIMISING: Duration = Duration::from_secs(30);

/// Names of all targets: the folders of the corpus.
pub fn targets(project: &Project) -> Result<Vec<String>> {
    let entries = fs::read_dir(project.root.join(FOLDER).join("corpus"))?;
    let mut names =
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Run each of `targets` for `time`; an error names every input that breaks a law, each of which is in the corpus afterwards.
pub fn run(project: &Project, targets: &[String], time: Duration, interrupt: &Interrupt) -> Result<()> {
    let known = self::targets(project)?;
    if let Some(unknown) = targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no target `{unknown}`, but {}", known.join(", "));
    }
    let program = build(project, interrupt)?;
    let mut broken = Vec::new();
    for target in if targets.is_empty() { &known } else { targets } {
        let run = Run { project, program: &program, arguments: &[], target, interrupt };
        let line = progress::Step::begin(target);
        let outcome = run.long(time)?;
        line.end(if outcome.is_ok() { "ok" } else { "BROKEN" });
        match outcome {
            Ok(seen) => progress::line(seen),
            Err(why) => broken.push(why),
        }
    }
    if !broken.is_empty() {
        bail!("{}", broken.join("\n\n"));
    }
    Ok(())
}

/// Build the targets with libFuzzer in them, beside the ordinary build, of which nothing can be used.
fn build(project: &Project, interrupt: &Interrupt) -> Result<PathBuf> {
    let version = tool::run("asking the compiler", tool::command(project, "rustc").arg("-vV"), interrupt)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("the compiler names no host")?;
    let target = project.target.join("fuzz");
    let mut command = tool::command(project, "cargo");
    command
        // A named target keeps build scripts and macros free of instrumentation.
        .args(["build", "--release", "--locked", "--package", PACKAGE, "--features", "libfuzzer", "--target", host])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_STRIP", "none")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    progress::during("building the fuzz targets", || tool::run("building the fuzz targets", &mut command, interrupt))?;
    Ok(target.join(host).join("release").join(PACKAGE))
}

/// One target under way.
struct Run<'a> {
    project: &'a Project,
    program: &'a Path,
    /// Come before those of libFuzzer.
    arguments: &'a [&'a OsStr],
    target: &'a str,
    interrupt: &'a Interrupt,
}

impl Run<'_> {
    /// What libFuzzer saw in `time`, or what breaks a law.
    fn long(&self, time: Duration) -> Result<Result<String, String>> {
        let found = self.project.target.join("fuzz/found").join(self.target);
        let broken = self.project.target.join("fuzz/broken").join(self.target);
        for folder in [&found, &broken] {
            fs::create_dir_all(folder)?;
        }
        let dictionary = self.fuzz_folder().join("dictionaries").join(format!("{}.dict", self.target));
        let mut command = self.command();
        command
            .arg(format!("-max_total_time={}", time.as_secs()))
            .arg(format!("-dict={}", dictionary.display()))
            .arg(format!("-artifact_prefix={}/", broken.display()))
            // What is found is kept for the next run, apart from the corpus of the repository.
            .arg(&found)
            .arg(self.corpus());
        let finished = tool::capture(self.target, &mut command, None, self.interrupt)?;
        if finished.status.success() {
            let seen = finished.stderr.lines().rfind(|line| line.contains(" cov: ")).unwrap_or_default();
            return Ok(Ok(seen.trim().to_owned()));
        }
        let written = finished.stderr.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim()));
        let said = tool::last_lines(finished.stderr.trim_end(), 30);
        let Some(input) = written.map(PathBuf::from) else {
            bail!("`{}` ended without an input that would show why ({}):\n{said}", self.target, finished.status);
        };
        let kept = self.keep(&self.minimised(&input)?)?;
        Ok(Err(format!("`{}` breaks a law:\n{said}\nthe input is kept as {}", self.target, kept.display())))
    }

    /// The input made as small as it gets, while it still breaks a law.
    fn minimised(&self, input: &Path) -> Result<PathBuf> {
        let small = input.with_extension("small");
        let mut command = self.command();
        command
            .args(["-minimize_crash=1", &format!("-max_total_time={}", MINIMISING.as_secs())])
            .arg(format!("-exact_artifact_path={}", small.display()))
            .arg(input);
        let what = format!("making the input of {} smaller", self.target);
        // How it ends tells nothing: an input that cannot be made smaller is none.
        progress::during(&what, || tool::capture(&what, &mut command, None, self.interrupt))?;
        Ok(if small.is_file() { small } else { input.to_owned() })
    }

    /// Into the corpus, by which the tests hold the target to it from now on.
    fn keep(&self, input: &Path) -> Result<PathBuf> {
        let bytes = fs::read(input)?;
        let kept = self.corpus().join(format!("regression-{}", cache::digest(&[&bytes])));
        fs::write(&kept, bytes)?;
        Ok(kept.strip_prefix(&self.project.root).unwrap_or(&kept).to_owned())
    }

    fn command(&self) -> Command {
        let mut command = tool::command(self.project, self.program);
        command.args(self.arguments).args(LIMITS).env("MESH_FUZZ_TARGET", self.target);
        command
    }

    fn fuzz_folder(&self) -> PathBuf {
        self.project.root.join(FOLDER)
    }

    fn corpus(&self) -> PathBuf {
        self.fuzz_folder().join("corpus").join(self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says and does what libFuzzer does where an input breaks a law.
    const BREAKS: &str = "\
        for a; do case $a in\n\
            -minimize_crash=1) smaller=1 ;;\n\
            -exact_artifact_path=*) exact=${a#*=} ;;\n\
            -artifact_prefix=*) prefix=${a#*=} ;;\n\
        esac; done\n\
        if [ \"$smaller\" ]; then printf small > \"$exact\"; exit 0; fi\n\
        printf 'a large input' > \"${prefix}crash-1\"\n\
        echo \"panicked: a law of $MESH_FUZZ_TARGET\" >&2\n\
        echo \"artifact_prefix='$prefix'; Test unit written to ${prefix}crash-1\" >&2\n\
        exit 77\n";

    const HOLDS: &str = "echo '#7 DONE   cov: 20 ft: 5' >&2\necho 'Done 7 runs' >&2\n";

    fn long(program: &str) -> (tempfile::TempDir, Result<String, String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project =
            Project { root: path.into(), state: path.into(), cache: path.into(), target: path.join("target") };
        fs::create_dir_all(path.join("fuzz/corpus/token")).unwrap();
        let file = path.join("program");
        fs::write(&file, program).unwrap();
        let interrupt = Interrupt::default();
        let (program, arguments) = (Path::new("sh"), [file.as_os_str()]);
        let run = Run { project: &project, program, arguments: &arguments, target: "token", interrupt: &interrupt };
        let outcome = run.long(Duration::from_secs(1)).unwrap();
        (folder, outcome)
    }

    #[test]
    fn what_breaks_a_law_is_made_smaller_and_kept_in_the_corpus() {
        let (folder, outcome) = long(BREAKS);
        let why = outcome.unwrap_err();
        assert!(why.starts_with("`token` breaks a law:\npanicked: a law of token"), "{why}");
        let kept = why.rsplit(' ').next().unwrap();
        assert!(kept.starts_with("fuzz/corpus/token/regression-"), "{kept}");
        assert_eq!(fs::read(folder.path().join(kept)).unwrap(), b"small");
    }

    #[test]
    fn a_run_that_breaks_nothing_tells_what_it_saw_and_keeps_nothing() {
        let (folder, outcome) = long(HOLDS);
        assert_eq!(outcome.unwrap(), "#7 DONE   cov: 20 ft: 5");
        assert_eq!(fs::read_dir(folder.path().join("fuzz/corpus/token")).unwrap().count(), 0);
    }
}
