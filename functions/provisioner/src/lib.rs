//! The provisioner: converges envelopes when a product is registered, and all of them on a schedule.

use std::{collections::BTreeMap, pin::pin};

use futures::{StreamExt, stream};
use mesh_core::provisioning::Provisioner;
use mesh_manifest::ProductId;
use mesh_runtime::ScheduledRun;
use serde_json::{Value, json};

/// Products of a batch that are converged at once.
const CONCURRENCY: usize = 8;

/// Answers an invocation: a batch of stream records, or `{"trigger": "sweep"}`.
///
/// A batch is answered with the records to deliver again; a sweep with its report.
pub async fn handle(provisioner: &Provisioner, event: &Value) -> Result<Value, lambda_runtime::Error> {
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return Ok(batch(provisioner, records).await);
    }
    match event.get("trigger").and_then(Value::as_str) {
        Some("sweep") => {
            let run = ScheduledRun::begin(event);
            let report = provisioner.sweep().await?;
            run.end();
            tracing::info!(?report, "swept");
            Ok(
                json!({ "seen": report.seen, "converged": report.converged, "failed": report.failed, "errors": report.errors }),
            )
        }
        other => Err(format!("neither stream records nor a known trigger: {other:?}").into()),
    }
}

/// Each product once, however many records tell of it. One product's failure redelivers its records only.
async fn batch(provisioner: &Provisioner, records: &[Value]) -> Value {
    let mut products: BTreeMap<ProductId, Vec<&str>> = BTreeMap::new();
    for record in records {
        let sequence = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default();
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        if text("/dynamodb/Keys/revision/S") != Some("current") {
            continue;
        }
        match text("/dynamodb/Keys/product_id/S").map(str::parse::<ProductId>) {
            // What the provisioner itself writes comes round again: looking at it anew is harmless and finds nothing to do.
            Some(Ok(id)) if is_due(record) => products.entry(id).or_default().push(sequence),
            Some(Ok(_)) => {}
            // A record that can never be understood would block its shard for a day: the sweep covers what it told of.
            unknown => tracing::error!(sequence, ?unknown, "a stream record names no product and is passed over"),
        }
    }
    let mut failures = Vec::new();
    // Together: a service that hangs is waited for a few times, not as often as there are products.
    let results =
        products.into_iter().map(|(id, sequences)| async move { (provisioner.converge(&id).await, id, sequences) });
    let mut results = pin!(stream::iter(results).buffered(CONCURRENCY));
    while let Some((result, id, sequences)) = results.next().await {
        match result {
            Ok(outcome) => tracing::info!(product = %id, ?outcome, "converged"),
            Err(error) => {
                tracing::error!(product = %id, error = &error as &dyn std::error::Error, "converging failed; to be delivered again");
                failures.extend(sequences.into_iter().map(|sequence| json!({ "itemIdentifier": sequence })));
            }
        }
    }
    json!({ "batchItemFailures": failures })
}

/// Whether the record's product has a revision that is not provisioned yet.
fn is_due(record: &Value) -> bool {
    let number = |name: &str| {
        let pointer = format!("/dynamodb/NewImage/{name}/N");
        record.pointer(&pointer).and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok())
    };
    match (number("registered_revision"), number("provisioned_revision")) {
        (Some(registered), Some(provisioned)) => registered > provisioned,
        // Without an image there is nothing to tell by: look.
        _ => true,
    }
}
