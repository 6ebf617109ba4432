//! What is insecure in Terraform files, by checkov. Where a finding is meant so, the file says why, at the resource.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::{python, tool};

/// Folders whose Terraform files are looked through.
const FOLDERS: &[&str] = &["infra", "modules"];

/// What checkov's Python environment holds, relative to the repository.
const REQUIREMENTS: &str = "xtask/checkov.requirements.txt";

/// How many checks passed; an error that names every finding that no file explains.
pub fn check(project: &Project, interrupt: &Interrupt) -> Result<usize> {
    let python = python::environment(project, &project.root.join(REQUIREMENTS), interrupt)?;
    let mut passed = 0;
    for folder in FOLDERS {
        passed += scan(project, &python, &project.root.join(folder), interrupt)?;
    }
    Ok(passed)
}

fn scan(project: &Project, python: &Path, folder: &Path, interrupt: &Interrupt) -> Result<usize> {
    let checkov = python.parent().context("the environment has no folder of programs")?.join("checkov");
    let mut command = tool::command(project, python);
    command
        .arg(checkov)
        .args([
            "--framework",
            "terraform",
            "--output",
            "json",
            "--quiet",
            "--compact",
            "--skip-download",
            "--directory",
        ])
        .arg(folder)
        // It says nothing to anybody.
        .env("CKV_IGNORE_HIDDEN_DIRECTORIES", "true")
        .env("BC_SKIP_MAPPING", "TRUE");
    let finished = tool::capture("checkov", &mut command, None, interrupt)?;
    let report: Value = serde_json::from_str(&finished.stdout)
        .with_context(|| format!("checkov gave no report: {}", tool::last_lines(finished.stderr.trim(), 20)))?;
    judge(&report).with_context(|| format!("`{}`", folder.display()))
}

/// The number of checks that passed, if no other failed and every file was understood.
fn judge(report: &Value) -> Result<usize> {
    let count = |name: &str| report.pointer(&format!("/summary/{name}")).and_then(Value::as_u64);
    let (Some(passed), Some(failed), Some(unread)) = (count("passed"), count("failed"), count("parsing_errors")) else {
        bail!("checkov looked at nothing");
    };
    let findings = report.pointer("/results/failed_checks").and_then(Value::as_array).cloned().unwrap_or_default();
    let finding = |finding: &Value| {
        let text = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("  {} {}: {} ({})", text("check_id"), text("check_name"), text("resource"), text("file_path"))
    };
    if failed > 0 || !findings.is_empty() {
        let told: Vec<_> = findings.iter().map(finding).collect();
        bail!(
            "{failed} findings; mend them, or write `#checkov:skip=CHECK:why` into the resource:\n{}",
            told.join("\n")
        );
    }
    if unread > 0 {
        bail!("checkov could not read {unread} files");
    }
    if passed == 0 {
        bail!("checkov looked at nothing");
    }
    Ok(usize::try_from(passed)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(passed: u64, failed: u64, unread: u64) -> Value {
        let finding = json!({
            "check_id": "CKV_AWS_19", "check_name": "encrypted", "resource": "aws_s3_bucket.this", "file_path": "/storage.tf",
        });
        json!({
            "results": { "failed_checks": if failed > 0 { json!([finding]) } else { json!([]) } },
            "summary": { "passed": passed, "failed": failed, "skipped": 2, "parsing_errors": unread },
        })
    }

    #[test]
    fn a_clean_report_counts() {
        assert_eq!(judge(&report(536, 0, 0)).unwrap(), 536);
    }

    #[test]
    fn findings_are_named() {
        let told = judge(&report(536, 1, 0)).unwrap_err().to_string();
        assert!(told.contains("CKV_AWS_19 encrypted: aws_s3_bucket.this (/storage.tf)"), "{told}");
    }

    #[test]
    fn a_report_on_nothing_proves_nothing() {
        for report in [report(0, 0, 0), report(5, 0, 1), json!({ "passed": 0 })] {
            assert!(judge(&report).is_err(), "{report}");
        }
    }
}
