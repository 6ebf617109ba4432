//! What the local cloud noted of the calls that it was sent: what was decided on them, and what AWS would charge for them.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use super::cloud;
use crate::project::Project;

/// A call of a role that IAM was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Name of the role.
    pub role: String,
    /// Such as `dynamodb:Query`.
    pub action: String,
    /// The ARN of what it was done to.
    pub on: String,
    pub allowed: bool,
}

/// A request of a role that reached a service which charges for requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Name of the role.
    pub role: String,
    /// Such as `s3:GetObject`.
    pub action: String,
    /// Units of DynamoDB; zero elsewhere.
    pub read_units: f64,
    pub write_units: f64,
}

/// A line of the log, as localstack/cloud.py writes it.
#[derive(Debug, Deserialize)]
struct Line {
    by: Option<String>,
    action: Option<String>,
    on: Option<String>,
    allowed: Option<bool>,
    request: Option<String>,
    read_units: Option<f64>,
    write_units: Option<f64>,
    #[serde(default)]
    full: bool,
}

/// Every decision on a role's call since the local cloud was started.
pub fn decisions(project: &Project) -> Result<Vec<Decision>> {
    let decision = |line: Line| {
        let (role, action) = (role_of(line.by.as_deref()?)?, line.action?);
        Some(Decision { role, action, on: line.on.unwrap_or_default(), allowed: line.allowed? })
    };
    Ok(lines(project, 0)?.into_iter().filter_map(decision).collect())
}

/// The requests of roles that were noted after the log was so long, in bytes.
pub fn requests(project: &Project, after: u64) -> Result<Vec<Request>> {
    let request = |line: Line| {
        let (read_units, write_units) = (line.read_units.unwrap_or(0.0), line.write_units.unwrap_or(0.0));
        Some(Request { role: role_of(line.by.as_deref()?)?, action: line.request?, read_units, write_units })
    };
    Ok(lines(project, after)?.into_iter().filter_map(request).collect())
}

/// How long the log is, in bytes.
pub fn length(project: &Project) -> Result<u64> {
    let path = cloud::request_log(project);
    Ok(path.metadata().with_context(|| format!("`{}` cannot be read", path.display()))?.len())
}

fn lines(project: &Project, after: u64) -> Result<Vec<Line>> {
    let path = cloud::request_log(project);
    let mut file = File::open(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    file.seek(SeekFrom::Start(after))?;
    let mut lines = Vec::new();
    for text in BufReader::new(file).lines() {
        let line: Line =
            serde_json::from_str(&text?).context("a line of the request log is not as cloud.py writes it")?;
        if line.full {
            bail!("the request log is full: what came later is not in it");
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The role behind `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn role_of(principal: &str) -> Option<String> {
    let (_, role) = principal.split_once(":assumed-role/")?;
    role.split('/').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project(log: &str) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.into(), cache: path.into(), target: path.into() };
        let file = cloud::request_log(&project);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, log).unwrap();
        (folder, project)
    }

    const BROKER: &str = "arn:aws:sts::000000000000:assumed-role/mesh-broker/session";

    #[test]
    fn decisions_and_requests_of_roles_are_told_apart() {
        let decided = format!(r#"{{"at":1.0,"by":"{BROKER}","action":"dynamodb:Query","on":"t","allowed":true}}"#);
        let sent = format!(r#"{{"at":1.0,"by":"{BROKER}","request":"dynamodb:Query","status":200,"read_units":1.5}}"#);
        let root =
            r#"{"at":1.0,"by":"arn:aws:iam::000000000000:root","action":"s3:GetObject","on":"b","allowed":true}"#;
        let (_folder, project) = project(&format!("{decided}\n{sent}\n{root}\n"));
        let decision =
            Decision { role: "mesh-broker".into(), action: "dynamodb:Query".into(), on: "t".into(), allowed: true };
        assert_eq!(decisions(&project).unwrap(), [decision]);
        let request =
            Request { role: "mesh-broker".into(), action: "dynamodb:Query".into(), read_units: 1.5, write_units: 0.0 };
        assert_eq!(requests(&project, 0).unwrap(), [request]);
        assert_eq!(requests(&project, decided.len() as u64 + 1 + sent.len() as u64 + 1).unwrap(), []);
        assert_eq!(length(&project).unwrap(), (decided.len() + sent.len() + root.len() + 3) as u64);
    }

    #[test]
    fn a_full_log_proves_nothing() {
        let (_folder, project) = project("{\"full\": true}\n");
        assert!(decisions(&project).unwrap_err().to_string().contains("full"));
    }
}
