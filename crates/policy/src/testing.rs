//! Runs the tests of a folder of policies: their `test_…` rules, their samples, and whether each
//! rule's folder is whole.
//!
//! A sample is a policy input in `samples/`. `allowed-<what>.json` must bring no finding of its
//! rule; `denied-<code>[--<what>].json` must bring exactly the code `<rule>.<code>` (or
//! `policy.no_offer` and `policy.approval_missing`), hyphens standing for underscores.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;

use regorus::Value;

use crate::check;
use crate::folder::{self, RuleFolder};
use crate::{Decision, Level, PolicySet, PolicySource, Program, Severity};

/// Codes of the platform's own that a rule can bring about.
const PLATFORM_CODES: [&str; 2] = ["no_offer", "approval_missing"];

/// What was checked, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the folders.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// File or folder, relative to the policies' root.
    pub file: String,
    /// What was checked there.
    pub name: String,
    /// Why it failed; none if it passed.
    pub failure: Option<String>,
}

impl Report {
    /// Checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.failure.is_some())
    }

    fn add(&mut self, file: &str, name: &str, outcome: Result<(), String>) {
        self.checks.push(Check { file: file.to_owned(), name: name.to_owned(), failure: outcome.err() });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in self.failures() {
            let failure = check.failure.as_deref().unwrap_or_default();
            writeln!(f, "failed: {} {}: {failure}", check.file, check.name)?;
        }
        let failed = self.failures().count();
        write!(f, "{} policy checks, {failed} failed", self.checks.len())
    }
}

/// Tests every policy under `root`.
///
/// # Errors
/// If a folder or file cannot be read; what is wrong with policies is in the report.
pub fn run_tests(root: &Path) -> io::Result<Report> {
    let mut report = Report::default();
    for path in folder::entries(&root.join("lib"))? {
        let name = folder::file_name(&path);
        if name.ends_with(check::TEST_SUFFIX) {
            let text = std::fs::read_to_string(&path)?;
            run_rego_tests(root, &format!("lib/{name}"), &text, None, &mut report)?;
        }
    }
    for rule in folder::rule_folders(root)? {
        run_rule(root, &rule, &mut report)?;
    }
    whole_sets(root, &mut report)?;
    Ok(report)
}

/// Every domain's policies compile together with the global and product ones.
fn whole_sets(root: &Path, report: &mut Report) -> io::Result<()> {
    let global = folder::global(root)?;
    let product = folder::product(root)?;
    let mut domains: Vec<Option<PolicySource>> = vec![None];
    for domain in folder::domains(root)? {
        domains.push(folder::domain(root, &domain)?);
    }
    for domain in domains {
        let file = match domain.as_ref().and_then(|source| source.domain.as_deref()) {
            Some(domain) => format!("domains/{domain}"),
            None => "global".to_owned(),
        };
        let outcome = PolicySet::compile(&global, domain.as_ref(), Some(&product));
        report.add(&file, "compiles as published", outcome.map(drop).map_err(listed));
    }
    Ok(())
}

fn run_rule(root: &Path, rule: &RuleFolder, report: &mut Report) -> io::Result<()> {
    let name = folder::file_name(&rule.path);
    let file = rule.path.strip_prefix(root).unwrap_or(&rule.path).to_string_lossy().into_owned();
    let (Some(text), Some(tests)) =
        (read_if_there(&rule.path.join("rule.rego"))?, read_if_there(&rule.path.join("rule_test.rego"))?)
    else {
        let outcome = Err("`rule.rego` or `rule_test.rego` is missing".to_owned());
        report.add(&file, "is whole", outcome);
        return Ok(());
    };
    report.add(&file, "says what it is for", documented(&text));
    let module = (format!("{file}/rule.rego"), text);
    run_rego_tests(root, &format!("{file}/rule_test.rego"), &tests, Some(&module), report)?;
    match compile_alone(root, rule, module)? {
        Ok(program) => run_samples(rule, &name, &file, &program, report)?,
        Err(errors) => report.add(&file, "compiles", Err(errors)),
    }
    Ok(())
}

/// A title and a description in the metadata comment at the top.
fn documented(text: &str) -> Result<(), String> {
    let metadata: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    for wanted in ["# METADATA", "# title: ", "# description: "] {
        if !metadata.iter().any(|line| line.starts_with(wanted)) {
            return Err(format!("the comment at its top has no `{}`", wanted.trim()));
        }
    }
    Ok(())
}

fn run_rego_tests(
    root: &Path,
    file: &str,
    tests: &str,
    rule: Option<&(String, String)>,
    report: &mut Report,
) -> io::Result<()> {
    let mut modules = folder::library(root)?;
    for path in folder::entries(&root.join("lib"))? {
        let name = format!("lib/{}", folder::file_name(&path));
        if name.ends_with(check::TEST_SUFFIX) {
            modules.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    modules.extend(rule.cloned());
    modules.insert(file.to_owned(), tests.to_owned());
    let (mut engine, names) = match check::test_engine(&modules, file) {
        Ok(prepared) => prepared,
        Err(error) => {
            report.add(file, "compiles", Err(error.to_string()));
            return Ok(());
        }
    };
    if names.is_empty() && rule.is_some() {
        report.add(file, "tests something", Err("no `test_…` rule".to_owned()));
    }
    for (path, name) in names {
        let outcome = match engine.eval_rule(path) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(_) => Err("does not hold".to_owned()),
            Err(error) => Err(check::first_line(&error.to_string())),
        };
        report.add(file, &name, outcome);
    }
    Ok(())
}

/// The rule with the library and nothing else, so that no other rule speaks about its samples.
fn compile_alone(root: &Path, rule: &RuleFolder, module: (String, String)) -> io::Result<Result<Program, String>> {
    let mut global = PolicySource::global(folder::library(root)?);
    let own = [module].into();
    let (domain, product) = match (rule.level, &rule.domain) {
        (Level::Domain, Some(domain)) => (Some(PolicySource::domain(domain, own)), None),
        (Level::Product, _) => (None, Some(PolicySource::product(own))),
        _ => {
            global.modules.extend(own);
            (None, None)
        }
    };
    Ok(PolicySet::compile(&global, domain.as_ref(), product.as_ref()).map_err(listed))
}

fn run_samples(rule: &RuleFolder, name: &str, file: &str, program: &Program, report: &mut Report) -> io::Result<()> {
    let (mut allowed, mut denied) = (0, 0);
    for path in folder::entries(&rule.path.join("samples"))? {
        let sample = folder::file_name(&path);
        let text = std::fs::read_to_string(&path)?;
        let outcome =
            serde_json::from_str(&text).map_err(|error| error.to_string()).and_then(|input: serde_json::Value| {
                let decision = program.decide_json(&input);
                let stem = sample.trim_end_matches(".json");
                match stem.split_once('-') {
                    Some(("allowed", _)) => {
                        allowed += 1;
                        expect(rule, name, &decision, &BTreeSet::new())
                    }
                    Some(("denied", code)) => {
                        denied += 1;
                        expect(rule, name, &decision, &[expected_code(name, code)].into())
                    }
                    _ => Err("is neither `allowed-…` nor `denied-…`".to_owned()),
                }
            });
        report.add(&format!("{file}/samples/{sample}"), "sample", outcome);
    }
    let outcome = if allowed > 0 && denied > 0 { Ok(()) } else { Err("samples of both kinds are needed".to_owned()) };
    report.add(file, "has allowed and denied samples", outcome);
    Ok(())
}

fn expected_code(rule: &str, sample: &str) -> String {
    let code = sample.split_once("--").map_or(sample, |(code, _)| code).replace('-', "_");
    if PLATFORM_CODES.contains(&code.as_str()) { format!("policy.{code}") } else { format!("{rule}.{code}") }
}

/// Compares the denials of this rule with what the sample's name promises.
fn expect(rule: &RuleFolder, name: &str, decision: &Decision, expected: &BTreeSet<String>) -> Result<(), String> {
    let own = |level: Level, said: &str| level == rule.level && said == name;
    let found: BTreeSet<String> = decision
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Deny)
        .filter(|finding| own(finding.level, &finding.rule) || finding.rule == "engine")
        .map(|finding| finding.code.clone())
        .collect();
    if found == *expected {
        return Ok(());
    }
    Err(format!("denied by {found:?}, expected {expected:?}"))
}

fn listed<E: fmt::Display>(errors: Vec<E>) -> String {
    errors.iter().map(E::to_string).collect::<Vec<_>>().join("\n  ")
}

fn read_if_there(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
