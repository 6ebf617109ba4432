//! Indexing: a search document for every product, written when it is registered, and caught up by a sweep.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream};
use mesh_manifest::{PortAddress, ProductId};

use crate::{
    error::StoreError,
    measurement::{MeasurementStore, PortState},
    metrics,
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
        // A tombstone tells nothing of them: what is wrong with a measurement keeps no retired product findable.
        let states = match product.status {
            Status::Retired => BTreeMap::new(),
            _ => self.measurements.states(&addresses(&product)).await?,
        };
        self.search.put(&document(&product, &states)).await?;
        // Noting it moves the product's item, of which the stream tells: not without need.
        if product.indexed_revision < product.revision {
            let noted = self.products.set_indexed(id, product.revision).await?;
            if noted {
                metrics::indexed(product.registered_at);
            }
        }
        Ok(())
    }

    /// Writes what the index lacks or holds differently, of all products. One that fails is counted and left to the next sweep.
    pub async fn sweep(&self) -> Result<IndexReport, StoreError> {
        let mut report = IndexReport::default();
        let mut lagging = metrics::Lagging::default();
        let mut cursor = None;
        loop {
            let page = self.products.products(None, cursor.as_deref(), 100).await?;
            report.seen += page.items.len();
            for product in page.items.iter().filter(|product| product.indexed_revision < product.revision) {
                lagging.add(product.registered_at);
            }
            let stale = self.stale(&page.items).await?;
            // Each is read again: a list may lag behind what the stream has told of meanwhile.
            let mut writes = stream::iter(stale)
                .map(|product| async move { (product, self.index(&product.id).await) })
                .buffer_unordered(CONCURRENCY);
            while let Some((product, result)) = writes.next().await {
                match result {
                    Ok(()) => report.written += 1,
                    Err(error) => {
                        tracing::error!(product = %product.id, error = &error as &dyn std::error::Error, "indexing failed");
                        report.errors += 1;
                    }
                }
            }
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        metrics::swept(lagging, report.errors);
        Ok(report)
    }

    /// Fills the index anew from what is registered: after the store was set back to an older state, an index that knows of newer
    /// revisions, or of products that are no longer there, would never be put right by sweeps.
    pub async fn rebuild(&self) -> Result<IndexReport, StoreError> {
        let mut report = IndexReport::default();
        let (mut documents, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.products.products(None, cursor.as_deref(), 100).await?;
            report.seen += page.items.len();
            let ports: Vec<_> = page.items.iter().flat_map(addresses).collect();
            // One state that cannot be read must not keep all products from being found.
            let states = self.measurements.states(&ports).await.or_else(|error| match error {
                StoreError::Corrupt { .. } => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "products are indexed without their compliance"
                    );
                    Ok(BTreeMap::new())
                }
                other => Err(other),
            })?;
            documents.extend(page.items.iter().map(|product| (document(product, &states), product.indexed_revision)));
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let (documents, noted): (Vec<_>, Vec<_>) = documents.into_iter().unzip();
        self.search.replace(&documents).await?;
        report.written = documents.len();
        let unnoted = documents.iter().zip(noted).filter(|(document, noted)| document.revision > *noted);
        for (document, _) in unnoted {
            self.products.set_indexed(&document.product_id, document.revision).await?;
        }
        Ok(report)
    }

    /// Those of `products` that the index holds not at all, differently, or without a note of it.
    async fn stale<'a>(&self, products: &'a [Product]) -> Result<Vec<&'a Product>, StoreError> {
        let ids: Vec<_> = products.iter().map(|product| product.id.clone()).collect();
        let ports: Vec<_> = products.iter().flat_map(addresses).collect();
        let (indexed, states) = match futures::try_join!(self.search.indexed(&ids), self.measurements.states(&ports)) {
            Ok(known) => known,
            // One unreadable item spoils the batch that it is read in: each product is tried by itself, and one fails.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(error = &error as &dyn std::error::Error, "products cannot be compared with the index");
                return Ok(products.iter().collect());
            }
            Err(error) => return Err(error),
        };
        let stale = |product: &&Product| match indexed.get(&product.id) {
            None => true,
            // The list lags behind the index. If it always does, the store was set back to an older state.
            Some(known) if known.revision > product.revision => {
                tracing::warn!(product = %product.id, indexed = known.revision, registered = product.revision, "the index is ahead");
                false
            }
            Some(known) => {
                known.fingerprint != document(product, &states).fingerprint()
                    || product.indexed_revision < product.revision
            }
        };
        Ok(products.iter().filter(stale).collect())
    }
}

fn addresses(product: &Product) -> Vec<PortAddress> {
    product.manifest.output_ports.iter().map(|port| product.manifest.address(port)).collect()
}

/// The document of a product; a retired one's is a tombstone, which tells nothing of what it was.
fn document(product: &Product, states: &BTreeMap<PortAddress, PortState>) -> ProductDocument {
    let document = full_document(product, states);
    if product.status != Status::Retired {
        return document;
    }
    ProductDocument {
        description: String::new(),
        owner_team: String::new(),
        owner_contact: String::new(),
        tags: Vec::new(),
        ports: Vec::new(),
        compliance: None,
        deleted: true,
        ..document
    }
}

fn full_document(product: &Product, states: &BTreeMap<PortAddress, PortState>) -> ProductDocument {
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
            .flat()
            .into_iter()
            .map(|field| FieldDocument {
                description: field.value.description.unwrap_or_default().to_owned(),
                name: field.path,
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
        sla_minutes: manifest.output_ports.iter().map(|port| port.sla.freshness.0).min().unwrap_or_default(),
        ports: ports.collect(),
        compliance: (measured > 0).then(|| kept as f64 * 100.0 / measured as f64),
        revision: product.revision,
        deleted: false,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{
        fakes::{FakeSearchIndex, FakeStore},
        search_index::{Indexed, SearchAnswer, SearchError, SearchQuery},
        store_suite::samples,
    };

    /// An index that takes no document of one product.
    #[derive(Debug)]
    struct Refusing(FakeSearchIndex, ProductId);

    #[async_trait]
    impl SearchIndex for Refusing {
        async fn put(&self, document: &ProductDocument) -> Result<(), StoreError> {
            if document.product_id == self.1 {
                return Err(StoreError::unavailable("refusing index", "not this one"));
            }
            self.0.put(document).await
        }

        async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, SearchError> {
            self.0.search(query).await
        }

        async fn indexed(&self, products: &[ProductId]) -> Result<BTreeMap<ProductId, Indexed>, StoreError> {
            self.0.indexed(products).await
        }

        async fn replace(&self, documents: &[ProductDocument]) -> Result<(), StoreError> {
            self.0.replace(documents).await
        }
    }

    fn id(text: &str) -> ProductId {
        text.parse().unwrap()
    }

    fn report(seen: usize, written: usize, errors: usize) -> IndexReport {
        IndexReport { seen, written, errors }
    }

    struct World {
        store: FakeStore,
        search: FakeSearchIndex,
        indexer: Indexer,
    }

    impl World {
        /// These products, registered and not yet indexed.
        async fn of(products: &[&str]) -> Self {
            let (store, search) = (FakeStore::default(), FakeSearchIndex::default());
            for product in products {
                store.register(&samples::first_registration(product)).await.unwrap();
            }
            let indexer = Indexer {
                products: Arc::new(store.clone()),
                measurements: Arc::new(store.clone()),
                search: Arc::new(search.clone()),
            };
            Self { store, search, indexer }
        }

        async fn product(&self, product: &str) -> Product {
            self.store.product(&id(product)).await.unwrap().unwrap()
        }

        fn document(&self, product: &str) -> ProductDocument {
            self.search.document(&id(product)).unwrap()
        }

        /// Registers what `change` makes of the product as its next revision.
        async fn change(&self, product: &str, change: impl FnOnce(&mut Product)) {
            let mut registration = samples::next_registration(&self.product(product).await);
            change(&mut registration.product);
            self.store.register(&registration).await.unwrap();
        }

        /// Measures a thousand minutes at the port `daily`, of which some kept the promise.
        async fn measure(&self, product: &str, sequence: u64, kept_minutes: u64) {
            let mut state = samples::port_state(&format!("{product}/daily@1"), sequence, 0);
            (state.measured_minutes, state.kept_minutes) = (1000, kept_minutes);
            self.store.put_state(&state, false).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_product_is_found_by_all_that_its_manifest_says() {
        let world = World::of(&["operations.flights"]).await;
        world.measure("operations.flights", 1, 995).await;
        world.indexer.index(&id("operations.flights")).await.unwrap();
        let document = world.document("operations.flights");
        assert_eq!(document.description, "Every departure from the New York airports.");
        assert_eq!(document.ports[0].address, "operations.flights/daily@1");
        assert_eq!(document.ports[0].fields[0].name, "tail_number");
        assert_eq!((document.sla_minutes, document.compliance), (60, Some(99.5)));
        assert_eq!(document.status, "provisioning");
        assert_eq!(world.product("operations.flights").await.indexed_revision, 1);
    }

    #[tokio::test]
    async fn indexing_again_changes_nothing() {
        let world = World::of(&["operations.flights"]).await;
        world.indexer.index(&id("operations.flights")).await.unwrap();
        let (product, document) = (world.product("operations.flights").await, world.document("operations.flights"));
        world.indexer.index(&id("operations.flights")).await.unwrap();
        assert_eq!(world.product("operations.flights").await, product);
        assert_eq!(world.document("operations.flights"), document);
        world.indexer.index(&id("operations.unknown")).await.expect("a product that does not exist is none to index");
    }

    #[tokio::test]
    async fn a_retired_product_leaves_a_tombstone_that_tells_nothing() {
        let world = World::of(&["operations.flights"]).await;
        world.indexer.index(&id("operations.flights")).await.unwrap();
        world.change("operations.flights", |product| product.status = Status::Retired).await;
        world.indexer.index(&id("operations.flights")).await.unwrap();
        let tombstone = world.document("operations.flights");
        assert!(tombstone.deleted);
        assert_eq!((tombstone.revision, tombstone.description.as_str(), tombstone.ports.len()), (2, "", 0));
        assert_eq!(world.indexer.sweep().await.unwrap(), report(1, 0, 0), "a tombstone is in order as it is");
        world.change("operations.flights", |product| product.status = Status::Active).await;
        world.indexer.index(&id("operations.flights")).await.unwrap();
        assert!(!world.document("operations.flights").deleted, "registered again");
    }

    #[tokio::test]
    async fn a_sweep_writes_what_no_record_told_of_and_then_rests() {
        let products = ["a.one", "a.two", "b.three", "b.four", "c.five"];
        let world = World::of(&products).await;
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 5, 0));
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 0, 0));

        world.change("a.two", |product| product.manifest.description = "Arrivals.".to_owned()).await;
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 1, 0), "a new revision");
        assert_eq!(world.document("a.two").description, "Arrivals.");

        world.store.set_provisioned(&id("b.four"), 1, Status::Active, None).await.unwrap();
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 1, 0), "a new status");
        assert_eq!(world.document("b.four").status, "active");
    }

    #[tokio::test]
    async fn a_sweep_writes_a_compliance_when_it_changes_its_facet() {
        let world = World::of(&["operations.flights"]).await;
        world.indexer.sweep().await.unwrap();
        for (sequence, kept, written) in [(1, 1000, 1), (2, 999, 0), (3, 998, 1), (4, 990, 0), (5, 989, 1), (6, 10, 0)]
        {
            world.measure("operations.flights", sequence, kept).await;
            assert_eq!(world.indexer.sweep().await.unwrap().written, written, "{kept} of 1000 minutes kept");
        }
    }

    #[tokio::test]
    async fn a_sweep_fills_an_index_that_was_lost() {
        let mut world = World::of(&["a.one", "a.two"]).await;
        world.indexer.sweep().await.unwrap();
        let empty = FakeSearchIndex::default();
        world.indexer.search = Arc::new(empty.clone());
        assert_eq!(world.indexer.sweep().await.unwrap(), report(2, 2, 0));
        assert!(empty.document(&id("a.one")).is_some());
    }

    #[tokio::test]
    async fn a_rebuild_follows_a_store_that_was_set_back() {
        let mut world = World::of(&["a.one", "a.two"]).await;
        world.change("a.two", |product| product.manifest.description = "Newer.".to_owned()).await;
        world.indexer.sweep().await.unwrap();
        // The store as it was before: `a.two` at its first revision, and `b.lost` not registered yet.
        world.search.put(&ProductDocument { product_id: id("b.lost"), ..world.document("a.one") }).await.unwrap();
        let before = World::of(&["a.one", "a.two"]).await;
        world.indexer.products = Arc::new(before.store.clone());
        world.indexer.measurements = Arc::new(before.store.clone());
        world.indexer.sweep().await.unwrap();
        assert_eq!(world.document("a.two").description, "Newer.", "a sweep takes a newer revision for a late list");

        assert_eq!(world.indexer.rebuild().await.unwrap(), report(2, 2, 0));
        assert_eq!((world.document("a.two").revision, world.search.document(&id("b.lost"))), (1, None));
        assert_eq!(before.product("a.two").await.indexed_revision, 1);
        assert_eq!(world.indexer.sweep().await.unwrap(), report(2, 0, 0), "nothing lags");
    }

    #[tokio::test]
    async fn one_product_that_fails_stops_no_other() {
        let mut world = World::of(&["a.one", "a.poison", "a.two", "b.three", "b.four"]).await;
        world.indexer.search = Arc::new(Refusing(world.search.clone(), id("a.poison")));
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 4, 1));
        assert!(world.search.document(&id("b.four")).is_some());
        assert_eq!(world.product("a.poison").await.indexed_revision, 0);
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 0, 1), "it is tried again, alone");
        world.indexer.search = Arc::new(world.search.clone());
        assert_eq!(world.indexer.sweep().await.unwrap(), report(5, 1, 0));
    }

    #[tokio::test]
    async fn a_sweep_does_not_take_an_index_back_to_older_revisions() {
        let world = World::of(&["operations.flights"]).await;
        world.indexer.sweep().await.unwrap();
        let newer = ProductDocument { revision: 7, ..world.document("operations.flights") };
        world.search.put(&newer).await.unwrap();
        assert_eq!(world.indexer.sweep().await.unwrap(), report(1, 0, 0));
        assert_eq!(world.document("operations.flights"), newer);
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_an_error_and_not_an_empty_mesh() {
        let world = World::of(&["operations.flights"]).await;
        world.store.fail_next(1);
        assert!(matches!(world.indexer.sweep().await, Err(StoreError::Unavailable { .. })));
        world.search.fail_next(1);
        assert!(matches!(world.indexer.sweep().await, Err(StoreError::Unavailable { .. })));
    }
}
