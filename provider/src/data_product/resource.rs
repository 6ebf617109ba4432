//! The resource `mesh_data_product`: registered, waited for, and retired at its end.

use std::time::Duration;

use async_trait::async_trait;
use mesh_api::types::{Product, Status};
use mesh_client::{Client, RegisterOptions};
use tfplugin::{Attribute, Change, Context, Diagnostic, Diagnostics, Plan, Resource, Schema, Value};
use tokio::time::Instant;

use super::{attributes, computed, domain_of, manifest_text, plan};
use crate::connection::Mesh;
use crate::findings;
use crate::problem::{diagnose, diagnose_manifest, is_gone};

/// How long to wait for the product to be active where the configuration does not say.
const DEFAULT_WAIT: i64 = 120;
/// The longest that the platform itself waits within one request.
const SERVER_WAIT: u64 = 20;
const POLL: Duration = Duration::from_secs(1);

/// The resource `mesh_data_product`.
#[derive(Debug)]
pub struct DataProductResource;

#[async_trait]
impl Resource<Mesh> for DataProductResource {
    fn schema(&self) -> Schema {
        let own = [
            Attribute::string("id").computed().describe("Such as `operations.flights`."),
            Attribute::string("manifest")
                .required()
                .describe("The manifest, YAML or JSON: `file(\"dataproduct.yaml\")`. Another domain or name makes another product."),
            Attribute::string("findings_digest").optional().write_only().describe(
                "The `findings_digest` of a `mesh_impact`: registration is refused if the findings are not those of the plan.",
            ),
            Attribute::number("wait")
                .default(DEFAULT_WAIT)
                .describe("Seconds to wait until the product is active; 0 does not wait."),
        ];
        Schema::new(
            "A data product, registered by its manifest. The plan shows what registration would refuse, with the manifest's line. Destroying retires the product: its name stays with the domain.",
            own.into_iter().chain(computed()),
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        if let Some(Err(problems)) = config.get("manifest").as_str().map(findings::parse) {
            found.extend(problems);
        }
        if config.get("wait").as_number().is_some_and(|wait| wait.to_u64().is_none()) {
            found.push(Diagnostic::error("`wait` is a whole number of seconds, 0 or more").at("wait"));
        }
        found
    }

    async fn modify_plan(&self, cx: &Context<Mesh>, plan: &mut Plan) -> Result<(), Diagnostics> {
        plan::refine(cx, plan).await
    }

    async fn create(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        let manifest = findings::parse(text(&change.planned))?;
        let client = cx.client().acting_for(manifest.domain.as_str())?;
        let id = manifest.id().to_string();
        let existing = client.product(&id).await.map_err(|error| diagnose(&error))?;
        if existing.is_some_and(|product| product.status != Status::Retired) {
            return Err(Diagnostic::error(format!("the data product `{id}` exists already"))
                .detail(format!("It is managed elsewhere, or its state was lost. To manage it here, import it: `terraform import ADDRESS {id}`."))
                .at("manifest")
                .into());
        }
        register(cx, &client, change).await
    }

    async fn read(&self, cx: &Context<Mesh>, state: &Value) -> Result<Option<Value>, Diagnostics> {
        let id = state.get("id").as_str().unwrap_or_default();
        let found = cx.client().acting_for(&domain_of(id)?)?.product(id).await.map_err(|error| diagnose(&error))?;
        // A retired product is gone as far as its declaration is concerned; registering brings it back.
        let Some(product) = found.filter(|product| product.status != Status::Retired) else { return Ok(None) };
        let wait = if state.get("wait").is_null() { DEFAULT_WAIT.into() } else { state.get("wait").clone() };
        let unchanged = state.get("digest").as_str() == Some(&product.digest);
        // Equal content may be written in other words: the state keeps those of the configuration.
        let manifest = if unchanged { text(state).to_owned() } else { manifest_text(&product) };
        Ok(Some(as_state(&product, &manifest, &wait)))
    }

    async fn update(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        let status = change.planned.get("status");
        if !status.is_unknown() {
            // Only the text or the wait changed, not the content.
            return Ok(change.planned.clone());
        }
        let manifest = findings::parse(text(&change.planned))?;
        register(cx, &cx.client().acting_for(manifest.domain.as_str())?, change).await
    }

    async fn delete(&self, cx: &Context<Mesh>, state: &Value) -> Result<(), Diagnostics> {
        let id = state.get("id").as_str().unwrap_or_default();
        match cx.client().acting_for(&domain_of(id)?)?.retire(id).await {
            Err(error) if !is_gone(&error) => Err(diagnose(&error)),
            _ => Ok(()),
        }
    }

    async fn import(&self, _cx: &Context<Mesh>, id: &str) -> Result<Value, Diagnostics> {
        domain_of(id)?;
        Ok(Value::object([("id", id)]))
    }
}

fn text(values: &Value) -> &str {
    values.get("manifest").as_str().unwrap_or_default()
}

fn as_state(product: &Product, manifest: &str, wait: &Value) -> Value {
    let own = [("manifest", Value::from(manifest)), ("wait", wait.clone())];
    Value::object(attributes(product).into_iter().chain(own))
}

/// Registers, and waits until the product is active. The state is saved before the wait: the registration stands whatever comes of it.
async fn register(cx: &Context<Mesh>, client: &Client, change: &Change) -> Result<Value, Diagnostics> {
    let wait = change.planned.get("wait");
    let seconds = wait.as_number().and_then(tfplugin::Number::to_u64).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let options = RegisterOptions {
        findings_digest: change.config.get("findings_digest").as_str(),
        wait: (seconds > 0).then(|| seconds.min(SERVER_WAIT)),
        ..RegisterOptions::default()
    };
    let manifest = text(&change.planned);
    let mut product = client.register(manifest, &options).await.map_err(|error| diagnose_manifest(&error))?;
    loop {
        let state = as_state(&product, manifest, wait);
        cx.save(state.clone());
        match product.status {
            Status::Provisioning if seconds == 0 => return Ok(state),
            Status::Provisioning => {}
            Status::Active => return Ok(state),
            Status::Failed | Status::Retired => return Err(not_active(&product, "could not be made available")),
        }
        if Instant::now() >= deadline {
            return Err(not_active(&product, &format!("is not active after {seconds} s")));
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = cx.cancelled() => return Err(not_active(&product, "was not waited for to the end")),
        }
        let found = client.product(&product.id).await.map_err(|error| diagnose(&error))?;
        product = found.ok_or_else(|| {
            Diagnostic::error(format!("the data product `{}` vanished while it was waited for", product.id))
        })?;
    }
}

fn not_active(product: &Product, what: &str) -> Diagnostics {
    let status =
        format!("It is registered as revision {} with the status `{}`.", product.revision, product.status.as_str());
    let detail = product
        .status_detail
        .as_deref()
        .map(|detail| format!(" {}", crate::sentence::sentence(detail)))
        .unwrap_or_default();
    Diagnostic::error(format!("the data product `{}` {what}", product.id))
        .detail(format!("{status}{detail} Once the cause is gone, the next apply goes on from here."))
        .at("manifest")
        .into()
}
