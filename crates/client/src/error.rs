//! Why a request did not succeed.

use mesh_api::Problem;
use url::Url;

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client is set up wrongly.
    #[error("{0}")]
    Configuration(String),
    /// No answer came.
    #[error("`{place}` cannot be reached ({reason}): does the mesh run there?")]
    Unreachable { place: String, reason: String },
    /// No token could be had.
    #[error("no token could be had: {0}")]
    Token(String),
    /// The API refused or failed.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The answer is not what this version of the client knows.
    #[error("{0}")]
    Unexpected(String),
}

impl ClientError {
    /// The problem that the API answered, if it did.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// No answer came from `place`, a URL of which no more than its beginning is told.
    pub(crate) fn unreachable(place: &str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        Self::Unreachable { place: place.to_owned(), reason: text }
    }

    pub(crate) fn from_answer(status: u16, url: &Url, body: &[u8]) -> Self {
        let problem = serde_json::from_slice(body).unwrap_or_else(|_| {
            let shown: String = String::from_utf8_lossy(body).chars().take(200).collect();
            let mut problem = Problem::new(
                status,
                "client.unknown_answer",
                "Unknown answer",
                format!("`{url}` answered with HTTP status {status} and what this API does not say: {shown}"),
            );
            problem.remedy = Some("check the endpoint (in Terraform `endpoint` or `MESH_ENDPOINT`): it is the API's base URL, which changes when a mesh is made anew".to_owned());
            problem.instance = url.path().to_owned();
            problem
        });
        Self::Problem(Box::new(problem))
    }
}
