//! The catalogue on a local cloud's Glue. Needs `MESH_TEST_CLOUD_ENDPOINT`, which `cargo xtask test` sets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_glue::{
    Client,
    config::Credentials as Keys,
    types::{DatabaseInput, TableInput},
};
use mesh_catalog_glue::GlueCatalog;
use mesh_core::{
    error::StoreError,
    table_catalog::{CatalogTable, TableCatalog},
};
use mesh_manifest::Schema;

async fn sdk() -> SdkConfig {
    let endpoint = std::env::var("MESH_TEST_CLOUD_ENDPOINT")
        .expect("set MESH_TEST_CLOUD_ENDPOINT to a local cloud's endpoint, or run `cargo xtask test`");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Keys::new("test", "test", None, None, "test"))
        .load()
        .await
}

async fn database(sdk: &SdkConfig) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("mesh_{nanos:x}{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let input = DatabaseInput::builder().name(&name).build().unwrap();
    Client::new(sdk).create_database().database_input(input).send().await.unwrap();
    name
}

fn schema(names: &[&str]) -> Schema {
    let fields: Vec<_> = names.iter().map(|name| serde_json::json!({ "name": name, "type": "long" })).collect();
    serde_json::from_value(serde_json::json!({ "fields": fields })).unwrap()
}

fn table(database: &str, name: &str) -> CatalogTable {
    CatalogTable {
        database: database.to_owned(),
        name: name.to_owned(),
        location: format!("s3://bucket/{name}"),
        metadata_location: format!("s3://bucket/{name}/metadata/0.json"),
        version_id: None,
    }
}

#[tokio::test]
async fn a_table_is_created_once_and_found() {
    let sdk = sdk().await;
    let (catalog, database) = (GlueCatalog::new(&sdk), database(&sdk).await);
    let created = table(&database, "flights__daily__v1");
    assert_eq!(catalog.table(&database, &created.name).await.unwrap(), None);
    catalog.create_table(&created, &schema(&["id"])).await.unwrap();
    let again = catalog.create_table(&created, &schema(&["id"])).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let found = catalog.table(&database, &created.name).await.unwrap().unwrap();
    assert_eq!(CatalogTable { version_id: None, ..found }, created);
    let nowhere = catalog.create_table(&table("mesh_nowhere", "t"), &schema(&["id"])).await;
    assert!(matches!(nowhere, Err(StoreError::Denied { .. })), "{nowhere:?}");
}

#[tokio::test]
async fn all_pages_are_listed_and_other_tables_left_out() {
    let sdk = sdk().await;
    let (catalog, database) = (GlueCatalog::new(&sdk), database(&sdk).await);
    for index in 0..205 {
        catalog.create_table(&table(&database, &format!("t{index:03}")), &schema(&["id"])).await.unwrap();
    }
    let hive = TableInput::builder().name("hive").table_type("EXTERNAL_TABLE").build().unwrap();
    Client::new(&sdk).create_table().database_name(&database).table_input(hive).send().await.unwrap();
    let mut names: Vec<_> = catalog.tables(&database).await.unwrap().into_iter().map(|table| table.name).collect();
    names.sort();
    assert_eq!(names, (0..205).map(|index| format!("t{index:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_swap_moves_the_pointer_once() {
    let sdk = sdk().await;
    let (catalog, database) = (GlueCatalog::new(&sdk), database(&sdk).await);
    let name = "flights__daily__v1";
    catalog.create_table(&table(&database, name), &schema(&["id"])).await.unwrap();
    let before = catalog.table(&database, name).await.unwrap().unwrap();
    catalog.swap(&before, "s3://bucket/1.json", None).await.unwrap();
    let after = catalog.table(&database, name).await.unwrap().unwrap();
    assert_eq!(after.metadata_location, "s3://bucket/1.json");
    assert_eq!(after.location, before.location);
    let stale = catalog.swap(&before, "s3://bucket/other.json", None).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    catalog.swap(&after, "s3://bucket/2.json", Some(&schema(&["id", "note"]))).await.unwrap();
    let entry = Client::new(&sdk).get_table().database_name(&database).name(name).send().await.unwrap().table.unwrap();
    let columns = entry.storage_descriptor.unwrap().columns.unwrap();
    assert_eq!(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["id", "note"]);
    assert_eq!(entry.parameters.unwrap()["previous_metadata_location"], "s3://bucket/1.json");
    let gone = catalog.swap(&table(&database, "gone"), "s3://bucket/1.json", None).await;
    assert!(matches!(gone, Err(StoreError::Conflict)), "{gone:?}");
}

#[tokio::test]
async fn of_racing_swaps_one_wins() {
    let sdk = sdk().await;
    let (catalog, database) = (GlueCatalog::new(&sdk), database(&sdk).await);
    let name = "flights__daily__v1";
    catalog.create_table(&table(&database, name), &schema(&["id"])).await.unwrap();
    for round in 0..5 {
        let before = catalog.table(&database, name).await.unwrap().unwrap();
        let targets: Vec<_> = (0..8).map(|racer| format!("s3://bucket/{round}-{racer}.json")).collect();
        let swaps = futures::future::join_all(targets.iter().map(|target| catalog.swap(&before, target, None))).await;
        let winners: Vec<_> =
            targets.iter().zip(&swaps).filter(|(_, result)| result.is_ok()).map(|(t, _)| t.clone()).collect();
        let after = catalog.table(&database, name).await.unwrap().unwrap();
        assert_eq!(winners, [after.metadata_location]);
        assert!(swaps.iter().filter(|r| r.is_err()).all(|r| matches!(r, Err(StoreError::Conflict))), "{swaps:?}");
    }
}
