//! `mesh_domain_envelope`: binds a domain to its storage, key, catalogue, roles and alerts.

use async_trait::async_trait;
use mesh_api::types::Envelope;
use mesh_client::Client;
use tfplugin::{Attribute, Change, Context, Diagnostics, Plan, Resource, Schema, Value};

use crate::connection::Mesh;
use crate::domain::{PLATFORM, imported, valid_name};
use crate::problem::{diagnose, diagnose_fields, is_gone};

/// The resource `mesh_domain_envelope`.
#[derive(Debug)]
pub struct EnvelopeResource;

/// The attributes that the API knows by the same names.
const PARTS: [(&str, &str); 7] = [
    ("bucket", "Name of the domain's bucket."),
    ("key_arn", "ARN of the KMS key that encrypts it."),
    ("glue_database", "Name of the domain's Glue database."),
    ("reader_role_arn", "ARN of the role by which ports are read."),
    ("producer_role_arn", "ARN of the role by which ports are written."),
    ("observer_role_arn", "ARN of the role by which the platform looks after the storage."),
    ("alert_topic_arn", "ARN of the SNS topic that hears of broken promises."),
];

#[async_trait]
impl Resource<Mesh> for EnvelopeResource {
    fn schema(&self) -> Schema {
        let domain = [
            Attribute::string("id").computed().use_state_for_unknown().describe("The domain's name."),
            Attribute::string("domain").required().requires_replace().describe("The domain's name."),
        ];
        let parts = PARTS.iter().map(|(name, what)| Attribute::string(name).required().describe(what));
        Schema::new(
            "Binds a domain to its envelope. Each bucket, key, database and role belongs to one domain only. Only owners of the domain `platform` bind envelopes.",
            domain.into_iter().chain(parts),
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        valid_name(config, "domain")
    }

    async fn modify_plan(&self, _cx: &Context<Mesh>, plan: &mut Plan) -> Result<(), Diagnostics> {
        let domain = plan.planned().get("domain").clone();
        plan.set("id", domain);
        Ok(())
    }

    async fn create(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        bind(cx, &change.planned).await
    }

    async fn read(&self, cx: &Context<Mesh>, state: &Value) -> Result<Option<Value>, Diagnostics> {
        let domain = domain(state);
        let envelope = client(cx)?.envelope(domain).await.map_err(|error| diagnose(&error))?;
        envelope.as_ref().map(|envelope| self::state(domain, envelope)).transpose()
    }

    async fn update(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        bind(cx, &change.planned).await
    }

    async fn delete(&self, cx: &Context<Mesh>, state: &Value) -> Result<(), Diagnostics> {
        match client(cx)?.release_envelope(domain(state)).await {
            Err(error) if !is_gone(&error) => Err(diagnose(&error)),
            _ => Ok(()),
        }
    }

    async fn import(&self, _cx: &Context<Mesh>, id: &str) -> Result<Value, Diagnostics> {
        imported(id)?;
        Ok(Value::object([("id", id), ("domain", id)]))
    }
}

fn client(cx: &Context<Mesh>) -> Result<Client, Diagnostics> {
    cx.client().acting_by_default_for(PLATFORM)
}

fn domain(state: &Value) -> &str {
    state.get("domain").as_str().unwrap_or_default()
}

async fn bind(cx: &Context<Mesh>, planned: &Value) -> Result<Value, Diagnostics> {
    let envelope: Envelope = Value::object(PARTS.map(|(name, _)| (name, planned.get(name).clone()))).read()?;
    let bound = client(cx)?.bind_envelope(domain(planned), &envelope).await;
    state(domain(planned), &bound.map_err(|error| diagnose_fields(&error, &PARTS.map(|(name, _)| name)))?)
}

fn state(domain: &str, envelope: &Envelope) -> Result<Value, Diagnostics> {
    let json = serde_json::to_value(envelope).map_err(tfplugin::BadValue::from)?;
    let text = |name: &str| json.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let parts = PARTS.map(|(name, _)| (name, text(name).into()));
    Ok(Value::object([("id", Value::from(domain)), ("domain", domain.into())].into_iter().chain(parts)))
}
