//! `gateway`: a search through the API Gateway and the function, beside the function's router in this process.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use axum::http::StatusCode;
use mesh_http::token::Verifier;
use mesh_runtime::{Environment, SearchAuth};
use mesh_search_opensearch::{Auth, OpenSearchIndex};
use mesh_store_dynamodb::DynamoStore;
use serde_json::Value;

use crate::{
    mesh::Asked,
    sampling::{Figure, in_turn, timed},
};

const SEARCH: &str = "/marketplace/search?q=bench";

/// Takes the figure.
pub async fn figure(token: &Path) -> Result<Figure> {
    let token = fs::read_to_string(token).with_context(|| format!("`{}` cannot be read", token.display()))?;
    let environment = Environment::from_process()?;
    let sdk = mesh_runtime::sdk::load().await;
    ensure!(
        environment.search_auth == SearchAuth::None,
        "the search endpoint of a local stack takes unsigned requests"
    );
    let deps = fn_marketplace::Deps {
        domains: Arc::new(DynamoStore::connect(&sdk, &environment.table_prefix)),
        search: Arc::new(OpenSearchIndex::connect(
            &environment.search_endpoint,
            &environment.search_index,
            Auth::None,
        )?),
        verifier: Verifier::over_http(environment.issuers),
    };
    let marketplace = Asked::with_token(fn_marketplace::router(deps), token.trim());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let through = async || {
        let request = client.get(format!("{}{SEARCH}", environment.api_url)).bearer_auth(token.trim());
        Ok::<_, anyhow::Error>(request.send().await?.error_for_status()?.bytes().await?)
    };
    let within = async || marketplace.answer(marketplace.request("GET", SEARCH, "")?, StatusCode::OK).await;

    let read = |body: &[u8]| serde_json::from_slice::<Value>(body);
    let (through_total, within_total) = (read(&through().await?)?, read(&within().await?)?);
    ensure!(
        through_total.get("total") == within_total.get("total"),
        "the API finds {through_total} and the router {within_total}"
    );
    let (ours, floor) = in_turn(20, 200, async |_| timed(through()).await, async |_| timed(within()).await).await?;
    Ok(Figure {
        name: "gateway".to_owned(),
        unit: "ms",
        ours,
        floor: Some(floor),
        aim: None,
        detail: "a search through the local API Gateway and function, beside the function's router in process"
            .to_owned(),
    })
}
