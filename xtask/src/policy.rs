//! Publishes what lies in `policies/`: the global rules, the products' offers, each domain's own rules.

use anyhow::{Context, Result, bail};
use mesh_api::types::{PolicyBundle, PolicyInput};
use mesh_client::{Client, ClientError};
use mesh_core::principal::PLATFORM;
use mesh_policy::folder;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Whose policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Global,
    Products,
    Domain(String),
}

impl Scope {
    /// All scopes that have policies in the folder `policies`, in the order in which they can be published.
    pub fn all(policies: &Path) -> Result<Vec<Self>> {
        let mut scopes = vec![Self::Global, Self::Products];
        scopes.extend(folder::domains(policies)?.into_iter().map(Self::Domain));
        Ok(scopes)
    }

    /// The domain whose owner or steward publishes them.
    pub fn publisher(&self) -> &str {
        match self {
            Self::Global | Self::Products => PLATFORM,
            Self::Domain(domain) => domain,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Products => formatter.write_str("products"),
            Self::Domain(domain) => write!(formatter, "domains/{domain}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("domains/")) {
            ("global", _) => Ok(Self::Global),
            ("products", _) => Ok(Self::Products),
            (_, Some(domain)) if !domain.is_empty() => Ok(Self::Domain(domain.to_owned())),
            _ => Err(format!("`{text}` is not a scope: write global, products or domains/DOMAIN")),
        }
    }
}

/// Publish the policies that the folder `policies` holds for `scope`. Publishing equal content changes nothing.
pub async fn publish(policies: &Path, scope: &Scope, api: &Client) -> Result<PolicyBundle> {
    let source = match scope {
        Scope::Global => folder::global(policies),
        Scope::Products => folder::product(policies),
        Scope::Domain(domain) => match folder::domain(policies, domain)
            .with_context(|| format!("the policies of `{scope}` cannot be read"))?
        {
            Some(source) => Ok(source),
            None => bail!("`{}` holds no policies of `{domain}`", policies.display()),
        },
    };
    let source = source.with_context(|| format!("the policies of `{scope}` cannot be read"))?;
    let input = PolicyInput { modules: source.modules };
    match api.publish_policies(&scope.to_string(), &input).await {
        Ok(bundle) => Ok(bundle),
        Err(error) => bail!("the policies of `{scope}` were not published: {}", told(&error)),
    }
}

/// A refusal with every reason that the API gave.
pub fn told(error: &ClientError) -> String {
    let mut text = error.to_string();
    if let Some(problem) = error.problem() {
        text = format!("{} {} ({})", problem.status, text, problem.code);
        for single in &problem.errors {
            text = format!("{text}\n  {} {}: {}", single.code, single.pointer, single.detail);
        }
        if let Some(remedy) = &problem.remedy {
            text = format!("{text}\n  remedy: {remedy}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["global", "products", "domains/operations"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for text in ["", "domains/", "operations"] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }
}
