//! Provisioning: converges the envelope of every product to its registered revision, observes it, and heals what drifted.
//!
//! Every step may be repeated and may be killed after it: a table that exists is kept, metadata that exists is pointed at again.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use mesh_manifest::{Format, Manifest, OutputPort, PortAddress, ProductId};
use serde::Serialize;
use serde_json::json;

use crate::{
    clock::Clock,
    contract::ContractStore,
    credentials::{CredentialVendor, Mode, VendRequest},
    domain::{Domain, DomainStore, Envelope},
    error::StoreError,
    events::EventPublisher,
    metadata_file::{key_of, metadata_number, numbered_key},
    metrics::{self, Lagging},
    object_storage::ObjectStorage,
    place::Place,
    product::{Product, ProductStore, Status},
    sweeping,
    table_catalog::{CatalogTable, CommitError, TableCatalog, TableFormat},
};

/// Products of a domain converged at once by a sweep.
const CONCURRENCY: usize = 8;
/// Metadata files looked through for the newest, when a table's entry was lost.
const MAX_METADATA: usize = 100_000;
/// Domains gone over at once by a sweep.
const DOMAINS_AT_ONCE: usize = 2;
/// How long the probe of the observer role's trust may last: the least that STS issues.
const OBSERVER_LIFETIME: std::time::Duration = std::time::Duration::from_secs(900);

/// Converges envelopes.
#[derive(Debug, Clone)]
pub struct Provisioner {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub catalog: Arc<dyn TableCatalog>,
    pub format: Arc<dyn TableFormat>,
    pub storage: Arc<dyn ObjectStorage>,
    pub vendor: Arc<dyn CredentialVendor>,
    pub contracts: Arc<dyn ContractStore>,
    pub events: Arc<dyn EventPublisher>,
    pub clock: Arc<dyn Clock>,
}

/// What became of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converged {
    /// The envelope stands for the registered revision.
    Active { revision: u64 },
    /// It does not, for the reason that is now in the product's status.
    Failed { revision: u64, reason: String },
    /// There is nothing to do: unknown, or retired.
    Skipped,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport {
    pub seen: usize,
    pub converged: usize,
    pub failed: usize,
    /// Products whose store or service failed; the next sweep tries again.
    pub errors: usize,
}

/// A domain's tables by their names.
type Tables = HashMap<String, CatalogTable>;

/// Why an envelope could not be converged.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    /// Something that a person has to mend: goes into the product's status.
    #[error("{0}")]
    Status(String),
    /// Something that passes: to be tried again.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for Obstacle {
    /// A service that refuses goes on refusing, and what cannot be read stays so, until somebody changes something.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied { .. } | StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => {
                Self::Status(error.to_string())
            }
            passing => Self::Store(passing),
        }
    }
}

impl From<CommitError> for Obstacle {
    fn from(error: CommitError) -> Self {
        Self::Status(format!("the table's metadata could not be worked out: {error}"))
    }
}

impl Provisioner {
    /// Converges one product. An error is a failing service: deliver again.
    pub async fn converge(&self, id: &ProductId) -> Result<Converged, StoreError> {
        let (product, domain) = futures::try_join!(self.products.product(id), self.domains.domain(&id.domain))?;
        let Some(product) = product.filter(|product| product.status != Status::Retired) else {
            return Ok(Converged::Skipped);
        };
        let outcome = match self.storage_of(domain.as_ref(), &product).await {
            Ok(envelope) => self.envelope(&product, envelope, None).await,
            Err(obstacle) => Err(obstacle),
        };
        self.note(&product, outcome).await
    }

    /// Notes what became of a product's envelope.
    async fn note(&self, product: &Product, outcome: Result<(), Obstacle>) -> Result<Converged, StoreError> {
        let (id, revision) = (&product.id, product.revision);
        // A revision that cannot be converged yet is nothing to tell of, and would be told anew by every sweep.
        if product.provisioned_revision < revision && outcome.is_ok() {
            self.tell(product).await?;
        }
        match outcome {
            Ok(()) => {
                if product.status != Status::Active || product.provisioned_revision != revision {
                    let noted = self.products.set_provisioned(id, revision, Status::Active, None).await?;
                    if noted && product.provisioned_revision != revision {
                        metrics::provisioned(product.registered_at);
                    }
                }
                Ok(Converged::Active { revision })
            }
            Err(Obstacle::Status(reason)) => {
                if product.status != Status::Failed || product.status_detail.as_deref() != Some(&reason) {
                    self.products.set_provisioned(id, revision, Status::Failed, Some(&reason)).await?;
                }
                Ok(Converged::Failed { revision, reason })
            }
            Err(Obstacle::Store(error)) => Err(error),
        }
    }

    /// Tells those who hold contracts what becomes of their ports. Before the revision is noted as converged, so that it is told at least
    /// once; an event that is told twice has the same id.
    async fn tell(&self, product: &Product) -> Result<(), StoreError> {
        if product.notices.is_empty() {
            return Ok(());
        }
        let (contracts, now) = (self.contracts.of_product(&product.id).await?, self.clock.now());
        let events: Vec<_> = product.notices.iter().flat_map(|notice| notice.events(&contracts, now)).collect();
        self.events.publish(&events).await
    }

    /// Converges every product, whatever its state: what lags is caught up, what drifted is healed or told.
    pub async fn sweep(&self) -> Result<SweepReport, StoreError> {
        let sweeps = sweeping::domains(&*self.domains).map_ok(|domain| self.sweep_domain(domain));
        let mut sweeps = std::pin::pin!(sweeps.try_buffer_unordered(DOMAINS_AT_ONCE));
        let (mut total, mut lagging) = (SweepReport::default(), Lagging::default());
        while let Some((report, behind)) = sweeps.try_next().await? {
            total.seen += report.seen;
            total.converged += report.converged;
            total.failed += report.failed;
            total.errors += report.errors;
            lagging.extend(behind);
        }
        metrics::swept(lagging, total.errors);
        metrics::envelopes_failed(total.failed);
        Ok(total)
    }

    /// One domain's products: its storage is observed once, and its tables are listed once. Answers, too, what lagged behind.
    async fn sweep_domain(&self, domain: Domain) -> Result<(SweepReport, Lagging), StoreError> {
        let products = sweeping::products(&*self.products, &domain.id).await?;
        let mut report = SweepReport { seen: products.len(), ..SweepReport::default() };
        let mut lagging = Lagging::default();
        let live: Vec<&Product> = products.iter().filter(|product| product.status != Status::Retired).collect();
        for product in live.iter().filter(|product| product.provisioned_revision < product.revision) {
            lagging.add(product.registered_at);
        }
        let Some(first) = live.first() else { return Ok((report, lagging)) };
        let shared = match self.storage_of(Some(&domain), first).await {
            Ok(envelope) => self.tables(envelope, &live).await.map(|tables| Ok((envelope, tables))),
            Err(Obstacle::Status(reason)) => Ok(Err(reason)),
            Err(Obstacle::Store(error)) => Err(error),
        };
        let shared = match shared {
            Ok(shared) => shared,
            Err(error) => {
                tracing::error!(domain = %domain.id, error = &error as &dyn std::error::Error, "converging failed");
                report.errors = live.len();
                return Ok((report, lagging));
            }
        };
        let results = live.into_iter().map(|product| {
            let shared = &shared;
            async move {
                let outcome = match shared {
                    Ok((envelope, tables)) => self.envelope(product, envelope, Some(tables)).await,
                    Err(reason) => Err(Obstacle::Status(reason.clone())),
                };
                (self.note(product, outcome).await, &product.id)
            }
        });
        let mut results = stream::iter(results).buffer_unordered(CONCURRENCY);
        while let Some((result, id)) = results.next().await {
            match result {
                Ok(Converged::Active { .. }) => report.converged += 1,
                Ok(Converged::Failed { reason, .. }) => {
                    tracing::warn!(product = %id, reason, "the envelope is not as it should be");
                    report.failed += 1;
                }
                Ok(Converged::Skipped) => {}
                Err(error) => {
                    tracing::error!(product = %id, error = &error as &dyn std::error::Error, "converging failed");
                    report.errors += 1;
                }
            }
        }
        Ok((report, lagging))
    }

    /// The tables of the domain, if any of the products has one.
    async fn tables(&self, envelope: &Envelope, products: &[&Product]) -> Result<Tables, StoreError> {
        let mut ports = products.iter().flat_map(|product| &product.manifest.output_ports);
        if !ports.any(|port| port.format == Format::Iceberg) {
            return Ok(Tables::new());
        }
        let tables = self.catalog.tables(&envelope.glue_database).await?;
        Ok(tables.into_iter().map(|table| (table.name.clone(), table)).collect())
    }

    /// The storage of the product's domain, if it is as it should be.
    async fn storage_of<'d>(&self, domain: Option<&'d Domain>, product: &Product) -> Result<&'d Envelope, Obstacle> {
        let (domain, envelope) = domain
            .and_then(|domain| domain.envelope.as_ref().map(|envelope| (domain, envelope)))
            .ok_or_else(|| Obstacle::Status(format!("the domain `{}` has no storage yet", product.id.domain)))?;
        futures::try_join!(self.observe_encryption(envelope), self.observe_trust(domain, envelope))?;
        Ok(envelope)
    }

    /// What every port of the product needs; `tables` where they were listed already.
    async fn envelope(&self, product: &Product, envelope: &Envelope, tables: Option<&Tables>) -> Result<(), Obstacle> {
        for port in &product.manifest.output_ports {
            let address = product.manifest.address(port);
            if port.format == Format::Iceberg {
                let table = match tables {
                    Some(tables) => tables.get(&address.table()).cloned(),
                    None => self.catalog.table(&envelope.glue_database, &address.table()).await?,
                };
                self.table(&address, port, envelope, table).await?;
            }
            if !port.format.is_endpoint() {
                self.describe(&address, &product.manifest, port, envelope, product.revision).await?;
            }
        }
        Ok(())
    }

    /// Trusts no declared value: the bucket must encrypt with the domain's key.
    async fn observe_encryption(&self, envelope: &Envelope) -> Result<(), Obstacle> {
        let protection = self.storage.protection(None, &envelope.bucket).await?;
        match protection.default_key {
            Some(key) if same_key(&key, &envelope.key_arn) => Ok(()),
            Some(key) => Err(Obstacle::Status(format!(
                "the bucket `{}` encrypts with `{key}`, not with the domain's key",
                envelope.bucket
            ))),
            None => Err(Obstacle::Status(format!(
                "the bucket `{}` does not encrypt with the domain's key",
                envelope.bucket
            ))),
        }
    }

    /// The observer role must let the platform in, by the domain's external id.
    async fn observe_trust(&self, domain: &Domain, envelope: &Envelope) -> Result<(), Obstacle> {
        let request = observer(domain, envelope);
        match self.vendor.vend(&request).await {
            Ok(_) => Ok(()),
            Err(StoreError::Denied { detail, .. }) => Err(Obstacle::Status(format!(
                "the observer role of `{}` does not let the platform in: {detail}",
                domain.id
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// The table exists and has the registered schema.
    async fn table(
        &self,
        address: &PortAddress,
        port: &OutputPort,
        envelope: &Envelope,
        table: Option<CatalogTable>,
    ) -> Result<(), Obstacle> {
        let database = &envelope.glue_database;
        let name = address.table();
        let place = Place::of(address, port);
        let location = format!("s3://{}/{}", envelope.bucket, place.prefix);
        let table = match table {
            Some(table) => table,
            None => {
                if self.enter_table(address, port, envelope, &location).await? {
                    return Ok(());
                }
                // What was found, or made by another delivery, may be older than what is registered now.
                let entered = self.catalog.table(database, &name).await?;
                entered.ok_or_else(|| {
                    StoreError::unavailable("the table catalogue", format!("`{name}` is not shown yet"))
                })?
            }
        };
        if table.location.trim_end_matches('/') != location {
            return Err(Obstacle::Status(format!(
                "the table `{name}` lies at `{}`, not at `{location}`",
                table.location
            )));
        }
        let key = key_of(&table.metadata_location, &envelope.bucket).ok_or_else(|| {
            Obstacle::Status(format!("the table `{name}` points outside its bucket: `{}`", table.metadata_location))
        })?;
        let metadata = self.storage.get(None, &envelope.bucket, key).await?.ok_or_else(|| {
            Obstacle::Status(format!("the metadata of the table `{name}` is gone: `{}`", table.metadata_location))
        })?;
        if let Some(evolved) = self.format.evolve(&metadata, &port.schema, self.clock.now())? {
            let next = metadata_number(key).map_or(0, |number| number + 1);
            let base = (&table.metadata_location, &port.schema);
            let metadata_location = self.write_metadata(&place.prefix, envelope, next, &base, evolved).await?;
            self.catalog.swap(&table, &metadata_location, Some(&port.schema)).await?;
        }
        Ok(())
    }

    /// Makes the catalogue's entry; true if the table is new and has the registered schema.
    async fn enter_table(
        &self,
        address: &PortAddress,
        port: &OutputPort,
        envelope: &Envelope,
        location: &str,
    ) -> Result<bool, Obstacle> {
        let adopted = port.adopt.as_ref().and_then(|adoption| adoption.table.as_deref());
        let (metadata_location, new) = match adopted {
            Some(name) => {
                let first = self.adopt_table(name, port, envelope, location).await?;
                // Where the port's own entry was lost, the table has gone on since it was taken over.
                let newest = self.newest_metadata(&Place::of(address, port).prefix, &address.table(), envelope).await?;
                let newest = newest.filter(|key| metadata_number(key) > metadata_number(&first));
                (newest.map_or(first, |key| format!("s3://{}/{key}", envelope.bucket)), false)
            }
            None => match self.newest_metadata(&address.prefix(), &address.table(), envelope).await? {
                // The entry was lost, or was never made; the table was: point at it.
                Some(key) => (format!("s3://{}/{key}", envelope.bucket), false),
                None => {
                    let metadata = self.format.create(location, &port.schema, self.clock.now())?;
                    let base = (location, &port.schema);
                    (self.write_metadata(&address.prefix(), envelope, 0, &base, metadata).await?, true)
                }
            },
        };
        let table = CatalogTable {
            database: envelope.glue_database.clone(),
            name: address.table(),
            location: location.to_owned(),
            metadata_location,
            version_id: None,
        };
        match self.catalog.create_table(&table, &port.schema).await {
            Ok(()) => Ok(new),
            // Another delivery came first.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The metadata of the table that a port takes over: as it is, but for where writers put what they add. No data is touched.
    async fn adopt_table(
        &self,
        table: &str,
        port: &OutputPort,
        envelope: &Envelope,
        location: &str,
    ) -> Result<String, Obstacle> {
        let (database, name) = table.split_once('.').unwrap_or(("", table));
        if database != envelope.glue_database {
            return Err(Obstacle::Status(format!(
                "the table `{table}` is not in the domain's catalogue database, `{}`",
                envelope.glue_database
            )));
        }
        let found = self.catalog.table(database, name).await?;
        let found =
            found.ok_or_else(|| Obstacle::Status(format!("there is no Iceberg table `{table}` to take over")))?;
        if found.location.trim_end_matches('/') != location {
            return Err(Obstacle::Status(format!(
                "the table `{table}` lies at `{}`, and the manifest names `{location}`",
                found.location
            )));
        }
        let inside = format!("{}/", key_of(location, &envelope.bucket).unwrap_or_default());
        let key = key_of(&found.metadata_location, &envelope.bucket)
            .filter(|key| key.starts_with(&inside))
            .ok_or_else(|| {
                let place = &found.metadata_location;
                Obstacle::Status(format!("the metadata of the table `{table}` is not below its location: `{place}`"))
            })?;
        let metadata = self.storage.get(None, &envelope.bucket, key).await?.ok_or_else(|| {
            Obstacle::Status(format!("the metadata of the table `{table}` is gone: `{}`", found.metadata_location))
        })?;
        match self.format.adopt(&metadata, location, &port.schema, self.clock.now())? {
            None => Ok(found.metadata_location),
            Some(next) => {
                let number = metadata_number(key).map_or(0, |number| number + 1);
                let prefix = inside.trim_end_matches('/');
                Ok(self.write_metadata(prefix, envelope, number, &(&found.metadata_location, "adopted"), next).await?)
            }
        }
    }

    async fn newest_metadata(
        &self,
        prefix: &str,
        table: &str,
        envelope: &Envelope,
    ) -> Result<Option<String>, Obstacle> {
        let prefix = format!("{prefix}/metadata/");
        let entries = self.storage.list(None, &envelope.bucket, &prefix, MAX_METADATA).await?;
        if entries.len() >= MAX_METADATA {
            // Not all were seen, so the newest may not be among them: an older one would take rows away from readers.
            return Err(Obstacle::Status(format!(
                "the entry of the table `{}` is gone, and `{prefix}` holds too many files to tell which one was its newest: somebody has to make the entry",
                table
            )));
        }
        let numbered = entries
            .into_iter()
            .filter_map(|entry| metadata_number(&entry.key).map(|number| (number, entry.modified, entry.key)));
        Ok(numbered.max().map(|(_, _, key)| key))
    }

    /// Writes metadata that follows from `base`, under a name that follows from it too: whoever was killed before it was pointed at, or
    /// does the same at the same time, leaves no second file.
    async fn write_metadata(
        &self,
        prefix: &str,
        envelope: &Envelope,
        number: u64,
        base: &impl Serialize,
        metadata: Vec<u8>,
    ) -> Result<String, StoreError> {
        let digest = mesh_manifest::canonical::digest(base);
        let key = numbered_key(prefix, number, digest.get(..26).unwrap_or(&digest));
        match self.storage.create(&envelope.bucket, &key, metadata, "application/json").await {
            Ok(()) | Err(StoreError::Conflict) => Ok(format!("s3://{}/{key}", envelope.bucket)),
            Err(error) => Err(error),
        }
    }

    /// Leaves a description beside the data, so that whoever finds the files knows what they are and under which terms.
    async fn describe(
        &self,
        address: &PortAddress,
        manifest: &Manifest,
        port: &OutputPort,
        envelope: &Envelope,
        revision: u64,
    ) -> Result<(), StoreError> {
        let key = format!("{}/_mesh/port-r{revision:010}.json", address.prefix());
        // Every sweep comes by here, and asking costs a twelfth of trying to write.
        if self.storage.get(None, &envelope.bucket, &key).await?.is_some() {
            return Ok(());
        }
        let body = json!({
            "port": address,
            "product_version": manifest.version,
            "classification": manifest.classification,
            "retention": manifest.retention,
            "owner": manifest.owner,
            "output_port": port,
        });
        let body = serde_json::to_vec_pretty(&body).map_err(|error| StoreError::corrupt("manifest", error))?;
        match self.storage.create(&envelope.bucket, &key, body, "application/json").await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Asks for credentials of a domain's observer role.
pub(crate) fn observer(domain: &Domain, envelope: &Envelope) -> VendRequest {
    VendRequest {
        mode: Mode::Observe,
        role_arn: envelope.observer_role_arn.clone(),
        external_id: domain.external_id.clone(),
        session_name: format!("observe-{}", domain.id),
        bucket: envelope.bucket.clone(),
        prefix: String::new(),
        key_arn: envelope.key_arn.clone(),
        lifetime: OBSERVER_LIFETIME,
    }
}

/// S3 answers with a key's id or ARN, as it was given.
fn same_key(observed: &str, arn: &str) -> bool {
    observed == arn || arn.rsplit('/').next() == Some(observed)
}
