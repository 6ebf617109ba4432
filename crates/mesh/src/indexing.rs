//! Indexing: a search document for every product, written when it is registered, and caught up by a sweep.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream};
use mesh_manifest::{PortAddress, ProductId};

use crate::{
    error::StoreError,
    measurement::{MeasurementStore, PortState},
    product::{Product, ProductStore, Status},
    search_index::{FieldDocument, PortDocument, ProductDocument, SearchIndex},
};

/// Documents written at once by a sweep.
const CONCURRENCY: usize = 8;

/// Writes search documents.
#[derive(Debug, Clone)]
pub struct Indexer {
    pub products: Arc<dyn ProductStore>,
    pub measurements: Arc<dyn MeasurementStore>,
    pub search: Arc<dyn SearchIndex>,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexReport {
    pub seen: usize,
    pub written: usize,
    /// Products whose store or index failed; the next sweep tries again.
    pub errors: usize,
}

impl Indexer {
    /// Writes the document of a product as it is registered now. A product that is not registered is none to index.
    pub async fn index(&self, id: &ProductId) -> Result<(), StoreError> {
        let Some(product) = self.products.product(id).await? else { return Ok(()) };
        let states = self.measurements.states(&addresses(&product)).await?;
        self.write(&document(&product, &states)).await
    }

    /// Writes what the index lacks or holds differently, of all products.
    pub async fn sweep(&self) -> Result<IndexReport, StoreError> {
        let mut report = IndexReport::default();
        let mut cursor = None;
        loop {
            let page = self.products.products(None, cursor.as_deref(), 100).await?;
            let ids: Vec<_> = page.items.iter().map(|product| product.id.clone()).collect();
            let ports: Vec<_> = page.items.iter().flat_map(addresses).collect();
            let (indexed, states) = futures::try_join!(self.search.indexed(&ids), self.measurements.states(&ports))?;
            report.seen += ids.len();
            let stale = page.items.iter().filter_map(|product| {
                let wanted = document(product, &states);
                let known = indexed.get(&product.id);
                let fresh = known.is_some_and(|known| known.fingerprint == wanted.fingerprint());
                (!fresh || product.indexed_revision < product.revision).then_some(wanted)
            });
            let stale: Vec<_> = stale.collect();
            let mut writes =
                stream::iter(stale.iter().map(|document| async move { (document, self.write(document).await) }))
                    .buffer_unordered(CONCURRENCY);
            while let Some((document, result)) = writes.next().await {
                match result {
                    Ok(()) => report.written += 1,
                    Err(error) => {
                        let product = &document.product_id;
                        tracing::error!(%product, error = &error as &dyn std::error::Error, "indexing failed");
                        report.errors += 1;
                    }
                }
            }
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(report),
            }
        }
    }

    async fn write(&self, document: &ProductDocument) -> Result<(), StoreError> {
        self.search.put(document).await?;
        self.products.set_indexed(&document.product_id, document.revision).await?;
        Ok(())
    }
}

fn addresses(product: &Product) -> Vec<PortAddress> {
    product.manifest.output_ports.iter().map(|port| product.manifest.address(port)).collect()
}

/// The document of a product; a retired one's is a tombstone.
fn document(product: &Product, states: &BTreeMap<PortAddress, PortState>) -> ProductDocument {
    let manifest = &product.manifest;
    let (mut measured, mut kept) = (0, 0);
    for address in addresses(product) {
        if let Some(state) = states.get(&address) {
            measured += state.measured_minutes;
            kept += state.kept_minutes;
        }
    }
    let ports = manifest.output_ports.iter().map(|port| PortDocument {
        address: manifest.address(port).to_string(),
        name: port.name.to_string(),
        description: port.description.clone().unwrap_or_default(),
        format: port.format,
        sla_minutes: port.sla.freshness.0,
        fields: port
            .schema
            .fields
            .iter()
            .map(|field| FieldDocument {
                name: field.name.clone(),
                description: field.description.clone().unwrap_or_default(),
            })
            .collect(),
    });
    ProductDocument {
        product_id: product.id.clone(),
        domain: product.id.domain.clone(),
        name: product.id.name.to_string(),
        version: product.version.to_string(),
        description: manifest.description.clone(),
        owner_team: manifest.owner.team.clone(),
        owner_contact: manifest.owner.contact.clone(),
        classification: manifest.classification,
        visibility: manifest.access.visibility,
        tags: manifest.tags.clone(),
        status: product.status.as_str().to_owned(),
        sla_minutes: manifest.output_ports.iter().map(|port| port.sla.freshness.0).min().unwrap_or(u64::MAX),
        ports: ports.collect(),
        compliance: (measured > 0).then(|| kept as f64 * 100.0 / measured as f64),
        revision: product.revision,
        deleted: product.status == Status::Retired,
    }
}
