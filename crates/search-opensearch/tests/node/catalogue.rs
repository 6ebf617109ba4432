//! A fresh index for each test, and documents to put into it.

use std::sync::Arc;

use mesh_core::search_index::{FieldDocument, PortDocument, ProductDocument, SearchAnswer, SearchIndex, SearchQuery};
use mesh_manifest::{Classification, Format, Visibility};
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use opensearch::{
    OpenSearch,
    http::transport::Transport,
    indices::{IndicesDeleteParts, IndicesGetParts, IndicesRefreshParts},
};

/// An index of its own, and the node's own client to look behind it.
pub struct Catalogue {
    pub index: Arc<OpenSearchIndex>,
    pub name: String,
    pub node: OpenSearch,
}

pub fn endpoint() -> String {
    std::env::var("MESH_TEST_SEARCH_ENDPOINT").expect(
        "these tests need a running OpenSearch: set MESH_TEST_SEARCH_ENDPOINT, such as `http://127.0.0.1:9200`; `cargo xtask test` starts one",
    )
}

impl Catalogue {
    /// Not created yet: the first use does that.
    pub fn absent() -> Self {
        let name = format!("test-{}", ulid::Ulid::new().to_string().to_lowercase());
        let index = OpenSearchIndex::connect(&endpoint(), &name, Auth::None).expect("the endpoint is a URL");
        let node = OpenSearch::new(Transport::single_node(&endpoint()).expect("the endpoint is a URL"));
        Self { index: Arc::new(index), name, node }
    }

    pub async fn holding(documents: &[ProductDocument]) -> Self {
        let catalogue = Self::absent();
        for document in documents {
            catalogue.index.put(document).await.expect("the document is stored");
        }
        catalogue.refresh().await;
        catalogue
    }

    /// Makes what was written findable at once, instead of within a second.
    pub async fn refresh(&self) {
        let name = [self.index.name()];
        let answer = self.node.indices().refresh(IndicesRefreshParts::Index(&name)).send().await.expect("an answer");
        assert!(answer.status_code().is_success(), "refresh: {}", answer.status_code());
    }

    pub async fn search(&self, query: SearchQuery) -> SearchAnswer {
        self.index.search(&query).await.expect("the search is answered")
    }

    pub async fn ids(&self, query: SearchQuery) -> Vec<String> {
        self.search(query).await.hits.iter().map(|hit| hit.document.product_id.to_string()).collect()
    }

    pub async fn words(&self, text: &str) -> Vec<String> {
        self.ids(words(text)).await
    }

    /// The node's indices that are this one's, in place or not.
    pub async fn own_indices(&self) -> Vec<String> {
        let pattern = format!("{}-*", self.index.name());
        let indices = self.node.indices();
        let answer = indices.get(IndicesGetParts::Index(&[&pattern])).send().await.expect("an answer");
        let answer: serde_json::Value = answer.json().await.expect("JSON");
        answer.as_object().expect("an object").keys().cloned().collect()
    }

    pub async fn remove(&self) {
        for name in self.own_indices().await {
            let _ = self.node.indices().delete(IndicesDeleteParts::Index(&[&name])).send().await;
        }
    }
}

/// A search for `text` by somebody of no domain that owns anything.
pub fn words(text: &str) -> SearchQuery {
    SearchQuery {
        text: text.to_owned(),
        acting: Some("visitors".parse().expect("a domain name")),
        limit: 20,
        ..Default::default()
    }
}

/// A product that everyone may find, with one Iceberg port.
pub fn product(id: &str, description: &str) -> ProductDocument {
    let product_id: mesh_manifest::ProductId = id.parse().expect("a product id");
    ProductDocument {
        domain: product_id.domain.clone(),
        name: product_id.name.to_string(),
        product_id,
        version: "1.0.0".to_owned(),
        description: description.to_owned(),
        owner_team: "A team".to_owned(),
        owner_contact: "team@example.org".to_owned(),
        classification: Classification::Internal,
        visibility: Visibility::Company,
        tags: Vec::new(),
        status: "active".to_owned(),
        sla_minutes: 60,
        ports: vec![port(id, "rows", Format::Iceberg, &[])],
        compliance: None,
        revision: 1,
        deleted: false,
    }
}

pub fn port(product: &str, name: &str, format: Format, fields: &[(&str, &str)]) -> PortDocument {
    PortDocument {
        address: format!("{product}/{name}@1"),
        name: name.to_owned(),
        description: String::new(),
        format,
        sla_minutes: 60,
        fields: fields
            .iter()
            .map(|(name, description)| FieldDocument {
                name: (*name).to_owned(),
                description: (*description).to_owned(),
            })
            .collect(),
    }
}

/// Three products about flying, one about the weather.
pub fn airport() -> Vec<ProductDocument> {
    let mut flights = product("operations.flights", "Every departure from the New York airports.");
    flights.tags = vec!["aviation".to_owned()];
    flights.sla_minutes = 15;
    flights.compliance = Some(99.95);
    flights.ports = vec![
        port("operations.flights", "daily", Format::Iceberg, &[("tail_number", "Registration of the aircraft")]),
        port("operations.flights", "files", Format::Parquet, &[("arrDelay", "Minutes late, less than zero if early")]),
    ];
    let mut aircraft = product("fleet.aircraft", "Manufacturer, seats and engines by registration.");
    aircraft.sla_minutes = 1440;
    aircraft.classification = Classification::Public;
    aircraft.compliance = Some(99.2);
    let mut reference = product("fleet.reference", "Names of carriers; mentions flights once.");
    reference.ports = vec![port("fleet.reference", "airlines", Format::Csv, &[("carrier", "Two letters")])];
    reference.compliance = Some(42.0);
    let hourly = product("weather.hourly", "Temperature & wind <observed> each hour.");
    vec![flights, aircraft, reference, hourly]
}
