//! What the functions behind the HTTP API share: token verification, problems, the caller of a request, and routes from the one table.

pub mod answer;
pub mod caller;
pub mod convert;
pub mod documents;
pub mod issuer;
pub mod problem;
pub mod query;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;

pub use answer::Json;
pub use caller::{Authenticated, Gate};
pub use problem::Failure;
pub use query::{Path, Query};
pub use service::Routes;
