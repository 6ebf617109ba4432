//! A cloud with DynamoDB for the tests, and tables in it that no other test uses.
//!
//! Needs `MESH_TEST_CLOUD_ENDPOINT`, which `cargo xtask test` sets.

use std::{collections::BTreeSet, env, error::Error, iter};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    error::BuildError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType,
    },
};
use mesh_store_dynamodb::{
    DynamoStore,
    tables::{TABLES, Table},
};

/// A client of the cloud, with the credentials that a local one takes.
pub fn client() -> Client {
    let endpoint = env::var("MESH_TEST_CLOUD_ENDPOINT")
        .expect("set MESH_TEST_CLOUD_ENDPOINT to a local cloud's endpoint, or run `cargo xtask test`");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    Client::from_conf(config)
}

/// A store on empty tables of its own.
pub async fn store() -> DynamoStore {
    let prefix = format!("test-{}-", ulid::Ulid::new().to_string().to_ascii_lowercase());
    let client = client();
    for table in &TABLES {
        create(&client, &prefix, table).await.expect("the cloud makes tables");
    }
    DynamoStore::new(client, prefix)
}

async fn create(client: &Client, prefix: &str, table: &Table) -> Result<(), Box<dyn Error>> {
    let mut attributes = BTreeSet::from([table.hash]);
    attributes.extend(table.range);
    attributes.extend(table.indexes.iter().flat_map(|index| iter::once(index.hash).chain(index.range)));

    let mut request = client
        .create_table()
        .table_name(format!("{prefix}{}", table.name))
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(table.hash, table.range)?));
    for name in attributes {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(definition.build()?);
    }
    for index in table.indexes {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(index.hash, index.range)?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build());
        request = request.global_secondary_indexes(index.build()?);
    }
    request.send().await?;
    Ok(())
}

fn key_schema(hash: &str, range: Option<&str>) -> Result<Vec<KeySchemaElement>, BuildError> {
    let keys = iter::once((hash, KeyType::Hash)).chain(range.map(|range| (range, KeyType::Range)));
    keys.map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build()).collect()
}
