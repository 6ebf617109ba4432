//! The indexer: writes search documents when products change, and catches up on a schedule.

use std::{collections::BTreeMap, pin::pin};

use futures::{StreamExt, stream};
use mesh_core::indexing::Indexer;
use mesh_manifest::ProductId;
use mesh_runtime::ScheduledRun;
use serde_json::{Value, json};

/// Products of a batch that are indexed at once.
const CONCURRENCY: usize = 8;

/// Answers an invocation: a batch of stream records, `{"trigger": "sweep"}`, or `{"trigger": "rebuild"}`
/// after the tables were restored to an older state.
///
/// A batch is answered with the records to deliver again; the others with their report.
pub async fn handle(indexer: &Indexer, event: &Value) -> Result<Value, lambda_runtime::Error> {
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return Ok(batch(indexer, records).await);
    }
    match event.get("trigger").and_then(Value::as_str) {
        Some("sweep") => {
            let run = ScheduledRun::begin(event);
            let report = indexer.sweep().await?;
            run.end();
            tracing::info!(?report, "swept");
            Ok(json!({ "seen": report.seen, "written": report.written, "errors": report.errors }))
        }
        Some("rebuild") => {
            let report = indexer.rebuild().await?;
            tracing::info!(?report, "rebuilt");
            Ok(json!({ "seen": report.seen, "written": report.written, "errors": report.errors }))
        }
        other => Err(format!("neither stream records nor a known trigger: {other:?}").into()),
    }
}

/// Each product once, however many records tell of it. One product's failure redelivers its records only.
async fn batch(indexer: &Indexer, records: &[Value]) -> Value {
    let mut products: BTreeMap<ProductId, Vec<&str>> = BTreeMap::new();
    for record in records {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        let sequence = text("/dynamodb/SequenceNumber").unwrap_or_default();
        if text("/dynamodb/Keys/revision/S") != Some("current") || !tells_news(record) {
            continue;
        }
        match text("/dynamodb/Keys/product_id/S").map(str::parse::<ProductId>) {
            Some(Ok(id)) => products.entry(id).or_default().push(sequence),
            // A record that can never be understood would block its shard for a day: the sweep covers what it told of.
            unknown => tracing::error!(sequence, ?unknown, "a stream record names no product and is passed over"),
        }
    }
    let mut failures = Vec::new();
    // Together: a service that hangs is waited for a few times, not as often as there are products.
    let results = products.into_iter().map(|(id, sequences)| async move { (indexer.index(&id).await, id, sequences) });
    let mut results = pin!(stream::iter(results).buffered(CONCURRENCY));
    while let Some((result, id, sequences)) = results.next().await {
        match result {
            Ok(()) => tracing::info!(product = %id, "indexed"),
            Err(error) => {
                tracing::error!(product = %id, error = &error as &dyn std::error::Error, "indexing failed; to be delivered again");
                failures.extend(sequences.into_iter().map(|sequence| json!({ "itemIdentifier": sequence })));
            }
        }
    }
    json!({ "batchItemFailures": failures })
}

/// Whether revision or status moved: the index's own note on the item is no news.
fn tells_news(record: &Value) -> bool {
    let image = |name: &str| {
        let image = record.pointer(&format!("/dynamodb/{name}"))?;
        Some((image.get("registered_revision").cloned(), image.get("status").cloned()))
    };
    match (image("OldImage"), image("NewImage")) {
        (Some(before), Some(after)) => before != after,
        _ => true,
    }
}
