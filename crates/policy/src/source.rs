//! The text of a policy: its level, the domain it speaks for, its modules.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who defines a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The platform team: `mesh.global.<rule>`, and `mesh.lib.<name>`, which all may read.
    Global,
    /// A domain's stewards: `mesh.domains.<domain>.<rule>`.
    Domain,
    /// The product level: `mesh.product`, the only one that offers.
    Product,
}

impl Level {
    /// The word in decisions and paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Domain => "domain",
            Self::Product => "product",
        }
    }
}

/// The modules that one level contributes to a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicySource {
    /// Who defines it.
    pub level: Level,
    /// The domain it speaks for, at level `domain` only.
    pub domain: Option<String>,
    /// Rego text by path; the path names the module in errors.
    pub modules: BTreeMap<String, String>,
}

impl PolicySource {
    /// Global policies and the library.
    pub fn global(modules: BTreeMap<String, String>) -> Self {
        Self { level: Level::Global, domain: None, modules }
    }

    /// The policies of `domain`'s stewards.
    pub fn domain(domain: &str, modules: BTreeMap<String, String>) -> Self {
        Self { level: Level::Domain, domain: Some(domain.to_owned()), modules }
    }

    /// Offers.
    pub fn product(modules: BTreeMap<String, String>) -> Self {
        Self { level: Level::Product, domain: None, modules }
    }
}

/// Digest over sources: 16 hexadecimal digits. Lengths are part of it, so that no two lists of
/// modules run together into the same bytes.
pub(crate) fn revision(sources: &[&PolicySource]) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.len().to_be_bytes());
        digest.update(text.as_bytes());
    };
    for source in sources {
        add(source.level.as_str());
        add(source.domain.as_deref().unwrap_or(""));
        add(&source.modules.len().to_string());
        for (path, text) in &source.modules {
            add(path);
            add(text);
        }
    }
    let mut revision = hex::encode(digest.finalize());
    revision.truncate(16);
    revision
}
