//! `mesh_consumption_contract`: asks for the right to read a port of another domain.

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_api::types::{Contract, ContractInput, ContractStatus};
use mesh_client::Client;
use mesh_manifest::{Minutes, PortAddress};
use serde::Deserialize;
use tfplugin::{Attribute, Change, Context, Diagnostic, Diagnostics, Resource, Schema, Type, Value};

use crate::connection::Mesh;
use crate::domain::valid_name;
use crate::problem::{diagnose, diagnose_fields, is_gone};

/// The resource `mesh_consumption_contract`.
#[derive(Debug)]
pub struct ContractResource;

#[derive(Deserialize)]
struct Wanted {
    port: PortAddress,
    consumer_domain: String,
    purpose: String,
    fields: Option<Vec<String>>,
    agreed_freshness: Option<Minutes>,
    contact: Option<String>,
    expires_at: Option<Timestamp>,
}

#[async_trait]
impl Resource<Mesh> for ContractResource {
    fn schema(&self) -> Schema {
        Schema::new(
            "A consumption contract, asked for by the consumer. It is `pending` until the port's domain approves it. Destroying revokes it. A change of its terms asks for another contract.",
            [
                Attribute::string("id").computed().use_state_for_unknown(),
                Attribute::string("port").required().requires_replace().describe("The port's address, such as `operations.flights/daily@1`."),
                Attribute::string("consumer_domain").required().requires_replace().describe("The domain that consumes."),
                Attribute::string("purpose").required().requires_replace().describe("What the data is wanted for."),
                Attribute::new("fields", Type::set(Type::String))
                    .optional()
                    .requires_replace()
                    .describe("The fields that are used; all where none are given. Changes of other fields do not concern you."),
                Attribute::string("agreed_freshness")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .describe("The oldest that the newest data may be, such as `60m`; what the port promises where none is given."),
                Attribute::string("contact")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .describe("Where the consumer is reached, shown to the port's owners; the consumer's domain where none is given."),
                Attribute::string("expires_at").optional().requires_replace().describe("When the contract ends, as RFC 3339; never where none is given."),
                Attribute::string("status")
                    .computed()
                    .use_state_for_unknown()
                    .describe("`pending`, `active`, `rejected`, `expired` or `revoked`."),
            ],
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = valid_name(config, "consumer_domain");
        let mut check = |attribute: &str, problem: fn(&str) -> Option<String>| {
            let problem = config.get(attribute).as_str().and_then(problem);
            found.extend(problem.map(|problem| Diagnostic::error(problem).at(attribute)));
        };
        check("port", |text| text.parse::<PortAddress>().err().map(|error| error.to_string()));
        check("agreed_freshness", |text| text.parse::<Minutes>().err().map(|error| error.to_string()));
        check("expires_at", |text| {
            text.parse::<Timestamp>().err().map(|_| format!("`{text}` is not a time: write `2027-01-31T00:00:00Z`"))
        });
        found
    }

    async fn create(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        let wanted: Wanted = change.planned.clone().unknown_as_null().read()?;
        let client = cx.client().acting_for(&wanted.consumer_domain)?;
        let input = ContractInput {
            port: wanted.port,
            purpose: wanted.purpose,
            fields: wanted.fields.unwrap_or_default(),
            agreed_freshness: wanted.agreed_freshness,
            contact: wanted.contact.unwrap_or_else(|| format!("domain {}", wanted.consumer_domain)),
            expires_at: wanted.expires_at,
        };
        let names = ["port", "purpose", "fields", "agreed_freshness", "contact", "expires_at"];
        let contract = client.request_contract(&input).await.map_err(|error| diagnose_fields(&error, &names))?;
        Ok(state(&contract, &change.planned))
    }

    async fn read(&self, cx: &Context<Mesh>, state: &Value) -> Result<Option<Value>, Diagnostics> {
        let contract = client(cx, state)?.contract(id(state)).await.map_err(|error| diagnose(&error))?;
        Ok(contract.map(|contract| self::state(&contract, state)))
    }

    async fn update(&self, _cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        // Every change of terms is a replacement.
        Ok(change.planned.clone())
    }

    async fn delete(&self, cx: &Context<Mesh>, state: &Value) -> Result<(), Diagnostics> {
        let client = client(cx, state)?;
        let contract = client.contract(id(state)).await.map_err(|error| diagnose(&error))?;
        let live =
            contract.filter(|contract| matches!(contract.status, ContractStatus::Pending | ContractStatus::Active));
        if live.is_none() {
            return Ok(());
        }
        match client.decide_contract(id(state), "revoke", Some("no longer declared by the consumer")).await {
            Err(error) if !is_gone(&error) => Err(diagnose(&error)),
            _ => Ok(()),
        }
    }

    async fn import(&self, _cx: &Context<Mesh>, id: &str) -> Result<Value, Diagnostics> {
        Ok(Value::object([("id", id)]))
    }
}

fn id(state: &Value) -> &str {
    state.get("id").as_str().unwrap_or_default()
}

/// Acting for the consumer; for the configured domain where the consumer is not known, as after an import.
fn client(cx: &Context<Mesh>, state: &Value) -> Result<Client, Diagnostics> {
    match state.get("consumer_domain").as_str() {
        Some(domain) => cx.client().acting_for(domain),
        None => cx.client().client(),
    }
}

/// The contract's state, in the words of `known` where they mean the same: `60m` and `1h`, `+00:00` and `Z`, no fields and none.
fn state(contract: &Contract, known: &Value) -> Value {
    let freshness = known.get("agreed_freshness").clone();
    let same_freshness = freshness.as_str().and_then(|text| text.parse().ok()) == Some(contract.agreed_freshness);
    let expiry = known.get("expires_at").clone();
    let same_expiry = expiry.as_str().and_then(|text| text.parse::<Timestamp>().ok()) == contract.expires_at;
    let fields = Value::from(contract.fields.clone());
    let no_fields = contract.fields.is_empty() && known.get("fields").is_null();
    Value::object([
        ("id", contract.id.as_str().into()),
        ("port", contract.port.to_string().into()),
        ("consumer_domain", contract.consumer_domain.as_str().into()),
        ("purpose", contract.purpose.as_str().into()),
        ("fields", if no_fields { Value::Null } else { fields }),
        ("agreed_freshness", if same_freshness { freshness } else { contract.agreed_freshness.to_string().into() }),
        ("contact", contract.contact.as_str().into()),
        ("expires_at", if same_expiry { expiry } else { contract.expires_at.map(|at| at.to_string()).into() }),
        ("status", contract.status.as_str().into()),
    ])
}
