//! The environment of functions: documented names, read once.

use std::{env, fmt};

use mesh_core::deprecation::{self, Days};
use serde::Deserialize;

/// Prefix of the platform's DynamoDB tables, such as `mesh-`.
pub const TABLE_PREFIX: &str = "MESH_TABLE_PREFIX";
/// Name of this mesh, which the names of its resources start with, such as `mesh`.
pub const NAME: &str = "MESH_NAME";
/// The AWS account that the platform runs in.
pub const ACCOUNT_ID: &str = "MESH_ACCOUNT_ID";
/// Whose tokens are accepted: a JSON array of objects with `issuer`, `jwks_uri` and `scope`.
pub const ISSUERS: &str = "MESH_ISSUERS";
/// The API's public base URL, without a slash at its end.
pub const API_URL: &str = "MESH_API_URL";
/// Where clients get their tokens: the OAuth 2 token endpoint.
pub const TOKEN_URL: &str = "MESH_TOKEN_URL";
/// Name of the mesh's event bus.
pub const EVENT_BUS: &str = "MESH_EVENT_BUS";
/// ARN of the platform's KMS key.
pub const KMS_KEY: &str = "MESH_KMS_KEY";
/// Bucket for manifests that are too large for a table's item.
pub const MANIFEST_BUCKET: &str = "MESH_MANIFEST_BUCKET";
/// Bucket for scaffolded pipelines.
pub const PIPELINE_BUCKET: &str = "MESH_PIPELINE_BUCKET";
/// URL of the search cluster.
pub const SEARCH_ENDPOINT: &str = "MESH_SEARCH_ENDPOINT";
/// Name of the search index of products, such as `mesh-products`.
pub const SEARCH_INDEX: &str = "MESH_SEARCH_INDEX";
/// How requests to the search cluster are authorized: `sigv4` (default) or `none`.
pub const SEARCH_AUTH: &str = "MESH_SEARCH_AUTH";
/// The S3 endpoint that clients use; empty or unset on AWS itself.
pub const S3_ENDPOINT: &str = "MESH_S3_ENDPOINT";

/// How long before its last day a port is announced to be left, such as `90d`, which it is where nothing is set.
pub const MINIMUM_NOTICE: &str = "MESH_MINIMUM_NOTICE";

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Where its signing keys are.
    pub jwks_uri: String,
    /// The scope that a token must carry.
    pub scope: String,
}

/// How requests to the search cluster are authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchAuth {
    /// Signed with the function's own credentials.
    #[default]
    Sigv4,
    /// Not at all: a cluster that only this machine reaches.
    None,
}

/// What functions are told by their environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub table_prefix: String,
    pub name: String,
    pub account_id: String,
    pub issuers: Vec<Issuer>,
    pub api_url: String,
    pub token_url: String,
    pub event_bus: String,
    pub kms_key: String,
    pub manifest_bucket: String,
    pub pipeline_bucket: String,
    pub search_endpoint: String,
    pub search_index: String,
    pub search_auth: SearchAuth,
    /// None on AWS itself.
    pub s3_endpoint: Option<String>,
    pub minimum_notice: Days,
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct EnvironmentError {
    /// Names of variables that are unset or empty.
    pub missing: Vec<&'static str>,
    /// Variables that cannot be read, with the reason.
    pub malformed: Vec<(&'static str, String)>,
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is incomplete")?;
        if !self.missing.is_empty() {
            write!(f, "; unset: `{}`", self.missing.join("`, `"))?;
        }
        for (name, reason) in &self.malformed {
            write!(f, "; `{name}` {reason}")?;
        }
        Ok(())
    }
}

impl Environment {
    /// The environment of this process.
    pub fn from_process() -> Result<Self, EnvironmentError> {
        Self::parse(|name| env::var(name).ok())
    }

    /// The environment behind `variable`; all that is missing or malformed is reported at once.
    pub fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let optional = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut error = EnvironmentError::default();
        let mut required = |name: &'static str| {
            optional(name).unwrap_or_else(|| {
                error.missing.push(name);
                String::new()
            })
        };
        let mut environment = Self {
            table_prefix: required(TABLE_PREFIX),
            name: required(NAME),
            account_id: required(ACCOUNT_ID),
            issuers: Vec::new(),
            api_url: required(API_URL).trim_end_matches('/').to_owned(),
            token_url: required(TOKEN_URL),
            event_bus: required(EVENT_BUS),
            kms_key: required(KMS_KEY),
            manifest_bucket: required(MANIFEST_BUCKET),
            pipeline_bucket: required(PIPELINE_BUCKET),
            search_endpoint: required(SEARCH_ENDPOINT),
            search_index: required(SEARCH_INDEX),
            search_auth: SearchAuth::default(),
            s3_endpoint: optional(S3_ENDPOINT),
            minimum_notice: deprecation::MINIMUM_NOTICE,
        };
        let issuers = required(ISSUERS);
        if !issuers.is_empty() {
            match serde_json::from_str::<Vec<Issuer>>(&issuers) {
                Ok(issuers) if !issuers.is_empty() => environment.issuers = issuers,
                Ok(_) => error.malformed.push((ISSUERS, "names no issuer".to_owned())),
                Err(reason) => error.malformed.push((ISSUERS, format!("is no list of issuers: {reason}"))),
            }
        }
        match optional(SEARCH_AUTH).as_deref() {
            None | Some("sigv4") => {}
            Some("none") => environment.search_auth = SearchAuth::None,
            Some(other) => error.malformed.push((SEARCH_AUTH, format!("is `{other}`, not `sigv4` or `none`"))),
        }
        if let Some(text) = optional(MINIMUM_NOTICE) {
            match text.parse() {
                Ok(days) => environment.minimum_notice = days,
                Err(reason) => error.malformed.push((MINIMUM_NOTICE, format!("cannot be read: {reason}"))),
            }
        }
        if error == EnvironmentError::default() { Ok(environment) } else { Err(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            ISSUERS => r#"[{"issuer":"https://i","jwks_uri":"https://i/keys","scope":"mesh/api"}]"#,
            API_URL => "https://mesh.example/",
            SEARCH_AUTH => "none",
            S3_ENDPOINT => "",
            MINIMUM_NOTICE => "30d",
            name if name.starts_with("MESH_") => "x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reads_a_complete_environment() {
        let environment = Environment::parse(complete).unwrap();
        assert_eq!(environment.issuers[0].scope, "mesh/api");
        assert_eq!(environment.api_url, "https://mesh.example");
        assert_eq!(environment.search_auth, SearchAuth::None);
        assert_eq!(environment.s3_endpoint, None);
        assert_eq!(environment.minimum_notice, Days(30));
    }

    #[test]
    fn names_everything_that_is_wrong_at_once() {
        let error = Environment::parse(|name| match name {
            EVENT_BUS => None,
            KMS_KEY => Some(String::new()),
            ISSUERS => Some("[]".to_owned()),
            SEARCH_AUTH => Some("basic".to_owned()),
            name => complete(name),
        })
        .unwrap_err();
        assert_eq!(error.missing, [EVENT_BUS, KMS_KEY]);
        assert_eq!(
            error.to_string(),
            "the environment is incomplete; unset: `MESH_EVENT_BUS`, `MESH_KMS_KEY`; `MESH_ISSUERS` names no issuer; \
             `MESH_SEARCH_AUTH` is `basic`, not `sigv4` or `none`"
        );
    }
}
