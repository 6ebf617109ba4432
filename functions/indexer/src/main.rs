//! The indexer as a Lambda function: puts adapters and handler together.

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use mesh_core::indexing::Indexer;
use mesh_runtime::{SearchAuth, Started};
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use mesh_store_dynamodb::DynamoStore;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let Started { environment, sdk } = mesh_runtime::start().await?;
    let store = Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix));
    let auth = match environment.search_auth {
        SearchAuth::Sigv4 => Auth::SigV4(Box::new(sdk)),
        SearchAuth::None => Auth::None,
    };
    let search = OpenSearchIndex::connect(&environment.search_endpoint, &environment.search_index, auth)?;
    let indexer = Indexer { products: store.clone(), measurements: store, search: Arc::new(search) };
    let indexer = &indexer;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        fn_indexer::handle(indexer, &event.payload).await
    }))
    .await
}
