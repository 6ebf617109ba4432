//! After the walk: the mesh is set back behind its own back, as a restore of its tables from a point in time and a lost search index
//! do, and rebuilt. No product is lost: each is found, and read, as before.

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use mesh_api::types::{Domain, Product, ReadGrant, SearchAnswer, Status};
use mesh_manifest::Format;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::mesh::Demo;
use super::setup::registered;
use crate::aws_api::AwsApi;
use crate::rebuild;

/// Whose table's entry in the catalogue is lost.
const LOST_ENTRY: (&str, &str) = ("operations", "flights__daily__v1");
/// As it was right after its registration: what was done since is not on record.
const BEHIND: &str = "fleet.aircraft";
/// Restored beside notes of a newer state.
const AHEAD: &str = "weather.hourly";

/// What consumers notice of a mesh.
#[derive(Debug, PartialEq)]
struct Seen {
    /// Product → its version and status.
    found: BTreeMap<String, (String, String)>,
    /// Port → where its table's metadata is, or how many files it has.
    readable: BTreeMap<String, String>,
}

pub fn rebuild(demo: &mut Demo<'_>) -> Result<String> {
    let before = seen(demo)?;
    lose(demo)?;
    let rebuilt = demo.block_on(rebuild::rebuild(demo.platform()?, demo.interrupt))?;
    if !rebuilt.is_complete() {
        bail!("{rebuilt}");
    }
    let after = seen(demo)?;
    if after != before {
        bail!("before, there was {before:?}; after it was set back and rebuilt, there is {after:?}\n{rebuilt}");
    }
    for id in [BEHIND, AHEAD] {
        let product: Product = demo.get(domain_of(id), &format!("products/{id}"))?;
        if product.status != Status::Active {
            bail!("`{id}` is {} after the rebuild", product.status.as_str());
        }
    }
    Ok(format!("{} products are found and {} ports read as before", after.found.len(), after.readable.len()))
}

fn seen(demo: &Demo<'_>) -> Result<Seen> {
    let mut found = BTreeMap::new();
    let mut cursor = None::<String>;
    loop {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page: SearchAnswer = demo.get("insights", &format!("marketplace/search?limit=50{after}"))?;
        found.extend(page.items.into_iter().map(|hit| (hit.product, (hit.version, hit.status))));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut readable = BTreeMap::new();
    for product in registered(demo)? {
        let domain = product.manifest.domain.to_string();
        for port in &product.manifest.output_ports {
            let address = product.manifest.address(port);
            let what = match port.format {
                Format::Iceberg => {
                    let path = format!("iceberg/v1/namespaces/{domain}/tables/{}", address.table());
                    let table: Value = demo.get(&domain, &path)?;
                    table
                        .get("metadata-location")
                        .and_then(Value::as_str)
                        .context("a table without metadata")?
                        .to_owned()
                }
                _ => {
                    let path = format!("products/{}/ports/{}/read?version={}", product.id, port.name, address.major);
                    let grant: ReadGrant = demo.get(&domain, &path)?;
                    format!("{} files", grant.files.len())
                }
            };
            readable.insert(address.to_string(), what);
        }
    }
    Ok(Seen { found, readable })
}

/// All of the search index, one entry of the catalogue, and what the tables said of two products.
fn lose(demo: &Demo<'_>) -> Result<()> {
    let search = &demo.running()?.endpoints.search;
    let name = &demo.platform()?.known.name;
    demo.block_on(async {
        let http = reqwest::Client::new();
        let list = format!("{search}/_cat/indices/{name}-products*?format=json&h=index");
        let indices: Vec<BTreeMap<String, String>> = http.get(list).send().await?.error_for_status()?.json().await?;
        if indices.is_empty() {
            bail!("there is no search index to lose");
        }
        for index in indices.iter().filter_map(|index| index.get("index")) {
            http.delete(format!("{search}/{index}")).send().await?.error_for_status()?;
        }
        Ok(())
    })?;

    let sdk = demo.block_on(demo.platform()?.sdk());
    let (domain, table) = LOST_ENTRY;
    let envelope = demo.get::<Domain>(domain, &format!("domains/{domain}"))?.envelope;
    let database = envelope.context("the domain has storage")?.glue_database;
    let aws = AwsApi::new(sdk.clone())?;
    demo.block_on(aws.glue("DeleteTable", &json!({ "DatabaseName": database, "Name": table })))?;

    let tables = aws_sdk_dynamodb::Client::new(&sdk);
    for (id, provisioned, indexed, status) in [(BEHIND, 0, 0, "provisioning"), (AHEAD, 99, 99, "active")] {
        let update = tables
            .update_item()
            .table_name(format!("{name}-data_products"))
            .key("product_id", AttributeValue::S(id.to_owned()))
            .key("revision", AttributeValue::S("current".to_owned()))
            .update_expression(
                "SET provisioned_revision = :provisioned, indexed_revision = :indexed, #status = :status",
            )
            .condition_expression("attribute_exists(product_id)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":provisioned", AttributeValue::N(provisioned.to_string()))
            .expression_attribute_values(":indexed", AttributeValue::N(indexed.to_string()))
            .expression_attribute_values(":status", AttributeValue::S(status.to_owned()));
        demo.block_on(update.send()).with_context(|| format!("`{id}` cannot be set back"))?;
    }
    Ok(())
}

fn domain_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}
