//! What a policy is asked about: the document that rules see as `input`.
//!
//! Every key must be present, nullable ones too: in Rego a rule on a missing field never fires, so
//! an absent key would let a request pass.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The question: may `principal` do `action` on `product` (and `port`)?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = require_all)]
pub struct PolicyInput {
    /// What is about to happen.
    pub action: Action,
    /// Who acts; for `publish`, the publisher.
    pub principal: Principal,
    /// The product acted upon.
    pub product: Product,
    /// All ports for `publish`; otherwise the one port.
    pub ports: Vec<Port>,
    /// The one port, or null for `publish`.
    #[serde(deserialize_with = "present")]
    pub port: Option<Port>,
    /// The consumption contract that covers the request, or null.
    #[serde(deserialize_with = "present")]
    pub contract: Option<Contract>,
    /// What the data is wanted for, or null where nothing was said.
    #[serde(deserialize_with = "present")]
    pub purpose: Option<String>,
    /// Whether the acting domain owns the product.
    pub same_domain: bool,
}

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Register a revision of the product.
    Publish,
    /// Read one port.
    Read,
    /// Write one port.
    Write,
    /// Take a consumption contract on one port.
    Contract,
}

impl Action {
    /// The word that policies see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Read => "read",
            Self::Write => "write",
            Self::Contract => "contract",
        }
    }
}

/// Who acts, and for which domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// `issuer|subject`.
    pub id: String,
    /// The acting domain.
    pub domain: String,
    /// Roles held in the acting domain: `owner`, `steward`, `producer`, `consumer`, approver roles.
    pub roles: Vec<String>,
}

/// The product acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// `operations.flights`.
    pub id: String,
    /// The owning domain.
    pub domain: String,
    /// `flights`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Who answers for it.
    pub owner: Owner,
    /// `public`, `internal`, `confidential` or `restricted`.
    pub classification: String,
    /// Days that data is kept.
    pub retention_days: u32,
    /// `append-only` or `mutable`.
    pub mutability: String,
    /// To whom it is offered.
    pub access: Access,
}

/// Who answers for a product; empty text where the manifest says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Team.
    pub team: String,
    /// Where to reach it.
    pub contact: String,
}

/// To whom a product is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// `hidden`, `domain` or `company`.
    pub visibility: String,
    /// Purposes that the owner accepts; empty means any.
    pub purposes: Vec<String>,
}

/// An output port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// `daily`.
    pub name: String,
    /// The port's major version.
    pub major: u32,
    /// `iceberg`, `parquet`, `csv`, `json`…
    pub format: String,
    /// The promise.
    pub sla: Sla,
    /// The schema's fields, in order.
    pub fields: Vec<Field>,
}

/// The promise of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// Minutes after which data counts as stale.
    pub freshness_minutes: u64,
}

/// One field of a port's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = require_all)]
pub struct Field {
    /// Field name.
    pub name: String,
    /// Type as written in the manifest.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether every row has a value.
    pub required: bool,
    /// Personal data in it, or null.
    #[serde(deserialize_with = "present")]
    pub pii: Option<Pii>,
}

/// Personal data in a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pii {
    /// What it tells: `name`, `email`, `location`…
    pub category: String,
    /// `none`, `masked`, `tokenized` or `encrypted`.
    pub protection: String,
}

/// The consumption contract that covers a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// `operations.flights.<ulid>`.
    pub id: String,
    /// The domain that consumes.
    pub consumer_domain: String,
    /// `pending`, `active`, `rejected`, `expired` or `revoked`.
    pub status: String,
    /// What it was agreed for.
    pub purpose: String,
    /// Who has approved it.
    pub approvals: Vec<Approval>,
}

/// An approval given to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The role in which it was given.
    pub role: String,
    /// The principal who gave it.
    pub by: String,
}

impl PolicyInput {
    /// JSON pointers of what must be known before any rule is asked, and is not. Typed fields are
    /// there by construction; this finds the empty and the contradictory.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut need = |known: bool, pointer: &str| {
            if !known {
                missing.push(pointer.to_owned());
            }
        };
        let text = |value: &str| !value.trim().is_empty();
        need(text(&self.principal.id), "/principal/id");
        need(text(&self.principal.domain), "/principal/domain");
        need(text(&self.product.id), "/product/id");
        need(text(&self.product.domain), "/product/domain");
        need(text(&self.product.name), "/product/name");
        need(text(&self.product.classification), "/product/classification");
        need(text(&self.product.access.visibility), "/product/access/visibility");
        need(!self.ports.is_empty(), "/ports");
        if self.action != Action::Publish {
            need(self.port.is_some(), "/port");
            need(self.port.is_none() || self.ports.first() == self.port.as_ref(), "/ports/0");
            need(self.ports.len() <= 1, "/ports/1");
        }
        if let Some(contract) = &self.contract {
            need(text(&contract.id), "/contract/id");
            need(text(&contract.consumer_domain), "/contract/consumer_domain");
            need(text(&contract.status), "/contract/status");
        }
        need(!self.same_domain || self.principal.domain == self.product.domain, "/same_domain");
        missing
    }

    /// `operations.flights/daily@1`, or the product's id where no port is named.
    pub fn address(&self) -> String {
        match &self.port {
            Some(port) => format!("{}/{}@{}", self.product.id, port.name, port.major),
            None => self.product.id.clone(),
        }
    }
}

/// Reads a nullable key that must be there: with serde's default, an absent one would be null.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// Says the same in the schema.
fn require_all(schema: &mut schemars::Schema) {
    let keys: Vec<serde_json::Value> = schema
        .get("properties")
        .and_then(serde_json::Value::as_object)
        .map(|properties| properties.keys().cloned().map(Into::into).collect())
        .unwrap_or_default();
    schema.insert("required".to_owned(), keys.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> serde_json::Value {
        serde_json::json!({
            "action": "read",
            "principal": {"id": "iss|ann", "domain": "insights", "roles": ["consumer"]},
            "product": {
                "id": "operations.flights", "domain": "operations", "name": "flights",
                "version": "1.0.0", "owner": {"team": "Flight Ops", "contact": "ops@example.com"},
                "classification": "internal", "retention_days": 365, "mutability": "append-only",
                "access": {"visibility": "company", "purposes": []},
            },
            "ports": [{"name": "daily", "major": 1, "format": "iceberg",
                "sla": {"freshness_minutes": 60}, "fields": []}],
            "port": {"name": "daily", "major": 1, "format": "iceberg",
                "sla": {"freshness_minutes": 60}, "fields": []},
            "contract": null, "purpose": null, "same_domain": false,
        })
    }

    #[test]
    fn a_whole_input_round_trips() {
        let input: PolicyInput = serde_json::from_value(read()).unwrap();
        assert_eq!(serde_json::to_value(&input).unwrap(), read());
        assert_eq!(input.missing(), Vec::<String>::new());
        assert_eq!(input.address(), "operations.flights/daily@1");
    }

    #[test]
    fn every_key_must_be_there_even_a_nullable_one() {
        for key in ["action", "principal", "product", "ports", "port", "contract", "purpose", "same_domain"] {
            let mut value = read();
            value.as_object_mut().unwrap().remove(key);
            let error = serde_json::from_value::<PolicyInput>(value).unwrap_err();
            assert!(error.to_string().contains(key), "{key}: {error}");
        }
    }

    #[test]
    fn the_schema_asks_for_every_key() {
        let schema = schemars::schema_for!(PolicyInput).to_value();
        let required = schema["required"].as_array().unwrap();
        assert_eq!(required.len(), schema["properties"].as_object().unwrap().len());
    }

    #[test]
    fn the_empty_and_the_contradictory_are_missing() {
        let mut input: PolicyInput = serde_json::from_value(read()).unwrap();
        input.product.classification = " ".into();
        input.port = None;
        input.same_domain = true;
        assert_eq!(input.missing(), ["/product/classification", "/port", "/same_domain"]);
    }
}
