//! The provider's configuration: which mesh, as whom, for which domain.

use std::collections::BTreeMap;

use mesh_client::{Client, ClientCredentials, TokenSource};
use tfplugin::{Attribute, Diagnostic, Diagnostics, Schema, Value};

use crate::problem::diagnose;

/// Base URL of the API.
pub const ENDPOINT: &str = "MESH_ENDPOINT";
/// A bearer token.
pub const TOKEN: &str = "MESH_TOKEN";
/// A machine client's id.
pub const CLIENT_ID: &str = "MESH_CLIENT_ID";
/// A machine client's secret.
pub const CLIENT_SECRET: &str = "MESH_CLIENT_SECRET";
/// The OAuth2 token endpoint.
pub const TOKEN_URL: &str = "MESH_TOKEN_URL";
/// The OAuth2 scope.
pub const SCOPE: &str = "MESH_SCOPE";
/// The acting domain.
pub const DOMAIN: &str = "MESH_DOMAIN";

const VARIABLES: [&str; 7] = [ENDPOINT, TOKEN, CLIENT_ID, CLIENT_SECRET, TOKEN_URL, SCOPE, DOMAIN];

/// The scope that `infra/` gives the API in the user pool it makes.
const DEFAULT_SCOPE: &str = "mesh/api";

/// The environment variables that stand in for attributes of the provider block.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<&'static str, String>);

impl std::fmt::Debug for Environment {
    /// The names only: some of the values are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The variables of this process; empty ones count as not set.
    pub fn of_process() -> Self {
        let set = |name: &'static str| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?));
        Self(VARIABLES.into_iter().filter_map(set).collect())
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// The provider block.
pub fn schema() -> Schema {
    let text = |name: &str, variable: &str, what: &str| {
        Attribute::string(name).optional().describe(&format!("{what} Else the environment variable `{variable}`."))
    };
    Schema::new(
        "Declares data products, their domains and the contracts between them.",
        [
            text("endpoint", ENDPOINT, "Base URL of the mesh's API."),
            text("token", TOKEN, "Bearer token. Alternatively, a client's id and secret.").sensitive(),
            text("client_id", CLIENT_ID, "Id of a machine client."),
            text("client_secret", CLIENT_SECRET, "The machine client's secret.").sensitive(),
            text("token_url", TOKEN_URL, "OAuth2 token endpoint for the machine client."),
            text("scope", SCOPE, &format!("OAuth2 scope to ask for; `{DEFAULT_SCOPE}` where none is given.")),
            text(
                "acting_domain",
                DOMAIN,
                "The domain to act for, where a resource does not say it: products act for the domain in their manifest, contracts for their `consumer_domain`, domains and envelopes for `platform`.",
            ),
        ],
    )
}

/// The configured provider.
#[derive(Debug)]
pub enum Mesh {
    Ready {
        client: Box<Client>,
        acting_domain: Option<String>,
    },
    /// Attributes of the provider block depend on what is still to be created: the plan goes on without the API.
    NotYetKnown,
}

impl Mesh {
    /// Reads the provider block.
    pub fn connect(config: &Value, environment: &Environment) -> Result<Self, Diagnostics> {
        if !config.is_wholly_known() {
            return Ok(Self::NotYetKnown);
        }
        let configured =
            |attribute: &str| config.get(attribute).as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let setting = |attribute: &str, variable: &str| configured(attribute).or_else(|| environment.get(variable));
        let required = |attribute: &str, variable: &str| {
            let missing = || {
                Diagnostic::error(format!("the provider needs `{attribute}`"))
                    .detail(format!("Set it in the provider block, or set the environment variable `{variable}`."))
                    .at(attribute)
            };
            setting(attribute, variable).ok_or_else(missing)
        };
        let endpoint = required("endpoint", ENDPOINT)?;
        // What stands in the configuration counts before the environment, whichever of the two ways it is.
        let token = if configured("client_id").is_some() { configured("token") } else { setting("token", TOKEN) };
        let source = match token {
            Some(token) => TokenSource::given(token),
            None if setting("client_id", CLIENT_ID).is_none() => {
                return Err(Diagnostic::error("the provider needs credentials")
                    .detail(format!(
                        "Set `token` (`{TOKEN}`), or `client_id`, `client_secret` and `token_url` (`{CLIENT_ID}`, `{CLIENT_SECRET}`, `{TOKEN_URL}`)."
                    ))
                    .into());
            }
            None => TokenSource::client(ClientCredentials {
                client_id: required("client_id", CLIENT_ID)?,
                client_secret: required("client_secret", CLIENT_SECRET)?,
                token_url: required("token_url", TOKEN_URL)?,
                scope: setting("scope", SCOPE).unwrap_or_else(|| DEFAULT_SCOPE.to_owned()),
            }),
        };
        let acting_domain = setting("acting_domain", DOMAIN);
        let client = Client::new(&endpoint, source, acting_domain.clone()).map_err(|error| diagnose(&error))?;
        Ok(Self::Ready { client: Box::new(client), acting_domain })
    }

    /// The client, acting for the configured domain.
    pub fn client(&self) -> Result<Client, Diagnostics> {
        match self {
            Self::Ready { client, .. } => Ok(client.as_ref().clone()),
            Self::NotYetKnown => Err(Diagnostic::error("the provider's configuration is not known yet")
                .detail("It depends on something that is still to be created. Apply that first.")
                .into()),
        }
    }

    /// The client, acting for `domain` whatever is configured.
    pub fn acting_for(&self, domain: &str) -> Result<Client, Diagnostics> {
        Ok(self.client()?.acting_for(domain))
    }

    /// The client, acting for `domain` unless another one is configured.
    pub fn acting_by_default_for(&self, domain: &str) -> Result<Client, Diagnostics> {
        match self {
            Self::Ready { acting_domain: None, .. } => self.acting_for(domain),
            _ => self.client(),
        }
    }

    /// Whether the API can be asked.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(config: &[(&str, Value)], environment: &[(&'static str, &str)]) -> Result<Mesh, String> {
        let config = Value::object(config.iter().cloned()).conform(schema().value_type()).unwrap();
        let environment = Environment(environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
        Mesh::connect(&config, &environment).map_err(|found| found.iter().map(|d| d.summary.clone()).collect())
    }

    #[test]
    fn configuration_and_environment_complete_each_other() {
        let endpoint = ("endpoint", Value::from("https://mesh.example.org"));
        assert!(connect(&[endpoint.clone(), ("token", "t".into())], &[]).is_ok());
        assert!(connect(std::slice::from_ref(&endpoint), &[(TOKEN, "t")]).is_ok());
        assert!(
            connect(
                &[],
                &[
                    (ENDPOINT, "https://mesh.example.org"),
                    (CLIENT_ID, "c"),
                    (CLIENT_SECRET, "s"),
                    (TOKEN_URL, "https://t.example.org")
                ]
            )
            .is_ok()
        );
        assert_eq!(connect(&[], &[(TOKEN, "t")]).unwrap_err(), "the provider needs `endpoint`");
        assert_eq!(connect(std::slice::from_ref(&endpoint), &[]).unwrap_err(), "the provider needs credentials");
        assert_eq!(
            connect(&[endpoint, ("client_id", "c".into())], &[(TOKEN, "t")]).unwrap_err(),
            "the provider needs `client_secret`"
        );
        assert!(connect(&[("endpoint", "mesh".into()), ("token", "t".into())], &[]).is_err());
    }

    #[test]
    fn what_is_not_known_yet_is_no_error() {
        let mesh = connect(&[("endpoint", Value::unknown())], &[(TOKEN, "t")]).unwrap();
        assert!(!mesh.is_known());
        assert!(mesh.client().is_err());
    }
}
