//! The contract suites of `mesh-core` on DynamoDB itself, as far as the local cloud is that.

mod cloud;

use mesh_core::{
    audit::AuditLog,
    error::StoreError,
    measurement::MeasurementStore,
    product::ProductStore,
    store_suite::{self, samples},
};
use mesh_store_dynamodb::DynamoStore;

/// Runs one suite, each of its cases on new tables.
macro_rules! suite {
    ($name:ident, $suite:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            store_suite::$suite(cloud::store).await;
        }
    };
}

suite!(domains, domain_store);
suite!(products, product_store);
suite!(registrations, registration);
suite!(contracts, contract_store);
suite!(policies, policy_store);
suite!(measurements, measurement_store);
suite!(grants, grant_store);
suite!(idempotency_keys, idempotency_store);
suite!(audit, audit_log);

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_unavailable() {
    let config = cloud::client().config().to_builder().endpoint_url("http://127.0.0.1:9").build();
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::from_conf(config), "mesh-");
    let id = "operations.flights".parse().unwrap();
    let error = store.product(&id).await.unwrap_err();
    assert_eq!(error.to_string(), "DynamoDB is unavailable");
    assert!(std::error::Error::source(&error).is_some());
    let error = store.register(&samples::first_registration("operations.flights")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn missing_tables_are_told_apart_from_an_outage() {
    let store = DynamoStore::new(cloud::client(), "nowhere-");
    let error = store.entries("operations", 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
}

/// One item that somebody wrote over by hand must not hide the others from the sweeps.
#[tokio::test]
async fn a_product_that_cannot_be_read_is_passed_over_in_lists() {
    let store = cloud::store().await;
    let products = ["a.one", "a.poisoned", "a.three", "a.two"];
    for product in products {
        store.register(&samples::first_registration(product)).await.unwrap();
    }
    let key = [("product_id", "a.poisoned"), ("revision", "current")];
    let mut update = cloud::client()
        .update_item()
        .table_name(store.table_name("data_products"))
        .update_expression("SET manifest_json = :broken")
        .expression_attribute_values(":broken", aws_sdk_dynamodb::types::AttributeValue::S("{".to_owned()));
    for (name, value) in key {
        update = update.key(name, aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned()));
    }
    update.send().await.unwrap();
    let domain = "a".parse().unwrap();
    for limit in [1, 2, 3, 100] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.products(Some(&domain), cursor.as_deref(), limit).await.unwrap();
            found.extend(page.items.into_iter().map(|product| product.id.to_string()));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, ["a.one", "a.three", "a.two"], "{limit} a page");
    }
    let error = store.product(&"a.poisoned".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

/// What other programs and people read in the tables: the columns that the requirements name.
#[tokio::test]
async fn the_required_columns_are_columns() {
    let store = cloud::store().await;
    let mut registration = samples::first_registration("operations.flights");
    registration.product.status_detail = None;
    store.register(&registration).await.unwrap();
    let port = "operations.flights/daily@1";
    store.put_state(&samples::port_state(port, 1, 0), true).await.unwrap();
    let contract = samples::contract(port, "insights", 0);
    let audit = samples::audit(port, "contract.requested", samples::at(0));
    mesh_core::contract::ContractStore::put_contract(&store, None, &contract, None, &audit).await.unwrap();

    let client = cloud::client();
    let columns = async |table: &str| -> Vec<Vec<String>> {
        let items = client.scan().table_name(store.table_name(table)).send().await.unwrap().items.unwrap();
        items.into_iter().map(|item| item.into_keys().collect()).collect()
    };
    let required: [(&str, &[&str]); 4] = [
        ("data_products", &["product_id", "domain_id", "name", "version", "status", "manifest_yaml", "registered_at"]),
        (
            "output_ports",
            &["port_id", "product_id", "port_name", "schema_id", "sla_freshness_minutes", "access_endpoint", "format"],
        ),
        (
            "consumption_contracts",
            &["contract_id", "consumer_domain_id", "producer_product_id", "port_id", "agreed_sla", "created_at"],
        ),
        (
            "sla_measurements",
            &["product_id", "port_id", "measured_at", "actual_freshness_minutes", "sla_freshness_minutes", "compliant"],
        ),
    ];
    for (table, wanted) in required {
        let items = columns(table).await;
        assert!(!items.is_empty(), "{table}");
        for item in items {
            for column in wanted {
                assert!(item.iter().any(|name| name == column), "`{table}` has an item without `{column}`: {item:?}");
            }
        }
    }
}
