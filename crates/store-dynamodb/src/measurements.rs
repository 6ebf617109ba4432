//! Ports' states and measurements: `sla_measurements`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use mesh_core::{
    error::StoreError,
    measurement::{Measurement, MeasurementStore, PortState},
};
use mesh_manifest::PortAddress;
use serde_json::Value;

use crate::{
    expression::Expression,
    layout::{Item, Kind, Layout, column, instant, key, number, text},
    query::Query,
    store::DynamoStore,
    tables::SLA_MEASUREMENTS,
    transaction::Transaction,
};

/// A measurement but for its time, which is the range key in the time series.
const MEASUREMENT: Layout = Layout {
    what: "measurement",
    columns: &[
        column("port", "port_id", Kind::Text),
        column("actual_freshness_minutes", "actual_freshness_minutes", Kind::Number),
        column("sla_freshness_minutes", "sla_freshness_minutes", Kind::Minutes),
        column("verdict", "compliant", Kind::Compliant),
    ],
};

/// A state but for its measurement.
const STATE: Layout = Layout { what: "port state", columns: &[column("sequence", "sequence", Kind::Number)] };

/// The range key of a port's state; it sorts after every time.
const LATEST: &str = "latest";

/// How long kept measurements stay: a year and the time to look back at it.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A measurement's attributes, with its time in `time_attribute`.
fn measured(measurement: &Measurement, time_attribute: &str) -> Result<Item, StoreError> {
    let mut fields = fields_of(MEASUREMENT, measurement)?;
    fields.remove("measured_at");
    let mut item = MEASUREMENT.item(&fields)?;
    item.insert("product_id".to_owned(), text(&measurement.port.product));
    item.insert(time_attribute.to_owned(), text(instant(measurement.measured_at)));
    Ok(item)
}

/// The fields of the measurement in an item, with its time in `time_attribute`.
fn measurement_fields(item: &Item, time_attribute: &str) -> Result<serde_json::Map<String, Value>, StoreError> {
    let time = item.get(time_attribute).and_then(|time| time.as_s().ok());
    let time = time.ok_or_else(|| StoreError::corrupt(MEASUREMENT.what, format!("`{time_attribute}` is missing")))?;
    // The body of a state's item is the state's.
    let mut fields = MEASUREMENT.columns_of(item)?;
    fields.insert("measured_at".to_owned(), Value::from(time.as_str()));
    Ok(fields)
}

fn fields_of(layout: Layout, record: &impl serde::Serialize) -> Result<serde_json::Map<String, Value>, StoreError> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(StoreError::corrupt(layout.what, "it is no object")),
        Err(error) => Err(StoreError::corrupt(layout.what, error)),
    }
}

fn state_item(state: &PortState) -> Result<Item, StoreError> {
    let mut fields = fields_of(STATE, state)?;
    fields.remove("measurement");
    let mut item = STATE.item(&fields)?;
    item.extend(measured(&state.measurement, "observed_at")?);
    item.insert("measured_at".to_owned(), text(LATEST));
    Ok(item)
}

fn state_record(item: &Item) -> Result<PortState, StoreError> {
    let mut fields = STATE.fields(item)?;
    fields.insert("measurement".to_owned(), Value::Object(measurement_fields(item, "observed_at")?));
    serde_json::from_value(Value::Object(fields)).map_err(|error| StoreError::corrupt(STATE.what, error))
}

#[async_trait]
impl MeasurementStore for DynamoStore {
    async fn states(&self, ports: &[PortAddress]) -> Result<BTreeMap<PortAddress, PortState>, StoreError> {
        let wanted: BTreeSet<&PortAddress> = ports.iter().collect();
        let keys =
            wanted.into_iter().map(|port| key([("port_id", port.to_string()), ("measured_at", LATEST.to_owned())]));
        let items = self.get_many(SLA_MEASUREMENTS, keys.collect()).await?;
        let state = |item| state_record(item).map(|state| (state.measurement.port.clone(), state));
        items.iter().map(state).collect()
    }

    async fn put_state(&self, state: &PortState, keep: bool) -> Result<(), StoreError> {
        let follows = match state.sequence.checked_sub(1) {
            None => return Err(StoreError::Conflict),
            Some(0) => Expression::absent("port_id"),
            Some(before) => {
                Expression::when("#sequence = :before").name("#sequence", "sequence").value(":before", number(before))
            }
        };
        let item = state_item(state)?;
        if !keep {
            return self.put_when(SLA_MEASUREMENTS, item, follows).await;
        }
        let mut kept = measured(&state.measurement, "measured_at")?;
        let expires = state.measurement.measured_at.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
        kept.insert("expires_at".to_owned(), number(expires.as_second()));
        let mut transaction = Transaction::new(self);
        transaction.put_when(SLA_MEASUREMENTS, item, follows);
        transaction.put(SLA_MEASUREMENTS, kept);
        transaction.commit().await
    }

    async fn measurements(&self, port: &PortAddress, limit: usize) -> Result<Vec<Measurement>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = Query::table(SLA_MEASUREMENTS, port).below(LATEST).newest_first();
        let record = |item: &Item| {
            let fields = measurement_fields(item, "measured_at")?;
            serde_json::from_value(Value::Object(fields)).map_err(|error| StoreError::corrupt(MEASUREMENT.what, error))
        };
        self.collect(&query, None, limit).await?.iter().map(record).collect()
    }
}
