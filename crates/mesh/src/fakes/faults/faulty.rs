//! Every trait of this crate with a script before it.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use mesh_manifest::{DomainName, PortAddress, ProductId, Schema};

use super::Script;
use crate::{
    audit::{AuditEntry, AuditLog},
    contract::{Contract, ContractId, ContractStore},
    credentials::{CredentialVendor, Credentials, Grant, GrantStore, Sealer, VendRequest},
    domain::{Domain, DomainStore},
    error::StoreError,
    events::{Event, EventPublisher},
    idempotency::{IdempotencyStore, Remembered},
    measurement::{Measurement, MeasurementStore, PortState},
    object_storage::{BucketProtection, ObjectEntry, ObjectStorage},
    page::Page,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Membership, Principal},
    product::{Port, Product, ProductStore, Registration, Status},
    schema_registry::{RegisteredSchema, SchemaStore},
    search_index::{Indexed, ProductDocument, SearchAnswer, SearchError, SearchIndex, SearchQuery},
    table_catalog::{CatalogTable, TableCatalog},
};

/// A fake, or an adapter, whose calls go through a script.
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    script: Script,
    inner: S,
}

impl<S> Faulty<S> {
    pub(super) fn new(script: Script, inner: S) -> Self {
        Self { script, inner }
    }
}

macro_rules! faulty {
    ($trait:ident { $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty $(, $error:ty)?;)* }) => {
        #[async_trait]
        impl<S: $trait> $trait for Faulty<S> {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$answer, faulty!(@error $($error)?)> {
                    let name = concat!(stringify!($trait), "::", stringify!($name));
                    self.script.call(name, self.inner.$name($($argument),*)).await
                }
            )*
        }
    };
    (@error) => { StoreError };
    (@error $error:ty) => { $error };
}

faulty!(DomainStore {
    fn domain(id: &DomainName) -> Option<Domain>;
    fn domains(cursor: Option<&str>, limit: usize) -> Page<Domain>;
    fn memberships(principal: &Principal) -> Vec<Membership>;
    fn put_domain(before: Option<&Domain>, after: &Domain, audit: &AuditEntry) -> ();
    fn delete_domain(before: &Domain, audit: &AuditEntry) -> ();
});

faulty!(ProductStore {
    fn product(id: &ProductId) -> Option<Product>;
    fn products(domain: Option<&DomainName>, cursor: Option<&str>, limit: usize) -> Page<Product>;
    fn history(id: &ProductId, cursor: Option<&str>, limit: usize) -> Page<Product>;
    fn ports(id: &ProductId) -> Vec<Port>;
    fn ports_at(addresses: &[PortAddress]) -> BTreeMap<PortAddress, Port>;
    fn register(registration: &Registration) -> ();
    fn set_provisioned(id: &ProductId, revision: u64, status: Status, detail: Option<&str>) -> bool;
    fn set_indexed(id: &ProductId, revision: u64) -> bool;
    fn downstream(port: &PortAddress) -> Vec<ProductId>;
});

faulty!(ContractStore {
    fn contract(id: &ContractId) -> Option<Contract>;
    fn of_product(product: &ProductId) -> Vec<Contract>;
    fn of_consumer(domain: &DomainName, cursor: Option<&str>, limit: usize) -> Page<Contract>;
    fn put_contract(before: Option<&Contract>, after: &Contract, judged: Option<&Product>, audit: &AuditEntry) -> ();
});

faulty!(SchemaStore {
    fn schema(id: &str) -> Option<RegisteredSchema>;
    fn versions(subject: &str) -> Vec<RegisteredSchema>;
});

faulty!(IdempotencyStore {
    fn remembered(key: &str) -> Option<Remembered>;
    fn remember(remembered: &Remembered) -> ();
});

faulty!(PolicyStore {
    fn bundles(scopes: &[PolicyScope]) -> Vec<Option<PolicyBundle>>;
    fn revisions(scopes: &[PolicyScope]) -> Vec<Option<String>>;
    fn put_bundle(before: Option<&str>, bundle: &PolicyBundle, audit: &AuditEntry) -> ();
});

faulty!(MeasurementStore {
    fn states(ports: &[PortAddress]) -> BTreeMap<PortAddress, PortState>;
    fn put_state(state: &PortState, keep: bool) -> ();
    fn measurements(port: &PortAddress, limit: usize) -> Vec<Measurement>;
});

faulty!(GrantStore {
    fn grant(key: &str) -> Option<Grant>;
    fn put_grant(grant: &Grant) -> ();
});

faulty!(AuditLog {
    fn append(entry: &AuditEntry) -> ();
    fn entries(resource: &str, limit: usize) -> Vec<AuditEntry>;
});

faulty!(EventPublisher {
    fn publish(events: &[Event]) -> ();
    fn alert(topic_arn: &str, title: &str, event: &Event) -> ();
});

faulty!(TableCatalog {
    fn table(database: &str, name: &str) -> Option<CatalogTable>;
    fn tables(database: &str) -> Vec<CatalogTable>;
    fn create_table(table: &CatalogTable, schema: &Schema) -> ();
    fn swap(before: &CatalogTable, metadata_location: &str, schema: Option<&Schema>) -> ();
});

faulty!(ObjectStorage {
    fn get(access: Option<&Credentials>, bucket: &str, key: &str) -> Option<Vec<u8>>;
    fn create(bucket: &str, key: &str, body: Vec<u8>, content_type: &str) -> ();
    fn list(access: Option<&Credentials>, bucket: &str, prefix: &str, limit: usize) -> Vec<ObjectEntry>;
    fn presign(access: &Credentials, bucket: &str, key: &str, lifetime: Duration) -> String;
    fn protection(access: Option<&Credentials>, bucket: &str) -> BucketProtection;
});

faulty!(CredentialVendor {
    fn vend(request: &VendRequest) -> Credentials;
});

faulty!(Sealer {
    fn seal(plain: &[u8], context: &str) -> Vec<u8>;
    fn open(sealed: &[u8], context: &str) -> Vec<u8>;
});

faulty!(SearchIndex {
    fn put(document: &ProductDocument) -> ();
    fn search(query: &SearchQuery) -> SearchAnswer, SearchError;
    fn indexed(products: &[ProductId]) -> BTreeMap<ProductId, Indexed>;
    fn replace(documents: &[ProductDocument]) -> ();
});
