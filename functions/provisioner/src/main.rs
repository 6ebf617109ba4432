//! The provisioner as a Lambda function: puts adapters and handler together.

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use mesh_access_sts::StsVendor;
use mesh_catalog_glue::GlueCatalog;
use mesh_core::provisioning::Provisioner;
use mesh_events_aws::AwsEvents;
use mesh_runtime::{Started, WallClock};
use mesh_storage_iceberg::IcebergFormat;
use mesh_storage_s3::S3Storage;
use mesh_store_dynamodb::DynamoStore;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let Started { environment, sdk } = mesh_runtime::start().await?;
    let store = Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix));
    let provisioner = Provisioner {
        domains: store.clone(),
        products: store.clone(),
        contracts: store,
        events: Arc::new(AwsEvents::new(&sdk, environment.event_bus)),
        catalog: Arc::new(GlueCatalog::new(&sdk)),
        format: Arc::new(IcebergFormat),
        storage: Arc::new(S3Storage::new(&sdk, environment.s3_endpoint)),
        vendor: Arc::new(StsVendor::new(&sdk)),
        clock: Arc::new(WallClock),
    };
    let provisioner = &provisioner;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        fn_provisioner::handle(provisioner, &event.payload).await
    }))
    .await
}
