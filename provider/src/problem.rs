//! From the API's problems to Terraform's messages.

use mesh_api::{Problem, ProblemError};
use mesh_client::ClientError;
use tfplugin::{Diagnostic, Diagnostics, Path};

use crate::findings::located;
use crate::sentence::{capital, sentence};

/// Why a request failed, about the resource as a whole.
pub fn diagnose(error: &ClientError) -> Diagnostics {
    diagnose_by(error, |_| Path::root())
}

/// Why a request failed, each thing at the attribute that has the name of the request's field.
pub fn diagnose_fields(error: &ClientError, attributes: &[&str]) -> Diagnostics {
    diagnose_by(error, |error| {
        let field = error.pointer.split('/').nth(1).unwrap_or_default();
        attributes
            .iter()
            .find(|attribute| **attribute == field)
            .map_or_else(Path::root, |attribute| Path::new(attribute))
    })
}

/// Why a request with a manifest failed, with the lines of the manifest.
pub fn diagnose_manifest(error: &ClientError) -> Diagnostics {
    diagnose_by(error, |_| Path::new("manifest"))
}

/// Whether the API says that something is not there.
pub fn is_gone(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| problem.status == 404)
}

fn diagnose_by(error: &ClientError, path: impl Fn(&ProblemError) -> Path) -> Diagnostics {
    let Some(problem) = error.problem() else {
        return Diagnostic::error("the request to the mesh failed").detail(sentence(&error.to_string())).into();
    };
    if problem.errors.is_empty() {
        return whole(problem).into();
    }
    let context = format!("{} ({}).{}", capital(&problem.detail), problem.code, request(problem));
    problem
        .errors
        .iter()
        .map(|error| located(Diagnostic::error(&error.detail), error, &context).at(path(error)))
        .collect()
}

fn whole(problem: &Problem) -> Diagnostic {
    let remedy = problem.remedy.as_deref().map(|remedy| format!(" {}", sentence(remedy))).unwrap_or_default();
    Diagnostic::error(&problem.detail).detail(format!(
        "{}.{remedy} ({}, HTTP status {}){}",
        problem.title,
        problem.code,
        problem.status,
        request(problem)
    ))
}

/// The id by which the platform's operators find the request.
fn request(problem: &Problem) -> String {
    problem.request_id.as_deref().map(|id| format!(" Request {id}.")).unwrap_or_default()
}
