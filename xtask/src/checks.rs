//! What `cargo xtask check` and `cargo xtask test` run. Add a step to one of the two lists here.

use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::client::SavedClients;
use crate::interrupt::Interrupt;
use crate::package_functions;
use crate::prerequisites;
use crate::progress::line;
use crate::project::Project;
use crate::stack::{GivenPorts, Stack};
use crate::steps::{Outcome, Step};
use crate::terraform::{self, Root};
use crate::{
    codegen, cost, demo, dependencies, infrastructure, licences, log_secrets, metric_lines, openapi, privileges,
    progress, python, stack, tool,
};

/// Folders below which Terraform configurations are formatted and valid.
const CONFIGURATIONS: &[&str] = &["infra", "modules", "examples", "bench"];

/// The quick look before a commit.
pub fn quick<'a>(project: &'a Project, interrupt: &'a Interrupt) -> Vec<Step<'a>> {
    let mut steps = style(project, interrupt);
    steps.push(Step::new("quick tests", || {
        // The whole workspace: cargo unites features over what is selected, and another selection builds anew.
        let mut command = cargo(project, &["test", "--workspace", "--no-fail-fast", "--lib", "--bins"]);
        tests(project, "quick tests", &mut command, interrupt)
    }));
    steps
}

/// Everything.
pub fn all<'a>(project: &'a Project, interrupt: &'a Interrupt) -> Vec<Step<'a>> {
    let mut steps = vec![Step::new("prerequisites", || {
        prerequisites::check(prerequisites::ALL).map(|found| Outcome::Passed(found.len()))
    })];
    steps.extend(style(project, interrupt));
    steps.push(Step::new("local cloud's launcher", || launcher_tests(project, interrupt)));
    steps.push(Step::new("tests", || workspace_tests(project, interrupt)));
    steps.push(Step::new("policies in OPA", || {
        if Command::new("go").arg("version").output().is_err() {
            return Ok(Outcome::Skipped("needs Go, which is not installed".to_owned()));
        }
        let arguments = ["test", "--workspace", "--test", "conformance", "--", "--ignored"];
        tests(project, "policies in OPA", &mut cargo(project, &arguments), interrupt)
    }));
    steps.push(Step::new("provider for Terraform", || {
        let built = package_functions::build(project, interrupt)?;
        terraform::install_mesh_provider(project, &built.provider)?;
        Ok(Outcome::Passed(1))
    }));
    for configuration in configurations(project) {
        let name = format!("terraform validate {}", configuration.display());
        steps.push(Step::new(name, move || {
            Root::new(project, interrupt, &configuration)
                .named(&format!("validate-{}", dashed(&configuration)))
                .validate()?;
            Ok(Outcome::Passed(1))
        }));
    }
    steps.push(Step::new("checkov on infra and modules", || {
        infrastructure::check(project, interrupt).map(Outcome::Passed)
    }));
    steps.push(Step::new("the path end to end", || end_to_end(project, interrupt)));
    steps
}

/// Environment variables by which the adapters' tests find the things that they are tried on.
const CLOUD_FOR_TESTS: &str = "MESH_TEST_CLOUD_ENDPOINT";
const SEARCH_FOR_TESTS: &str = "MESH_TEST_SEARCH_ENDPOINT";
/// Python with the readers that consumers have, and Python with the linter of the standards' contracts.
const READERS_FOR_TESTS: &str = "MESH_TEST_PYTHON";
const LINTER_FOR_TESTS: &str = "MESH_TEST_LINT_PYTHON";
const LINTER_REQUIREMENTS: &str = "xtask/datacontract.requirements.txt";

/// All tests of the workspace, those of the adapters on a stack of its own, which is gone afterwards.
fn workspace_tests(project: &Project, interrupt: &Interrupt) -> Result<Outcome> {
    // What does not compile is told before anything is started.
    tool::run("building the tests", &mut cargo(project, &["test", "--workspace", "--no-run"]), interrupt)?;
    let readers = python::environment(project, &project.root.join(demo::REQUIREMENTS), interrupt)?;
    let linter = python::environment(project, &project.root.join(LINTER_REQUIREMENTS), interrupt)?;
    let private = project.with_state(&project.state.join("tests"));
    let stack = Stack::hold(&private, interrupt)?;
    let endpoints = stack.up(GivenPorts::default())?.endpoints;
    let mut command = cargo(project, &["test", "--workspace", "--no-fail-fast"]);
    command.env(CLOUD_FOR_TESTS, &endpoints.cloud).env(SEARCH_FOR_TESTS, &endpoints.search);
    command.env(READERS_FOR_TESTS, readers).env(LINTER_FOR_TESTS, linter);
    let outcome = tests(project, "tests", &mut command, interrupt);
    stack.down()?;
    stack.reset()?;
    outcome
}

/// The demo on a stack of its own, which is gone afterwards: each of its steps is a test of the path. What must not be noticed once the
/// mesh stands (a rebuild, a deployment) is tried on the same stack.
fn end_to_end(project: &Project, interrupt: &Interrupt) -> Result<Outcome> {
    let private = project.with_state(&project.state.join("end-to-end"));
    let summary = project.log("end-to-end.json");
    if let Some(folder) = summary.parent() {
        fs::create_dir_all(folder)?;
    }
    let walked = demo::run(&private, interrupt, Some(&summary));
    let went_on = match &walked {
        Ok(true) => demo::afterwards(&private, interrupt),
        _ => Ok(demo::Summary::default()),
    };
    let left_behind = afterwards(&private, interrupt);
    // Last, since it changes what the mesh holds.
    let described = match &walked {
        Ok(true) => progress::during("openapi", || openapi::check(&private, interrupt)),
        _ => Ok(Outcome::Skipped("the path was not walked to its end".to_owned())),
    };
    // An interrupted walk is tidied up after as well.
    let none = Interrupt::default();
    let stack = Stack::hold(&private, &none)?;
    stack.down()?;
    stack.reset()?;
    let ok = walked?;
    let summary: serde_json::Value = serde_json::from_str(&fs::read_to_string(&summary)?)?;
    let mut steps = summary.get("steps").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    for done in &went_on?.steps {
        steps.push(serde_json::to_value(done)?);
    }
    let text = |step: &serde_json::Value, key: &str| {
        step.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let failed: Vec<_> = steps.iter().filter(|step| step.get("ok") != Some(&true.into())).collect();
    if ok && failed.is_empty() && !steps.is_empty() {
        let held = steps.len() + left_behind?;
        return Ok(match described? {
            Outcome::Passed(operations) => Outcome::Passed(held + operations),
            Outcome::Failed { passed, failed, why } => Outcome::Failed { passed: held + passed, failed, why },
            Outcome::Skipped(why) => Outcome::Failed { passed: held, failed: 1, why },
        });
    }
    let why = failed.iter().map(|step| format!("{}: {}", text(step, "name"), text(step, "detail"))).collect::<Vec<_>>();
    Ok(Outcome::Failed { passed: steps.len() - failed.len(), failed: failed.len().max(1), why: why.join("\n") })
}

/// What the whole run left behind holds as well: logs without secrets that tell every metric, and roles that were allowed no
/// more than was used. The number of things that held.
fn afterwards(project: &Project, interrupt: &Interrupt) -> Result<usize> {
    cost::exercise(project, interrupt).context("what the demo leaves out")?;
    let known = SavedClients::load(project);
    let secrets = known.all().map(|client| client.client_secret.as_str());
    let search =
        secrets.fold(log_secrets::Search::default(), |search, secret| search.with_known(secret, "a client's secret"));
    let logs = stack::logs::text_of_functions(project, "mesh", interrupt)?;
    let lines = log_secrets::check(&logs, &search)?;
    let metrics = metric_lines::check(&logs)?;
    let proof = privileges::check(project, interrupt)?;
    line(format_args!("no secret in {lines} lines of the functions' logs, which tell of {metrics} metrics"));
    line(format_args!("{} rights of the functions' roles were used; besides:", proof.used));
    for (reason, rights) in &proof.excused {
        line(format_args!("  {rights:>3}  {reason}"));
    }
    Ok(3)
}

/// Format, lints, what is known of the dependencies.
fn style<'a>(project: &'a Project, interrupt: &'a Interrupt) -> Vec<Step<'a>> {
    vec![
        Step::new("format", || {
            tool::run("cargo fmt", &mut cargo(project, &["fmt", "--all", "--check"]), interrupt)?;
            Ok(Outcome::Passed(1))
        }),
        Step::new("terraform fmt", || {
            let mut command = tool::command(project, "terraform");
            command.args(["fmt", "-check", "-recursive", "-diff", "-no-color"]).env_remove("TF_CLI_CONFIG_FILE");
            command.args(CONFIGURATIONS.iter().filter(|folder| project.root.join(folder).is_dir()));
            tool::run("terraform fmt", &mut command, interrupt)?;
            Ok(Outcome::Passed(1))
        }),
        Step::new("generated files", || {
            codegen::check(&project.root)?;
            Ok(Outcome::Passed(1))
        }),
        Step::new("licences", || licences::check(project, interrupt).map(|_| Outcome::Passed(1))),
        Step::new("dependencies", || dependencies::check(project).map(|_| Outcome::Passed(1))),
        Step::new("withdrawn dependencies", || dependencies::withdrawn(project)),
        Step::new("advisories", || dependencies::advisories(project, interrupt)),
        Step::new("lints", || {
            let arguments = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
            tool::run("cargo clippy", &mut cargo(project, &arguments), interrupt)?;
            Ok(Outcome::Passed(1))
        }),
    ]
}

/// The tests of the local cloud's corrections, against the corrected local cloud itself.
fn launcher_tests(project: &Project, interrupt: &Interrupt) -> Result<Outcome> {
    let python = python::environment(project, &project.root.join(stack::CLOUD_REQUIREMENTS), interrupt)?;
    let mut command = tool::command(project, python);
    command.args(["-m", "unittest", "discover", "--start-directory", "localstack"]).env("PYTHONDONTWRITEBYTECODE", "1");
    tool::run("the launcher's tests", &mut command, interrupt)?;
    Ok(Outcome::Passed(1))
}

fn cargo(project: &Project, arguments: &[&str]) -> Command {
    let mut command = tool::command(project, "cargo");
    command.args(arguments).env("CARGO_TARGET_DIR", &project.target).env("CARGO_TERM_COLOR", "never");
    command
}

/// Run `cargo test` and count; the whole output goes to the log called after the step.
fn tests(project: &Project, name: &str, command: &mut Command, interrupt: &Interrupt) -> Result<Outcome> {
    let finished = tool::capture(name, command, None, interrupt)?;
    let log = project.log(&name.replace(' ', "-"));
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&log, format!("{}\n{}", finished.stdout, finished.stderr))?;
    let (passed, failed) = counts(&finished.stdout);
    if finished.status.success() {
        return Ok(Outcome::Passed(passed));
    }
    let why = match failures(&finished.stdout) {
        // It did not compile, or a test brought the whole program down.
        reports if reports.is_empty() => tool::last_lines(finished.stderr.trim_end(), 60),
        reports => tool::last_lines(&reports, 200),
    };
    Ok(Outcome::Failed { passed, failed: failed.max(1), why: format!("{why}\nall of it: {}", log.display()) })
}

/// Sums of `test result: ok. 3 passed; 1 failed; …`.
fn counts(output: &str) -> (usize, usize) {
    let number_before = |line: &str, word: &str| -> usize {
        let (before, _) = line.split_once(word).unwrap_or_default();
        before.split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let results = output.lines().filter(|line| line.starts_with("test result:"));
    results.fold((0, 0), |(passed, failed), line| {
        (passed + number_before(line, " passed;"), failed + number_before(line, " failed;"))
    })
}

/// What the failed tests printed.
fn failures(output: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        if line == "failures:" {
            inside = true;
        } else if line.starts_with("test result:") {
            inside = false;
        }
        if inside {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// Folders with Terraform files, relative to the repository.
fn configurations(project: &Project) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = CONFIGURATIONS.iter().map(PathBuf::from).collect();
    while let Some(folder) = pending.pop() {
        let entries: Vec<_> = fs::read_dir(project.root.join(&folder)).into_iter().flatten().flatten().collect();
        if entries.iter().any(|entry| entry.path().extension().is_some_and(|extension| extension == "tf")) {
            found.push(folder.clone());
        }
        let folders = entries.iter().filter(|entry| entry.path().is_dir()).map(fs::DirEntry::file_name);
        pending.extend(folders.filter(|name| !name.to_string_lossy().starts_with('.')).map(|name| folder.join(name)));
    }
    found.sort();
    found
}

fn dashed(path: &std::path::Path) -> String {
    path.to_string_lossy().replace('/', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_its_modules_and_the_examples_are_validated() {
        let found = configurations(&Project::find().unwrap());
        for expected in ["infra", "infra/function", "modules/domain", "modules/data-product"] {
            assert!(found.contains(&PathBuf::from(expected)), "{found:?}");
        }
        assert!(found.iter().any(|folder| folder.starts_with("examples")), "{found:?}");
    }

    const OUTPUT: &str = "\
running 2 tests\n\
test a ... ok\n\
test b ... FAILED\n\
\n\
failures:\n\
\n\
---- b stdout ----\n\
left: 1, right: 2\n\
\n\
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
\n\
running 3 tests\n\
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    #[test]
    fn tests_are_counted_over_all_programs() {
        assert_eq!(counts(OUTPUT), (4, 1));
        assert_eq!(counts("error: could not compile"), (0, 0));
    }

    #[test]
    fn what_failed_tests_printed_is_kept() {
        let failures = failures(OUTPUT);
        assert!(failures.contains("left: 1, right: 2"), "{failures}");
        assert!(!failures.contains("running"), "{failures}");
    }
}
