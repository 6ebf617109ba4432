//! Terraform's plugin protocol 6.8 for Rust: write a provider as a few traits, and [`serve`] it.
//!
//! ```no_run
//! # use tfplugin::{Context, Diagnostics, Named, Provider, Resource, Schema, Value};
//! struct Example;
//!
//! #[async_trait::async_trait]
//! impl Provider for Example {
//!     type Client = ();
//!
//!     fn schema(&self) -> Schema {
//!         Schema::new("An example.", [])
//!     }
//!
//!     async fn configure(&self, _cx: &Context<()>, _config: &Value) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//!
//!     fn resources(&self) -> Named<dyn Resource<()>> {
//!         vec![]
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     tfplugin::serve(Example)
//! }
//! ```
//!
//! A provider is a process that Terraform starts. Standard output belongs to the protocol: log with `tracing`, which goes to
//! standard error in the form that Terraform reads.

mod context;
mod diagnostics;
mod log;
mod path;
mod plan;
mod provider;
mod schema;
mod server;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod wire;

pub use context::Context;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use path::{Path, Step};
pub use plan::{Action, Plan};
pub use provider::{Change, DataSource, EphemeralResource, Named, Opened, Provider, Resource};
pub use schema::{Attribute, Nesting, Schema};
pub use server::serve;
pub use value::{
    BadJson, BadMessage, BadValue, NotANumber, NotAType, Number, Refinement, Type, TypeMismatch, Value, decode_msgpack,
    encode_msgpack,
};
