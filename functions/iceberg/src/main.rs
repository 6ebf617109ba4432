//! The Iceberg catalogue as a Lambda function: puts adapters and router together.

use std::sync::Arc;

use fn_iceberg::{Deps, router};
use mesh_access_sts::{KmsSealer, StsVendor};
use mesh_catalog_glue::GlueCatalog;
use mesh_http::token::Verifier;
use mesh_runtime::{Started, WallClock};
use mesh_storage_iceberg::IcebergFormat;
use mesh_storage_s3::S3Storage;
use mesh_store_dynamodb::DynamoStore;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let Started { environment, sdk } = mesh_runtime::start().await?;
    let store = Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix));
    let deps = Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        grants: store.clone(),
        audit: store,
        vendor: Arc::new(StsVendor::new(&sdk)),
        sealer: Arc::new(KmsSealer::new(&sdk, &environment.kms_key)),
        storage: Arc::new(S3Storage::new(&sdk, environment.s3_endpoint.clone())),
        catalog: Arc::new(GlueCatalog::new(&sdk)),
        format: Arc::new(IcebergFormat),
        clock: Arc::new(WallClock),
        region: sdk.region().map(ToString::to_string).unwrap_or_default(),
        s3_endpoint: environment.s3_endpoint,
        verifier: Verifier::over_http(environment.issuers),
    };
    lambda_http::run(router(deps)).await
}
