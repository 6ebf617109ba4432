//! `sweep`: a run of the probe that writes the state of all 10,000 ports, beside as many items read and written in batches.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use axum::http::StatusCode;
use futures::{StreamExt, TryStreamExt, stream};
use mesh_core::{audit::AuditEntry, domain::Domain, domain::DomainStore, product::ProductStore, product::Status};
use mesh_http::testing::TestIssuer;
use mesh_store_dynamodb::tables::{DATA_PRODUCTS, DOMAINS, OUTPUT_PORTS, SLA_MEASUREMENTS, Table};
use serde_json::json;

use crate::{
    cloud::{Cloud, Item, key, renamed, text},
    mesh,
    ports::{self, PORTS, PRODUCTS, Probe},
    sampling::{Aim, Figure, Spread, in_turn, timed},
};

const DOMAINS_OF_THE_MESH: usize = 100;
const TEMPLATE_DOMAIN: &str = "template-domain";
const TEMPLATE_PRODUCT: &str = "template-product";
/// The most keys that DynamoDB reads in one batch.
const KEYS: usize = 100;
const AT_ONCE: usize = 4;

/// Takes the figures.
pub async fn figures() -> Result<Vec<Figure>> {
    Cloud::with_tables(measure).await
}

async fn measure(cloud: Cloud) -> Result<Vec<Figure>> {
    let domains = seed(&cloud).await?;
    let probe = Probe::new(Arc::new(cloud.store()), &domains).await?;
    // The first run finds every port for the first time.
    probe.run().await?;

    let ours = async |_| timed(probe.run_due()).await;
    let floor = async |round: usize| {
        let bare = async {
            let states = read(&cloud).await?;
            write(&cloud, states, round).await
        };
        timed(bare).await
    };
    let due = in_turn(0, 3, ours, floor).await?;
    let quiet = in_turn(0, 3, async |_| timed(probe.run()).await, async |_| timed(read(&cloud)).await).await?;

    let ports = DOMAINS_OF_THE_MESH * PRODUCTS * PORTS;
    let figure = |name: &str, (ours, floor): (Spread, Spread), detail: String| Figure {
        name: name.to_owned(),
        unit: "s",
        ours: in_seconds(ours),
        floor: Some(in_seconds(floor)),
        aim: Some(Aim::Ratio(1.3)),
        detail,
    };
    Ok(vec![
        figure(
            "sweep",
            due,
            format!("the probe writes {ports} states and as many measurements, beside the items in batches"),
        ),
        figure(
            "sweep.quiet",
            quiet,
            format!("the probe finds nothing to write at {ports} ports, beside its reads in batches"),
        ),
    ])
}

fn in_seconds(spread: Spread) -> Spread {
    Spread { p50: spread.p50 / 1000.0, p99: spread.p99 / 1000.0 }
}

/// Founds the domains, and writes the items of one product that was registered and provisioned under 5,000 names.
async fn seed(cloud: &Cloud) -> Result<Vec<Domain>> {
    let (store, issuer) = (cloud.store(), TestIssuer::new());
    mesh::found(&store, TEMPLATE_DOMAIN).await?;
    let registry = mesh::registry(&store, &issuer);
    let registration = registry.request("POST", "/products", mesh::manifest(TEMPLATE_DOMAIN, TEMPLATE_PRODUCT))?;
    registry.answer(registration, StatusCode::ACCEPTED).await?;
    let id = format!("{TEMPLATE_DOMAIN}.{TEMPLATE_PRODUCT}");
    ensure!(store.set_provisioned(&id.parse()?, 1, Status::Active, None).await?, "`{id}` is not provisioned");
    let product =
        crate::register::get(cloud, DATA_PRODUCTS, key([("product_id", &id), ("revision", "current")])).await?;
    let product = product.context("the product is not registered")?;
    let its_ports = cloud.query(OUTPUT_PORTS, &id).await?;
    ensure!(its_ports.len() == PORTS, "the product has {} ports", its_ports.len());

    let mut domains = Vec::new();
    let (mut products, mut all_ports) = (Vec::new(), Vec::new());
    for number in 0..DOMAINS_OF_THE_MESH {
        let domain = mesh::domain(&ports::domain(number), false)?;
        let entry =
            AuditEntry::new(domain.created_at, &domain.id, "domain.created", &mesh::owner(&domain.id), json!({}));
        store.put_domain(None, &domain, &entry).await?;
        for number in 0..PRODUCTS {
            let name = ports::product(number);
            let changes = [(TEMPLATE_DOMAIN, domain.id.as_str()), (TEMPLATE_PRODUCT, name.as_str())];
            products.push(renamed(&product, &changes));
            all_ports.extend(its_ports.iter().map(|port| renamed(port, &changes)));
        }
        domains.push(domain);
    }
    cloud.write(DATA_PRODUCTS, products).await?;
    cloud.write(OUTPUT_PORTS, all_ports).await?;
    let template = key([("pk", &format!("domain#{TEMPLATE_DOMAIN}")), ("sk", "domain")]);
    cloud.client.delete_item().table_name(cloud.name(DOMAINS)).set_key(Some(template)).send().await?;
    Ok(domains)
}

/// Reads what a run has to know: domains, products, and the ports' states. Returns the states.
async fn read(cloud: &Cloud) -> Result<Vec<Item>> {
    let all = cloud.client.query().table_name(cloud.name(DOMAINS)).index_name("by_kind");
    let all = all.key_condition_expression("#kind = :kind").expression_attribute_names("#kind", "kind");
    let domains = all.expression_attribute_values(":kind", text("domain")).send().await?.items.unwrap_or_default();
    ensure!(domains.len() == DOMAINS_OF_THE_MESH, "{} domains", domains.len());
    let states = stream::iter(0..DOMAINS_OF_THE_MESH).map(|number| async move {
        let domain = ports::domain(number);
        let products = cloud.client.query().table_name(cloud.name(DATA_PRODUCTS)).index_name("by_domain");
        let products = products.key_condition_expression("#domain = :domain");
        let products = products.expression_attribute_names("#domain", "current_domain_id");
        let products = products.expression_attribute_values(":domain", text(&domain)).send().await?;
        ensure!(products.count == i32::try_from(PRODUCTS)?, "`{domain}` has {} products", products.count);
        let ports = (0..PRODUCTS).flat_map(|product| {
            let id = format!("{domain}.{}", ports::product(product));
            [format!("{id}/daily@1"), format!("{id}/monthly@1")]
        });
        let keys = ports.map(|port| key([("port_id", &port), ("measured_at", "latest")]));
        get_batch(cloud, SLA_MEASUREMENTS, keys.collect()).await
    });
    let states: Vec<Vec<Item>> = states.buffer_unordered(AT_ONCE).try_collect().await?;
    let states: Vec<Item> = states.into_iter().flatten().collect();
    ensure!(states.len() == DOMAINS_OF_THE_MESH * PRODUCTS * PORTS, "{} states", states.len());
    Ok(states)
}

async fn get_batch(cloud: &Cloud, table: Table, keys: Vec<Item>) -> Result<Vec<Item>> {
    ensure!(keys.len() <= KEYS, "{} keys are too many for one batch", keys.len());
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build()?;
    let answer = cloud.client.batch_get_item().request_items(cloud.name(table), keys).send().await?;
    Ok(answer.responses.and_then(|mut tables| tables.remove(&cloud.name(table))).unwrap_or_default())
}

/// Writes every state as it is, and a measurement beside it.
async fn write(cloud: &Cloud, states: Vec<Item>, round: usize) -> Result<()> {
    let measurement = |state: &Item| {
        let mut measurement = state.clone();
        measurement.insert("measured_at".to_owned(), text(format!("2020-01-01T00:00:{round:02}.000000000Z")));
        measurement.remove("body");
        measurement
    };
    let measurements = states.iter().map(measurement).collect();
    cloud.write(SLA_MEASUREMENTS, states).await?;
    cloud.write(SLA_MEASUREMENTS, measurements).await
}
