//! The traits that a provider's author implements.

use std::time::SystemTime;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::{Context, Diagnostic, Diagnostics, Plan, Schema, Value};

/// A provider: its configuration, and what it manages. Serve it with [`serve`](crate::serve).
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// What a configured provider shares with its resources, such as an HTTP client.
    type Client: Send + Sync + 'static;

    fn schema(&self) -> Schema;

    /// Checks the provider's configuration, parts of which may be unknown.
    async fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Makes the client. While another resource of the same apply is still to be created, parts of the configuration may be
    /// unknown: then make a client that says so where it is used.
    async fn configure(&self, cx: &Context<()>, config: &Value) -> Result<Self::Client, Diagnostics>;

    /// Managed resources by type name (`mesh_domain`).
    fn resources(&self) -> Named<dyn Resource<Self::Client>>;

    fn data_sources(&self) -> Named<dyn DataSource<Self::Client>> {
        Vec::new()
    }

    fn ephemeral_resources(&self) -> Named<dyn EphemeralResource<Self::Client>> {
        Vec::new()
    }
}

/// Things of one kind by their type names.
pub type Named<T> = Vec<(&'static str, Box<T>)>;

/// What to make real: Terraform's planned state and the configuration, which alone has the write-only values.
#[derive(Debug, Clone)]
pub struct Change {
    pub config: Value,
    /// Null on creation.
    pub prior: Value,
    /// Attributes that are unknown here are the provider's to set; all others must come back as they are.
    pub planned: Value,
}

/// A managed resource.
///
/// A panic in any method becomes an error on the resource. Values that are returned need not name attributes that are null.
#[async_trait]
pub trait Resource<C: Send + Sync + 'static>: Send + Sync + 'static {
    fn schema(&self) -> Schema;

    /// Checks the configuration alone, without a client; parts may be unknown.
    async fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Refines the default plan, or refuses it. Called several times for one change, also for destructions; it must change nothing.
    async fn modify_plan(&self, _cx: &Context<C>, _plan: &mut Plan) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Creates the resource and returns its state. What was given to [`Context::save`] before a failure is kept, as a tainted resource.
    async fn create(&self, cx: &Context<C>, change: &Change) -> Result<Value, Diagnostics>;

    /// The present state, or none if the resource is gone.
    async fn read(&self, cx: &Context<C>, state: &Value) -> Result<Option<Value>, Diagnostics>;

    /// Brings the resource to the planned state. After a failure the prior state is kept, or what was given to [`Context::save`].
    async fn update(&self, cx: &Context<C>, change: &Change) -> Result<Value, Diagnostics>;

    /// Removes the resource; succeeds if it is gone already.
    async fn delete(&self, cx: &Context<C>, state: &Value) -> Result<(), Diagnostics>;

    /// The least state from which [`Resource::read`] can find the resource with this identifier.
    async fn import(&self, _cx: &Context<C>, id: &str) -> Result<Value, Diagnostics> {
        Err(Diagnostic::error("this resource cannot be imported").detail(format!("`{id}` was not looked for.")).into())
    }

    /// Rewrites state of an older schema version. Attributes that the schema no longer has are dropped afterwards, new ones are null.
    fn upgrade(&self, _version: i64, state: Json) -> Result<Json, Diagnostics> {
        Ok(state)
    }
}

/// A data source.
#[async_trait]
pub trait DataSource<C: Send + Sync + 'static>: Send + Sync + 'static {
    fn schema(&self) -> Schema;

    async fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads by a wholly known configuration, whose values must come back as they are.
    async fn read(&self, cx: &Context<C>, config: &Value) -> Result<Value, Diagnostics>;
}

/// What opening an ephemeral resource yields.
#[derive(Debug, Clone)]
pub struct Opened {
    pub result: Value,
    /// When [`EphemeralResource::renew`] is to be called, if at all.
    pub renew_at: Option<SystemTime>,
}

/// Something that exists during one run only and is never stored, such as a token. Its private data carries it from call to call.
#[async_trait]
pub trait EphemeralResource<C: Send + Sync + 'static>: Send + Sync + 'static {
    fn schema(&self) -> Schema;

    async fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    async fn open(&self, cx: &Context<C>, config: &Value) -> Result<Opened, Diagnostics>;

    /// Prolongs it; returns when to do so again.
    async fn renew(&self, _cx: &Context<C>) -> Result<Option<SystemTime>, Diagnostics> {
        Ok(None)
    }

    async fn close(&self, _cx: &Context<C>) -> Result<(), Diagnostics> {
        Ok(())
    }
}
