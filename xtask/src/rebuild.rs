//! `cargo xtask rebuild`: tables that were restored to an older state, or a search index that was lost, and all that is made from
//! them is brought in line again. The truth is in the tables; the functions make the rest of it, and this starts them.

use anyhow::{Context, Result};
use mesh_core::product::{Product, ProductStore, Status};
use mesh_store_dynamodb::DynamoStore;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

use crate::aws_api::AwsApi;
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::progress;

/// How often the sweeps are started at the most: what is not in line by then needs a person.
const ROUNDS: usize = 4;
/// Between two rounds, what is registered meanwhile gets into the lists that sweeps go by.
const PAUSE: Duration = Duration::from_secs(2);

/// What was found and made.
#[derive(Debug)]
pub struct Rebuilt {
    /// Registered products, retired ones included.
    products: usize,
    /// What lagged before anything was done.
    lagged: Vec<String>,
    /// Documents written into a new search index.
    indexed: u64,
    /// Envelopes that were converged, and documents that were written again, in each round.
    rounds: Vec<(u64, u64)>,
    /// What lags still.
    left: Vec<String>,
}

impl Rebuilt {
    pub fn is_complete(&self) -> bool {
        self.left.is_empty()
    }
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "found      {} products, {} of which lagged", self.products, self.lagged.len())?;
        for lag in &self.lagged {
            writeln!(formatter, "           {lag}")?;
        }
        writeln!(formatter, "search     a new index with {} documents", self.indexed)?;
        for (round, (converged, written)) in self.rounds.iter().enumerate() {
            let round = round + 1;
            writeln!(formatter, "sweep {round}    {converged} envelopes stand, {written} documents written again")?;
        }
        match self.left.as_slice() {
            [] => write!(formatter, "done       nothing lags"),
            left => write!(formatter, "LAGGING    {}", left.join("\n           ")),
        }
    }
}

/// Fill the search index anew, then run both sweeps until nothing lags, but not for ever.
pub async fn rebuild(platform: &Platform, interrupt: &Interrupt) -> Result<Rebuilt> {
    let sdk = platform.sdk().await;
    let store = DynamoStore::connect(&sdk, &format!("{}-", platform.known.name));
    let aws = AwsApi::new(sdk)?;
    let found = products(&store).await?;
    let mut rebuilt = Rebuilt {
        products: found.len(),
        lagged: found.iter().filter_map(lag).collect(),
        indexed: 0,
        rounds: Vec::new(),
        left: Vec::new(),
    };
    let run = async |function: &str, trigger: &str| {
        interrupt.check()?;
        progress::detail(&format!("{trigger} of {function}"));
        aws.invoke(&format!("{}-{function}", platform.known.name), &json!({ "trigger": trigger })).await
    };
    rebuilt.indexed = count(&run("indexer", "rebuild").await?, "written")?;
    for round in 1..=ROUNDS {
        let envelopes = run("provisioner", "sweep").await?;
        let documents = run("indexer", "sweep").await?;
        rebuilt.rounds.push((count(&envelopes, "converged")?, count(&documents, "written")?));
        rebuilt.left = products(&store).await?.iter().filter_map(lag).collect();
        for (sweep, report) in [("provisioner", &envelopes), ("indexer", &documents)] {
            let errors = count(report, "errors")?;
            if errors > 0 {
                rebuilt.left.push(format!("the sweep of `{sweep}` failed for {errors} products; its log names them"));
            }
        }
        // A document that was only now written was not in line before: the next round must find nothing to write.
        if rebuilt.left.is_empty() && count(&documents, "written")? == 0 {
            break;
        }
        if round == ROUNDS {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(rebuilt)
}

fn count(report: &Value, what: &str) -> Result<u64> {
    report.get(what).and_then(Value::as_u64).with_context(|| format!("the report `{report}` has no `{what}`"))
}

/// Every product that can be read, and none that cannot: the store names those in the log, and the sweeps count them.
async fn products(store: &DynamoStore) -> Result<Vec<Product>> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.products(None, cursor.as_deref(), 100).await?;
        all.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// What of a product is not as it is registered.
fn lag(product: &Product) -> Option<String> {
    let mut lags = Vec::new();
    if product.indexed_revision < product.revision {
        lags.push(format!("revision {} is indexed", product.indexed_revision));
    }
    if product.status != Status::Retired {
        if product.provisioned_revision != product.revision {
            lags.push(format!("revision {} is provisioned", product.provisioned_revision));
        }
        if product.status != Status::Active {
            let why = product.status_detail.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            lags.push(format!("it is {}{why}", product.status.as_str()));
        }
    }
    let registered = format!("{}: revision {} is registered", product.id, product.revision);
    (!lags.is_empty()).then(|| format!("{registered}, {}", lags.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(revisions: [u64; 3], status: &str, detail: Option<&str>) -> Product {
        let manifest = json!({
            "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": "operations", "name": "flights", "version": "1.0.0",
            "description": "Departures.", "owner": { "team": "Ops", "contact": "ops@example.org" },
            "classification": "internal", "retention": "730d",
            "access": { "visibility": "company", "purposes": [] }, "outputPorts": [],
        });
        let [revision, provisioned_revision, indexed_revision] = revisions;
        serde_json::from_value(json!({
            "id": "operations.flights", "version": "1.0.0", "status": status, "status_detail": detail, "manifest_text": "",
            "manifest": manifest, "digest": "", "revision": revision, "registered_at": "2026-01-01T00:00:00Z",
            "registered_by": "olga", "provisioned_revision": provisioned_revision, "indexed_revision": indexed_revision,
            "contracts_revision": 0,
        }))
        .unwrap()
    }

    #[test]
    fn what_lags_is_told_with_its_reason() {
        assert_eq!(lag(&product([2, 2, 2], "active", None)), None);
        assert_eq!(lag(&product([2, 2, 7], "active", None)), None, "an index note that is ahead holds nothing up");
        assert_eq!(lag(&product([2, 0, 2], "retired", None)), None, "nothing is provisioned for a retired product");
        assert_eq!(
            lag(&product([2, 1, 1], "failed", Some("no storage"))).unwrap(),
            "operations.flights: revision 2 is registered, revision 1 is indexed, revision 1 is provisioned, it is failed: no storage"
        );
        assert!(
            lag(&product([2, 3, 2], "active", None)).is_some(),
            "an envelope ahead of its product is of another state"
        );
    }

    #[test]
    fn the_summary_tells_whether_it_is_complete() {
        let mut rebuilt =
            Rebuilt { products: 6, lagged: Vec::new(), indexed: 6, rounds: vec![(6, 0)], left: Vec::new() };
        assert!(rebuilt.is_complete() && rebuilt.to_string().ends_with("nothing lags"));
        rebuilt.left.push("operations.flights: it is failed".to_owned());
        assert!(!rebuilt.is_complete() && rebuilt.to_string().contains("LAGGING    operations.flights: it is failed"));
    }
}
