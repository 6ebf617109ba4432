//! What is wrong with a manifest, by the local parser or by the platform's dry run, as Terraform's messages with line and path.

use mesh_api::ProblemError;
use mesh_api::types::{AffectedContract, Change, Plan};
use mesh_manifest::{Manifest, Parsed, Severity};
use tfplugin::{Diagnostic, Diagnostics};

use crate::sentence::sentence;

/// Reads a manifest strictly, without asking anybody.
pub fn parse(text: &str) -> Result<Manifest, Diagnostics> {
    match mesh_manifest::parse(text) {
        Ok(Parsed { manifest, .. }) => Ok(manifest),
        Err(problems) => Err(problems.into_iter().map(|problem| from_parser(problem).at("manifest")).collect()),
    }
}

/// What the dry run refuses and warns of. Errors only if the manifest would be refused.
pub fn of_plan(plan: &Plan) -> Diagnostics {
    let context = format!("`{}` {} would be refused.", plan.product, plan.version);
    let violations =
        plan.violations.iter().map(|error| located(Diagnostic::error(&error.detail), error, &context).at("manifest"));
    let warnings =
        plan.warnings.iter().map(|warning| located(Diagnostic::warning(&warning.detail), warning, "").at("manifest"));
    violations.chain(broken(&plan.affected)).chain(warnings).chain(major(plan)).collect()
}

/// What ends for readers with a version that is accepted: no contract stands against it, and others may read all the same.
fn major(plan: &Plan) -> Option<Diagnostic> {
    let line = |change: &Change| {
        let place = change.port.as_deref().unwrap_or(&change.pointer);
        format!("- `{place}`: {} ({})", change.reason, change.code)
    };
    let lines: Vec<_> = plan.changes.iter().filter(|change| change.kind == "major").map(line).collect();
    (plan.accepted && !lines.is_empty()).then(|| {
        let summary = format!("`{}` {} is a major change", plan.product, plan.version);
        Diagnostic::warning(summary).detail(lines.join("\n")).at("manifest")
    })
}

/// Adds place, remedy and code to a message.
pub fn located(diagnostic: Diagnostic, error: &ProblemError, context: &str) -> Diagnostic {
    let mut detail = Vec::new();
    match (error.line, error.column) {
        (Some(line), Some(column)) => {
            detail.push(format!("Line {line}, column {column} of the manifest{}.", at(&error.pointer)))
        }
        _ if !error.pointer.is_empty() => detail.push(format!("At `{}`.", error.pointer)),
        _ => {}
    }
    detail.extend(error.remedy.as_deref().map(sentence));
    if !context.is_empty() {
        detail.push(context.to_owned());
    }
    detail.push(format!("({})", error.code));
    diagnostic.detail(detail.join(" "))
}

fn at(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(", `{pointer}`") }
}

fn from_parser(problem: mesh_manifest::Diagnostic) -> Diagnostic {
    let diagnostic = match problem.severity {
        Severity::Error => Diagnostic::error(&problem.message),
        Severity::Warning => Diagnostic::warning(&problem.message),
    };
    let place = (problem.line > 0).then_some((problem.line, problem.column));
    let error = ProblemError {
        code: problem.code,
        pointer: problem.pointer,
        detail: problem.message,
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        remedy: problem.remedy,
    };
    located(diagnostic, &error, "")
}

/// For whom something would break.
fn broken(affected: &[AffectedContract]) -> Option<Diagnostic> {
    let line = |contract: &AffectedContract| {
        let what = if contract.fields.is_empty() {
            "the whole port".to_owned()
        } else {
            format!("`{}`", contract.fields.join("`, `"))
        };
        format!(
            "- `{}` reads {what} of `{}` (contract `{}`, {})",
            contract.consumer_domain, contract.port, contract.contract, contract.contact
        )
    };
    let lines: Vec<_> = affected.iter().map(line).collect();
    (!lines.is_empty()).then(|| {
        Diagnostic::warning("consumers under live contracts would be broken").detail(lines.join("\n")).at("manifest")
    })
}
