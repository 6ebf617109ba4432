//! `search`: searches through the marketplace's router, beside the same queries sent to the engine.

use std::{env, sync::Arc};

use anyhow::{Context, Result, ensure};
use axum::http::StatusCode;
use futures::{TryStreamExt, stream};
use mesh_core::search_index::{FieldDocument, PortDocument, ProductDocument, SearchIndex, SearchQuery};
use mesh_http::testing::TestIssuer;
use mesh_manifest::{Classification, Format, ProductId, Visibility};
use mesh_runtime::environment::SEARCH_ENDPOINT;
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use serde_json::Value;

use crate::{
    cloud::Cloud,
    mesh::{self, Asked},
    sampling::{Aim, Figure, Spread, in_turn, timed},
};

const DOMAIN: &str = "bench";
const PRODUCTS: usize = 5000;
/// Documents that are written at once while the index is filled.
const AT_ONCE: usize = 16;
const FRESHNESS: u64 = 1440;

const WORDS: [&str; 24] = [
    "flights",
    "weather",
    "aircraft",
    "bookings",
    "luggage",
    "delays",
    "airports",
    "crew",
    "fuel",
    "tickets",
    "revenue",
    "customers",
    "routes",
    "gates",
    "maintenance",
    "catering",
    "loyalty",
    "pricing",
    "schedule",
    "incidents",
    "cargo",
    "security",
    "punctuality",
    "emissions",
];

/// Takes the figure.
pub async fn figure() -> Result<Figure> {
    let endpoint = env::var(SEARCH_ENDPOINT).with_context(|| format!("`{SEARCH_ENDPOINT}` is not set"))?;
    let (ours, floor) = Cloud::with_tables(async |cloud| {
        let index = format!("bench-{}", ulid::Ulid::new().to_string().to_ascii_lowercase());
        let index = OpenSearchIndex::connect(&endpoint, &index, Auth::None)?;
        let name = index.name().to_owned();
        let engine = Engine { http: reqwest::Client::builder().no_proxy().build()?, endpoint };
        let measured = measure(&cloud, index, &engine).await;
        engine.remove(&format!("{name}-1")).await?;
        measured
    })
    .await?;
    Ok(Figure {
        name: "search".to_owned(),
        unit: "ms",
        ours,
        floor: Some(floor),
        aim: Some(Aim::Ratio(1.2)),
        detail: format!(
            "words, filters, facets and highlights over {PRODUCTS} products, beside the same query at the engine"
        ),
    })
}

async fn measure(cloud: &Cloud, index: OpenSearchIndex, engine: &Engine) -> Result<(Spread, Spread)> {
    let (store, issuer) = (cloud.store(), TestIssuer::new());
    mesh::found(&store, DOMAIN).await?;
    let documents = stream::iter((0..PRODUCTS).map(document));
    let put = |document: ProductDocument| {
        let index = &index;
        async move { index.put(&document).await.context("the index cannot be filled") }
    };
    documents.try_for_each_concurrent(AT_ONCE, put).await?;
    let name = index.name().to_owned();
    engine.post(&format!("{name}/_forcemerge?max_num_segments=1"), &Value::Null).await?;
    engine.post(&format!("{name}/_refresh"), &Value::Null).await?;

    let queries = WORDS.iter().zip(WORDS.iter().skip(1)).map(|(one, other)| {
        let query = SearchQuery {
            text: format!("{one} {other}"),
            sla_minutes: Some(FRESHNESS),
            acting: Some(DOMAIN.parse()?),
            limit: 20,
            ..SearchQuery::default()
        };
        Ok((format!("/marketplace/search?q={one}+{other}&sla_minutes={FRESHNESS}"), OpenSearchIndex::request(&query)?))
    });
    let queries = queries.collect::<Result<Vec<_>>>()?;
    let query = |round: usize| queries.get(round % queries.len()).context("there are queries");

    let deps = fn_marketplace::Deps { domains: Arc::new(store), search: Arc::new(index), verifier: issuer.verifier() };
    let marketplace = Asked::new(fn_marketplace::router(deps), &issuer);
    let path = format!("{name}/_search?preference={DOMAIN}");
    // What is compared has to be the same.
    for (request, body) in &queries {
        let ours = marketplace.json(marketplace.request("GET", request, "")?, StatusCode::OK).await?;
        let bare: Value = serde_json::from_slice(&engine.post(&path, body).await?)?;
        let totals = (ours.get("total"), bare.pointer("/hits/total/value"));
        ensure!(totals.0 == totals.1 && totals.0 != Some(&0.into()), "`{request}` finds {totals:?} products");
    }
    let ours = async |round: usize| {
        let (request, _) = query(round)?;
        timed(marketplace.answer(marketplace.request("GET", request, "")?, StatusCode::OK)).await
    };
    let floor = async |round: usize| {
        let (_, body) = query(round)?;
        timed(engine.post(&path, body)).await
    };
    in_turn(50, 400, ours, floor).await
}

fn document(number: usize) -> Result<ProductDocument> {
    let word =
        |step: usize| WORDS.get((number * 7 + step * (1 + number / 24)) % WORDS.len()).copied().unwrap_or_default();
    let id: ProductId = format!("d{:03}.{}-{number}", number % 100, word(0)).parse()?;
    let text = |steps: std::ops::Range<usize>| steps.map(word).collect::<Vec<_>>().join(" ");
    let ports = (0..2).map(|port| PortDocument {
        address: format!("{id}/{}@1", if port == 0 { "daily" } else { "monthly" }),
        name: if port == 0 { "daily".to_owned() } else { "monthly".to_owned() },
        description: text(port..port + 8),
        format: if port == 0 { Format::Iceberg } else { Format::Parquet },
        sla_minutes: 60 * (1 + number as u64 % 48),
        fields: (0..12)
            .map(|field| FieldDocument {
                name: format!("{}_{field}", word(field)),
                description: text(field..field + 6),
            })
            .collect(),
    });
    Ok(ProductDocument {
        domain: id.domain.clone(),
        name: id.name.to_string(),
        product_id: id.clone(),
        version: "1.0.0".to_owned(),
        description: text(0..14),
        owner_team: format!("{} team", word(3)),
        owner_contact: "team@example.org".to_owned(),
        classification: if number.is_multiple_of(3) { Classification::Public } else { Classification::Internal },
        visibility: Visibility::Company,
        tags: vec![word(1).to_owned(), word(2).to_owned()],
        status: "active".to_owned(),
        sla_minutes: 60 * (1 + number as u64 % 48),
        ports: ports.collect(),
        compliance: Some(99.5),
        revision: 1,
        deleted: false,
    })
}

/// The search engine, asked without anything in between.
struct Engine {
    http: reqwest::Client,
    endpoint: String,
}

impl Engine {
    async fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>> {
        let request = self.http.post(format!("{}/{path}", self.endpoint));
        let request = if body.is_null() { request } else { request.json(body) };
        Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
    }

    async fn remove(&self, index: &str) -> Result<()> {
        self.http.delete(format!("{}/{index}", self.endpoint)).send().await?.error_for_status()?;
        Ok(())
    }
}
