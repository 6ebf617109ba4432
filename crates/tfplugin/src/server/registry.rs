//! What the provider offers, by type name, and the state that its calls share.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::value::{Type, Value, decode_msgpack, encode_msgpack};
use crate::{Context, DataSource, Diagnostic, Diagnostics, EphemeralResource, Named, Provider, Resource, Schema, wire};

/// The provider as Terraform calls it.
pub(super) struct Service<P: Provider> {
    pub provider: P,
    pub schema: Schema,
    resources: Offers<dyn Resource<P::Client>>,
    data_sources: Offers<dyn DataSource<P::Client>>,
    ephemerals: Offers<dyn EphemeralResource<P::Client>>,
    configured: RwLock<Option<Configured<P::Client>>>,
    stop: watch::Sender<bool>,
}

/// One resource, data source or ephemeral resource with its schema, which is asked for once.
pub(super) struct Offer<T: ?Sized> {
    pub item: Box<T>,
    pub schema: Schema,
}

type Offers<T> = BTreeMap<&'static str, Offer<T>>;

struct Configured<C> {
    client: Arc<C>,
    terraform_version: Arc<str>,
}

impl<P: Provider> Service<P> {
    pub fn new(provider: P) -> Self {
        Self {
            schema: provider.schema(),
            resources: offers(provider.resources(), |item| item.schema()),
            data_sources: offers(provider.data_sources(), |item| item.schema()),
            ephemerals: offers(provider.ephemeral_resources(), |item| item.schema()),
            provider,
            configured: RwLock::new(None),
            stop: watch::channel(false).0,
        }
    }

    /// Cancels the calls that are running, and those to come.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub fn metadata(&self) -> wire::GetMetadataResponse {
        let names = |names: Vec<&&str>| {
            names.into_iter().map(|name| wire::TypeName { type_name: (*name).to_owned() }).collect()
        };
        wire::GetMetadataResponse {
            server_capabilities: Some(CAPABILITIES),
            diagnostics: Vec::new(),
            data_sources: names(self.data_sources.keys().collect()),
            resources: names(self.resources.keys().collect()),
            ephemeral_resources: names(self.ephemerals.keys().collect()),
        }
    }

    pub fn schemas(&self) -> wire::GetProviderSchemaResponse {
        let mut diagnostics = problems("the provider", &self.schema);
        diagnostics.extend(self.resources.iter().flat_map(|(name, offer)| problems(name, &offer.schema)));
        diagnostics.extend(self.data_sources.iter().flat_map(|(name, offer)| problems(name, &offer.schema)));
        diagnostics.extend(self.ephemerals.iter().flat_map(|(name, offer)| problems(name, &offer.schema)));
        wire::GetProviderSchemaResponse {
            provider: Some((&self.schema).into()),
            resource_schemas: schemas(&self.resources),
            data_source_schemas: schemas(&self.data_sources),
            ephemeral_resource_schemas: schemas(&self.ephemerals),
            diagnostics: diagnostics.into(),
            server_capabilities: Some(CAPABILITIES),
        }
    }

    pub fn resource(&self, name: &str) -> Result<&Offer<dyn Resource<P::Client>>, Diagnostics> {
        self.resources.get(name).ok_or_else(|| unknown_type("resource", name))
    }

    pub fn data_source(&self, name: &str) -> Result<&Offer<dyn DataSource<P::Client>>, Diagnostics> {
        self.data_sources.get(name).ok_or_else(|| unknown_type("data source", name))
    }

    pub fn ephemeral(&self, name: &str) -> Result<&Offer<dyn EphemeralResource<P::Client>>, Diagnostics> {
        self.ephemerals.get(name).ok_or_else(|| unknown_type("ephemeral resource", name))
    }

    pub fn set_client(&self, client: P::Client, terraform_version: &str) {
        let configured = Configured { client: Arc::new(client), terraform_version: terraform_version.into() };
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(configured);
    }

    /// The context of a call that needs the client.
    pub fn context(&self, private: Vec<u8>) -> Result<Context<P::Client>, Diagnostics> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        let Some(Configured { client, terraform_version }) = configured.as_ref() else {
            return Err(Diagnostic::error("the provider is not configured").into());
        };
        Ok(Context::new(client.clone(), terraform_version.clone(), self.stop.subscribe(), private))
    }

    /// The context of a call before the client exists.
    pub fn bare_context(&self, terraform_version: &str) -> Context<()> {
        Context::new(Arc::new(()), terraform_version.into(), self.stop.subscribe(), Vec::new())
    }

    /// Runs a validation, which finds things rather than fails.
    pub async fn check(&self, call: impl Future<Output = Diagnostics>) -> Diagnostics {
        let cx = self.bare_context("");
        match cx.guard(async { Ok(call.await) }).await {
            Some(found) => found,
            None => cx.take_diagnostics(),
        }
    }
}

const CAPABILITIES: wire::ServerCapabilities =
    wire::ServerCapabilities { plan_destroy: true, get_provider_schema_optional: true, move_resource_state: false };

fn offers<T: ?Sized>(items: Named<T>, schema: impl Fn(&T) -> Schema) -> Offers<T> {
    items.into_iter().map(|(name, item)| (name, Offer { schema: schema(&item), item })).collect()
}

fn schemas<T: ?Sized>(offers: &Offers<T>) -> BTreeMap<String, wire::Schema> {
    offers.iter().map(|(name, offer)| ((*name).to_owned(), (&offer.schema).into())).collect()
}

fn problems(name: &str, schema: &Schema) -> Diagnostics {
    let error = |problem: String| Diagnostic::error(format!("the schema of {name} is wrong")).detail(problem);
    schema.problems().into_iter().map(error).collect()
}

fn unknown_type(what: &str, name: &str) -> Diagnostics {
    Diagnostic::error(format!("this provider has no {what} `{name}`")).into()
}

/// Reads a value that Terraform sent. Nothing at all is null.
pub(super) fn decode(sent: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    let wrong =
        |reason: String| Diagnostic::error("Terraform sent a value that does not fit the schema").detail(reason);
    Ok(match sent {
        Some(value) if !value.msgpack.is_empty() => {
            decode_msgpack(&value.msgpack, ty).map_err(|error| wrong(error.to_string()))?
        }
        Some(value) if !value.json.is_empty() => {
            Value::from_state_json(&value.json, ty).map_err(|error| wrong(error.to_string()))?
        }
        _ => Value::Null,
    })
}

/// Makes what the provider's author returned fit the schema, without write-only values.
pub(super) fn fit(value: Value, schema: &Schema) -> Result<Value, Diagnostics> {
    let mut value = value.conform(&schema.ty).map_err(|mismatch| {
        Diagnostic::error("the provider returned a value that does not fit its schema")
            .detail(format!("This is a bug in the provider: {mismatch}."))
    })?;
    crate::plan::forget_write_only(&schema.fields, &mut value);
    Ok(value)
}

/// Refuses a value with unknown parts, which may only be planned.
pub(super) fn wholly_known(value: Value) -> Result<Value, Diagnostics> {
    match value.first_unknown() {
        None => Ok(value),
        Some(path) => Err(Diagnostic::error("the provider left a value unknown")
            .detail(format!("This is a bug in the provider: `{path}` must be known by now."))
            .into()),
    }
}

/// The wire form of a value that fits `schema`.
pub(super) fn encode(value: &Value, schema: &Schema) -> Result<wire::DynamicValue, Diagnostics> {
    let msgpack = encode_msgpack(value, &schema.ty)
        .map_err(|error| Diagnostic::error("the provider's value cannot be sent").detail(error.to_string()))?;
    Ok(wire::DynamicValue { msgpack, json: Vec::new() })
}
