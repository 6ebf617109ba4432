//! `sweep_growth`: the probe over 100,000 ports beside 10,000, in memory: ten times the ports, ten times the time, no more memory.

use std::sync::Arc;

use anyhow::{Result, ensure};
use mesh_core::{
    audit::AuditEntry,
    domain::DomainStore,
    fakes::FakeStore,
    product::{Port, Product, ProductStore, Registration, Status},
};
use mesh_manifest::Manifest;
use serde_json::json;

use crate::{
    ALLOCATED, mesh,
    ports::{self, PRODUCTS, Probe},
    sampling::{Aim, Figure, in_turn, timed},
};

const FEW: usize = 100;
const MANY: usize = 1000;
/// What a run may need besides what is stored, in MB, however many ports there are.
const FLAT: f64 = 16.0;

/// What every product is made from.
const MANIFEST: &str = "apiVersion: mesh/v1
kind: DataProduct
domain: template
name: template
version: 1.0.0
description: Every departure from one airport.
owner: { team: Flight Operations, contact: flight-ops@example.org }
classification: internal
retention: 365d
mutability: append-only
access: { visibility: company, purposes: [operations] }
outputPorts:
  - name: daily
    version: 1.0.0
    format: iceberg
    sla: { freshness: 24h }
    schema: { fields: [{ name: flight_date, type: date, description: Day of the departure }] }
  - name: monthly
    version: 1.0.0
    format: parquet
    sla: { freshness: 31d }
    schema: { fields: [{ name: flight_date, type: date, description: Day of the departure }] }
";

/// Takes the figure.
pub async fn figure() -> Result<Figure> {
    let (few, many) = (probe(FEW).await?, probe(MANY).await?);
    few.run().await?;
    many.run().await?;
    // Nothing is written now, so that what is stored stays as large as it is.
    let (of_few, of_many) = (growth(&few).await?, growth(&many).await?);
    ensure!(
        of_many <= of_few + FLAT,
        "a run over {} ports takes {of_many:.1} MB, one over a tenth of them {of_few:.1} MB: memory grows with the ports",
        MANY * PRODUCTS * ports::PORTS
    );
    let (ours, floor) =
        in_turn(0, 3, async |_| timed(many.run_due()).await, async |_| timed(few.run_due()).await).await?;
    Ok(Figure {
        name: "sweep_growth".to_owned(),
        unit: "ms",
        ours,
        floor: Some(floor),
        aim: Some(Aim::Ratio(11.0)),
        detail: format!(
            "100,000 ports beside 10,000 on fakes; a run's memory at its peak: {of_many:.1} MB beside {of_few:.1} MB"
        ),
    })
}

async fn probe(domains: usize) -> Result<Probe> {
    let store = FakeStore::default();
    let mut founded = Vec::new();
    let manifest = mesh_manifest::parse(MANIFEST).map_err(|found| anyhow::anyhow!("{found:?}"))?.manifest;
    for number in 0..domains {
        let domain = mesh::domain(&ports::domain(number), false)?;
        let entry = |resource: &str| {
            AuditEntry::new(domain.created_at, resource, "seeded", &mesh::owner(&domain.id), json!({}))
        };
        store.put_domain(None, &domain, &entry(domain.id.as_str())).await?;
        for number in 0..PRODUCTS {
            let name = ports::product(number).parse()?;
            let manifest = Manifest { domain: domain.id.clone(), name, ..manifest.clone() };
            let registration = registration(manifest, entry("product"));
            let id = registration.product.id.clone();
            store.register(&registration).await?;
            ensure!(store.set_provisioned(&id, 1, Status::Active, None).await?, "`{id}` is not provisioned");
        }
        founded.push(domain);
    }
    Probe::new(Arc::new(store), &founded).await
}

fn registration(manifest: Manifest, audit: AuditEntry) -> Registration {
    let port = |port: &mesh_manifest::OutputPort| Port {
        address: manifest.address(port),
        version: port.version.clone(),
        revision: 1,
        schema_id: String::new(),
        format: port.format,
        freshness: port.sla.freshness,
        endpoint: String::new(),
        since: audit.at,
        deprecation: None,
    };
    Registration {
        ports: manifest.output_ports.iter().map(port).collect(),
        product: Product {
            id: manifest.id(),
            version: manifest.version.clone(),
            status: Status::Provisioning,
            status_detail: None,
            manifest_text: String::new(),
            digest: String::new(),
            manifest: manifest.clone(),
            revision: 1,
            registered_at: audit.at,
            registered_by: audit.by.clone(),
            provisioned_revision: 0,
            indexed_revision: 0,
            contracts_revision: 0,
            gone: Vec::new(),
            notices: Vec::new(),
        },
        before: None,
        removed_ports: Vec::new(),
        schemas: Vec::new(),
        inputs: Vec::new(),
        removed_inputs: Vec::new(),
        upstream: Vec::new(),
        audit,
        remember: None,
    }
}

/// How many MB a run needs at its peak besides what is stored.
async fn growth(probe: &Probe) -> Result<f64> {
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage_as_mb();
    probe.run().await?;
    Ok(f64::from(ALLOCATED.peak_usage_as_mb() - before))
}
