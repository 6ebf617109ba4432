//! A plan: what registering a manifest would do; and what came of a registration.

use std::collections::BTreeMap;

use mesh_evolution::Change;
use mesh_manifest::{Manifest, PortAddress, ProductId};

use crate::{
    contract::Contract,
    deprecation::{DeprecatedPort, Leaving},
    domain::Domain,
    error::Violation,
    findings::Affected,
    impact::Downstream,
    product::{Port, Product},
    schema_registry::RegisteredSchema,
};

/// What registering a manifest would do and why it would be refused.
#[derive(Debug, Clone)]
pub struct Plan {
    pub product: ProductId,
    pub manifest: Manifest,
    /// Whether equal content is registered already.
    pub unchanged: bool,
    pub changes: Vec<Change>,
    /// What refuses the registration; empty where it would be accepted.
    pub violations: Vec<Violation>,
    pub warnings: Vec<Violation>,
    /// Live contracts that the change would break.
    pub affected: Vec<Affected>,
    /// Products that are made from what changes, directly or through others.
    pub downstream: Vec<Downstream>,
    /// Ports that are being left, and who would have to leave them.
    pub deprecated: Vec<DeprecatedPort>,
    /// Digest over everything that was found: what a client saw in its plan, and registration compares.
    pub findings_digest: String,
    pub policy_revision: String,
    pub(crate) domain: Domain,
    pub(crate) before: Option<Product>,
    pub(crate) ports_before: Vec<Port>,
    pub(crate) leaving: Leaving,
    pub(crate) live: Vec<Contract>,
    pub(crate) schemas: BTreeMap<PortAddress, RegisteredSchema>,
    pub(crate) new_schemas: Vec<RegisteredSchema>,
    /// The products of inputs that are not there yet, as the plan was made by them.
    pub(crate) upstream: Vec<Product>,
}

/// What came of a registration.
#[derive(Debug, Clone)]
pub struct Registered {
    pub product: Product,
    /// The product's ports at that revision.
    pub ports: Vec<Port>,
    /// False where equal content was registered already, or the request is a repetition.
    pub written: bool,
    pub warnings: Vec<Violation>,
}

/// How the client asks.
#[derive(Debug, Clone, Default)]
pub struct RegisterOptions {
    /// The digest of the findings that the client's plan showed.
    pub findings_digest: Option<String>,
    /// The idempotency key, already bound to principal and route, and the digest of the body.
    pub idempotency: Option<(String, String)>,
}
