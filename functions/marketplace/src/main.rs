//! The marketplace as a Lambda function: puts adapters and router together.

use std::sync::Arc;

use fn_marketplace::{Deps, router};
use mesh_http::token::Verifier;
use mesh_runtime::{SearchAuth, Started};
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use mesh_store_dynamodb::DynamoStore;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let Started { environment, sdk } = mesh_runtime::start().await?;
    let store = Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix));
    let auth = match environment.search_auth {
        SearchAuth::Sigv4 => Auth::SigV4(Box::new(sdk)),
        SearchAuth::None => Auth::None,
    };
    let search = OpenSearchIndex::connect(&environment.search_endpoint, &environment.search_index, auth)?;
    let deps = Deps { domains: store, search: Arc::new(search), verifier: Verifier::over_http(environment.issuers) };
    lambda_http::run(router(deps)).await
}
