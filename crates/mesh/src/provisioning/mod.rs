//! Provisioning: converges the envelope of every product to its registered revision, observes it, and heals what drifted.
//!
//! Every step may be repeated and may be killed after it: a table that exists is kept, metadata that exists is pointed at again.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use mesh_manifest::{Format, Manifest, OutputPort, PortAddress, ProductId};
use serde_json::json;

use crate::{
    clock::Clock,
    contract::ContractStore,
    credentials::{CredentialVendor, Mode, VendRequest},
    domain::{Domain, DomainStore, Envelope},
    error::StoreError,
    events::EventPublisher,
    metrics::{self, Lagging},
    object_storage::ObjectStorage,
    product::{Product, ProductStore, Status},
    sweeping,
    table_catalog::{CatalogTable, CommitError, TableCatalog, TableFormat},
};

mod tables;

/// Products of a domain converged at once by a sweep.
const CONCURRENCY: usize = 8;
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
