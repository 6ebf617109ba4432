//! The freshness probe over many ports: 100 domains with 50 products of two ports each are 10,000.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use mesh_core::{
    domain::{Domain, DomainStore},
    fakes::{FakeClock, FakeCredentialVendor, FakeEventPublisher, FakeObjectStorage, FakeTableCatalog},
    measurement::MeasurementStore,
    probing::Prober,
    product::ProductStore,
    table_catalog::{CatalogTable, TableCatalog},
};
use mesh_manifest::{PortAddress, Schema};
use serde_json::json;

pub const PRODUCTS: usize = 50;
pub const PORTS: usize = 2;

/// The name of a domain.
pub fn domain(number: usize) -> String {
    format!("d{number:04}")
}

/// The name of a product.
pub fn product(number: usize) -> String {
    format!("p{number:02}")
}

/// A probe whose store is given; tables and files are in memory, so that what is measured is the probe and its store.
pub struct Probe {
    pub prober: Prober,
    clock: FakeClock,
    ports: usize,
}

impl Probe {
    /// Over the ports `daily` (a table) and `monthly` (files) of every product of `domains`.
    pub async fn new<S>(store: Arc<S>, domains: &[Domain]) -> Result<Self>
    where
        S: DomainStore + ProductStore + MeasurementStore + 'static,
    {
        let clock = FakeClock::at(Timestamp::now());
        let (catalog, storage) = (FakeTableCatalog::default(), FakeObjectStorage::new(clock.clone()));
        let schema: Schema = serde_json::from_value(json!({ "fields": [{ "name": "flight_date", "type": "date" }] }))?;
        for domain in domains {
            let Some(envelope) = &domain.envelope else { continue };
            for number in 0..PRODUCTS {
                let port: PortAddress = format!("{}.{}/daily@1", domain.id, product(number)).parse()?;
                let key = format!("{}/metadata/00000-x.metadata.json", port.prefix());
                storage.put(&envelope.bucket, &key, metadata(clock_time(&clock)));
                let table = CatalogTable {
                    database: envelope.glue_database.clone(),
                    name: port.table(),
                    location: format!("s3://{}/{}", envelope.bucket, port.prefix()),
                    metadata_location: format!("s3://{}/{key}", envelope.bucket),
                    version_id: None,
                };
                catalog.create_table(&table, &schema).await?;
                let file = format!("{}.{}/monthly@1", domain.id, product(number)).parse::<PortAddress>()?;
                storage.put(&envelope.bucket, &format!("{}/data/one.parquet", file.prefix()), "rows");
            }
        }
        let prober = Prober {
            domains: store.clone(),
            products: store.clone(),
            measurements: store,
            catalog: Arc::new(catalog),
            storage: Arc::new(storage),
            vendor: Arc::new(FakeCredentialVendor::new(clock.clone())),
            events: Arc::new(FakeEventPublisher::default()),
            clock: Arc::new(clock.clone()),
        };
        Ok(Self { prober, clock, ports: domains.len() * PRODUCTS * PORTS })
    }

    /// One run, which has to see every port and fail with none.
    pub async fn run(&self) -> Result<()> {
        let report = self.prober.run().await?;
        ensure!(report.ports == self.ports && report.errors == 0, "not every port was probed: {report:?}");
        Ok(())
    }

    /// One run in which every port's state is due to be written.
    pub async fn run_due(&self) -> Result<()> {
        self.clock.advance(Duration::from_secs(61 * 60));
        self.run().await
    }
}

fn clock_time(clock: &FakeClock) -> Timestamp {
    mesh_core::clock::Clock::now(clock)
}

/// What is read of a table's metadata.
fn metadata(time: Timestamp) -> String {
    json!({
        "refs": { "main": { "snapshot-id": 1, "type": "branch" } },
        "snapshots": [{
            "snapshot-id": 1,
            "timestamp-ms": time.as_millisecond(),
            "summary": { "operation": "append", "added-records": "10" },
        }],
    })
    .to_string()
}
