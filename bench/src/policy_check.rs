//! `policy_check`: a question to governance's router, beside the calls to the store that an answer needs.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::http::StatusCode;
use mesh_http::testing::{ISSUER, TestIssuer};
use mesh_store_dynamodb::tables::{AUDIT_LOG, CONSUMPTION_CONTRACTS, DATA_PRODUCTS, DOMAINS};
use serde_json::json;

use crate::{
    cloud::{Cloud, key, text},
    mesh::{self, Asked, SUBJECT},
    register::{get, policies},
    sampling::{Figure, Spread, in_turn, timed},
};

const DOMAIN: &str = "bench";
const PRODUCT: &str = "bench.flights";
const PORT: &str = "bench.flights/daily@1";

/// Takes the figure.
pub async fn figure() -> Result<Figure> {
    let (ours, floor) = Cloud::with_tables(measure).await?;
    Ok(Figure {
        name: "policy_check".to_owned(),
        unit: "ms",
        ours,
        floor: Some(floor),
        aim: None,
        detail: "one question about a port, beside its reads (one, then three at once) and its entry in the audit log"
            .to_owned(),
    })
}

async fn measure(cloud: Cloud) -> Result<(Spread, Spread)> {
    let (store, issuer) = (cloud.store(), TestIssuer::new());
    mesh::found(&store, DOMAIN).await?;
    let registry = mesh::registry(&store, &issuer);
    let registration = registry.request("POST", "/products", mesh::manifest(DOMAIN, "flights"))?;
    registry.answer(registration, StatusCode::ACCEPTED).await?;

    let shared = Arc::new(store);
    let governance = fn_governance::router(fn_governance::Deps {
        domains: shared.clone(),
        products: shared.clone(),
        contracts: shared.clone(),
        policies: shared.clone(),
        audit: shared,
        clock: Arc::new(mesh_runtime::WallClock),
        verifier: issuer.verifier(),
    });
    let governance = Asked::new(governance, &issuer);
    let question = json!({
        "action": { "name": "read" },
        "resource": { "type": "output_port", "id": PORT },
        "context": { "purpose": "operations" },
    })
    .to_string();
    let ask = || governance.request("POST", "/governance/policy-check", question.clone());
    let decided = governance.json(ask()?, StatusCode::OK).await?;
    ensure!(decided.get("decision").is_some_and(serde_json::Value::is_boolean), "no decision: {decided}");
    let audited = cloud.query(AUDIT_LOG, PORT).await?.pop().context("the decision is not in the audit log")?;

    let ours = async |_| timed(governance.answer(ask()?, StatusCode::OK)).await;
    let floor = async |round: usize| {
        let mut entry = audited.clone();
        entry.insert("at_id".to_owned(), text(format!("2026-01-01T00:00:00.000000000Z#baseline-{round:016}")));
        let calls = async {
            cloud.query(DOMAINS, &format!("principal#{ISSUER}|{SUBJECT}")).await?;
            futures::try_join!(
                get(&cloud, DATA_PRODUCTS, key([("product_id", PRODUCT), ("revision", "current")])),
                cloud.query(CONSUMPTION_CONTRACTS, PRODUCT),
                policies(&cloud, DOMAIN),
            )?;
            cloud.client.put_item().table_name(cloud.name(AUDIT_LOG)).set_item(Some(entry)).send().await?;
            Ok(())
        };
        timed(calls).await
    };
    in_turn(20, 300, ours, floor).await
}
