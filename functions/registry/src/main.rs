//! The registry as a Lambda function: puts adapters and router together.

use std::sync::Arc;

use fn_registry::{Deps, router};
use mesh_http::token::Verifier;
use mesh_runtime::{Started, WallClock};
use mesh_store_dynamodb::DynamoStore;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let Started { environment, sdk } = mesh_runtime::start().await?;
    let store = Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix));
    let deps = Deps {
        domains: store.clone(),
        products: store.clone(),
        contracts: store.clone(),
        schemas: store.clone(),
        policies: store.clone(),
        measurements: store.clone(),
        idempotency: store.clone(),
        audit: store,
        minimum_notice: environment.minimum_notice,
        clock: Arc::new(WallClock),
        verifier: Verifier::over_http(environment.issuers),
    };
    lambda_http::run(router(deps)).await
}
