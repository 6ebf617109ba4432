//! Why a use case refused or failed, as values that the HTTP layer turns into problem details.

use mesh_manifest::{Diagnostic, DomainName};

/// What a store, index or service answered instead of succeeding.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first, or a condition did not hold.
    #[error("another change came first")]
    Conflict,
    /// The service cannot be reached, is throttling, or failed.
    #[error("{service} is unavailable")]
    Unavailable {
        /// Which service, such as `DynamoDB`.
        service: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The service answered, and will not do it: a right is missing, or what it was asked about is not there.
    #[error("{service} denied the request: {detail}")]
    Denied { service: &'static str, detail: String },
    /// The cursor is not one that this list gave out.
    #[error("the cursor is not one that this list gave out")]
    InvalidCursor,
    /// The change does not fit into one transaction or item.
    #[error("the change is too large to be stored: {detail}")]
    TooLarge { detail: String },
    /// What is stored cannot be read: a defect or an older format.
    #[error("stored {what} cannot be read: {detail}")]
    Corrupt { what: &'static str, detail: String },
}

impl StoreError {
    /// The service failed for `source`.
    pub fn unavailable(service: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { service, source: source.into() }
    }

    /// The service refused for the reason `detail`.
    pub fn denied(service: &'static str, detail: impl ToString) -> Self {
        Self::Denied { service, detail: detail.to_string() }
    }

    /// Stored data of kind `what` is unreadable for the reason `detail`.
    pub fn corrupt(what: &'static str, detail: impl ToString) -> Self {
        Self::Corrupt { what, detail: detail.to_string() }
    }
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Stable code, such as `evolution.field_removed`.
    pub code: String,
    /// JSON pointer into the request's document; empty for the whole.
    pub pointer: String,
    pub detail: String,
    pub remedy: Option<String>,
    /// Line and column in the text that was sent, where there is one.
    pub position: Option<(usize, usize)>,
}

impl Violation {
    /// A violation at `pointer`.
    pub fn new(code: impl Into<String>, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), pointer: pointer.into(), detail: detail.into(), remedy: None, position: None }
    }

    /// The same violation with what to do about it.
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl From<Diagnostic> for Violation {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            code: diagnostic.code,
            pointer: diagnostic.pointer,
            detail: diagnostic.message,
            remedy: diagnostic.remedy,
            position: (diagnostic.line > 0).then_some((diagnostic.line, diagnostic.column)),
        }
    }
}

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// The request itself is wrong.
    #[error("the request is not valid")]
    Invalid(Vec<Violation>),
    /// The caller may not do that.
    #[error("{detail}")]
    Forbidden { code: &'static str, detail: String, remedy: Option<String>, violations: Vec<Violation> },
    /// There is no such thing, or the caller may not know of it.
    #[error("{what} `{id}` does not exist")]
    NotFound { what: &'static str, id: String },
    /// It stands against what is stored.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String, remedy: Option<String>, violations: Vec<Violation> },
    /// The contract rules or policies refuse what was asked.
    #[error("{detail}")]
    Refused { code: &'static str, detail: String, violations: Vec<Violation> },
    /// It was there, and will not be again.
    #[error("{detail}")]
    Gone { code: &'static str, detail: String, remedy: Option<String>, successor: Option<String> },
    /// The caller belongs to several domains and did not say for which one it acts.
    #[error("you belong to several domains and named none: {}", list(.domains))]
    AmbiguousDomain { domains: Vec<DomainName> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(domains: &[DomainName]) -> String {
    domains.iter().map(DomainName::as_str).collect::<Vec<_>>().join(", ")
}

impl UseCaseError {
    /// There is no `what` called `id`, as far as the caller may know.
    pub fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// The caller may not do that.
    pub fn forbidden(code: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Forbidden { code, detail: detail.into(), remedy: Some(remedy.into()), violations: Vec::new() }
    }

    /// It stands against what is stored.
    pub fn conflict(code: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into(), remedy: Some(remedy.into()), violations: Vec::new() }
    }

    /// One thing is wrong with the request.
    pub fn invalid(code: &str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(code, pointer, detail)])
    }
}
