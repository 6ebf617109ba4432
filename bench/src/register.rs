//! `register`: a product's first registration through the registry's router, beside the same calls made bare.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use axum::http::StatusCode;
use mesh_core::policies::PolicyScope;
use mesh_http::testing::{ISSUER, TestIssuer};
use mesh_store_dynamodb::tables::{
    AUDIT_LOG, CONSUMPTION_CONTRACTS, DATA_PRODUCTS, DOMAINS, OUTPUT_PORTS, POLICIES, SCHEMAS, Table,
};

use crate::{
    cloud::{Cloud, Item, key, renamed, text},
    mesh::{self, SUBJECT},
    sampling::{Aim, Figure, in_turn, timed},
};

const DOMAIN: &str = "bench";
/// As long as the names of the products that are registered.
const TEMPLATE: &str = "template-0000";

/// Takes the figure.
pub async fn figure() -> Result<Figure> {
    let (ours, floor) = Cloud::with_tables(measure).await?;
    Ok(Figure {
        name: "register".to_owned(),
        unit: "ms",
        ours,
        floor: Some(floor),
        aim: Some(Aim::Ratio(1.5)),
        detail: "first registration of a product with two ports, beside its reads (one, then six at once) and its transaction of 7 items".to_owned(),
    })
}

async fn measure(cloud: Cloud) -> Result<(crate::sampling::Spread, crate::sampling::Spread)> {
    let (store, issuer) = (cloud.store(), TestIssuer::new());
    mesh::found(&store, DOMAIN).await?;
    let registry = mesh::registry(&store, &issuer);
    let register = async |name: &str| {
        let request = registry.request("POST", "/products", mesh::manifest(DOMAIN, name))?;
        timed(registry.answer(request, StatusCode::ACCEPTED)).await
    };
    register(TEMPLATE).await?;
    let template = Template::read(&cloud).await?;
    let ours = async |round: usize| register(&format!("measured-{round:04}")).await;
    let floor = async |round: usize| {
        let name = format!("baseline-{round:04}");
        timed(template.register(&cloud, &name)).await
    };
    in_turn(20, 200, ours, floor).await
}

/// What one registration wrote.
struct Template(Vec<(Table, Item)>);

impl Template {
    async fn read(cloud: &Cloud) -> Result<Self> {
        let id = format!("{DOMAIN}.{TEMPLATE}");
        let mut written = Vec::new();
        for (table, hash) in [
            (DATA_PRODUCTS, id.clone()),
            (OUTPUT_PORTS, id.clone()),
            (SCHEMAS, format!("{id}/daily")),
            (SCHEMAS, format!("{id}/monthly")),
            (AUDIT_LOG, id),
        ] {
            let items = cloud.query(table, &hash).await?;
            anyhow::ensure!(!items.is_empty(), "the registration wrote nothing into `{}`", table.name);
            written.extend(items.into_iter().map(|item| (table, item)));
        }
        Ok(Self(written))
    }

    /// The least that a registration has to ask and write.
    async fn register(&self, cloud: &Cloud, name: &str) -> Result<()> {
        let id = format!("{DOMAIN}.{name}");
        cloud.query(DOMAINS, &format!("principal#{ISSUER}|{SUBJECT}")).await?;
        let (daily, monthly) = (format!("{id}/daily"), format!("{id}/monthly"));
        futures::try_join!(
            get(cloud, DOMAINS, key([("pk", "domain#bench"), ("sk", "domain")])),
            get(cloud, DATA_PRODUCTS, key([("product_id", &id), ("revision", "current")])),
            cloud.query(CONSUMPTION_CONTRACTS, &id),
            policies(cloud, DOMAIN),
            cloud.query(SCHEMAS, &daily),
            cloud.query(SCHEMAS, &monthly),
        )?;
        let put = |(table, item): &(Table, Item)| {
            let put = Put::builder().table_name(cloud.name(*table)).set_item(Some(renamed(item, &[(TEMPLATE, name)])));
            let put = match table.name {
                "audit_log" | "output_ports" => put,
                _ => put
                    .condition_expression("attribute_not_exists(#hash)")
                    .expression_attribute_names("#hash", table.hash),
            };
            Ok(TransactWriteItem::builder().put(put.build()?).build())
        };
        let writes = self.0.iter().map(put).collect::<Result<Vec<_>>>()?;
        cloud.client.transact_write_items().set_transact_items(Some(writes)).send().await?;
        Ok(())
    }
}

/// One item, read consistently.
pub async fn get(cloud: &Cloud, table: Table, key: Item) -> Result<Option<Item>> {
    let get = cloud.client.get_item().table_name(cloud.name(table)).set_key(Some(key)).consistent_read(true);
    Ok(get.send().await?.item)
}

/// Which policies are in force for `domain`: their revisions in one batch.
pub async fn policies(cloud: &Cloud, domain: &str) -> Result<()> {
    use aws_sdk_dynamodb::types::KeysAndAttributes;
    let scopes = [PolicyScope::Global, PolicyScope::Domain(domain.parse()?), PolicyScope::Products];
    let keys = scopes.iter().map(|scope| key([("scope", &scope.to_string()), ("revision", "current")])).collect();
    let keys = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .projection_expression("#scope, #revision")
        .expression_attribute_names("#scope", "scope")
        .expression_attribute_names("#revision", "bundle_revision");
    let answer = cloud.client.batch_get_item().request_items(cloud.name(POLICIES), keys.build()?).send().await?;
    let found = answer.responses.and_then(|mut tables| tables.remove(&cloud.name(POLICIES))).unwrap_or_default();
    found.iter().find(|item| item.get("scope") == Some(&text("global"))).context("no policies are published")?;
    Ok(())
}
