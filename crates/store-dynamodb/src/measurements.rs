//! Ports' states and measurements: `sla_measurements`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use mesh_core::{
    error::StoreError,
    measurement::{Measurement, MeasurementStore, PortState},
};
use mesh_manifest::PortAddress;
use serde_json::Value;

use crate::{
    errors::SERVICE,
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

/// How many states go into one transaction, each with its measurement: DynamoDB takes 100 items.
const TOGETHER: usize = 50;

/// How many transactions are under way at once.
const AT_ONCE: usize = 4;

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

/// Only if the stored state is the one before.
fn follows(state: &PortState) -> Result<Expression, StoreError> {
    Ok(match state.sequence.checked_sub(1) {
        None => return Err(StoreError::Conflict),
        Some(0) => Expression::absent("port_id"),
        Some(before) => {
            Expression::when("#sequence = :before").name("#sequence", "sequence").value(":before", number(before))
        }
    })
}

impl DynamoStore {
    /// All of these states with their measurements, or none.
    async fn put_together(&self, states: &[(&PortState, bool)]) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self);
        for (state, keep) in states {
            transaction.put_when(SLA_MEASUREMENTS, state_item(state)?, follows(state)?);
            if *keep {
                let mut kept = measured(&state.measurement, "measured_at")?;
                let expires = state.measurement.measured_at.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
                kept.insert("expires_at".to_owned(), number(expires.as_second()));
                transaction.put(SLA_MEASUREMENTS, kept);
            }
        }
        transaction.commit().await
    }

    /// As many states as one transaction takes. Where one of them stands against it, each is written by itself.
    async fn put_part(&self, states: &[(&PortState, bool)]) -> Vec<Result<(), StoreError>> {
        if states.len() > 1 {
            match self.put_together(states).await {
                Ok(()) => return states.iter().map(|_| Ok(())).collect(),
                // An outage is one for all of them, and is not asked about again.
                Err(error @ StoreError::Unavailable { .. }) => {
                    let why = format!("{} states were to be written together: {error}", states.len());
                    let mut answers = vec![Err(error)];
                    answers.extend(states.iter().skip(1).map(|_| Err(StoreError::unavailable(SERVICE, why.clone()))));
                    return answers;
                }
                Err(_) => {}
            }
        }
        let writes: Vec<_> = states.iter().map(|(state, keep)| self.put_state(state, *keep)).collect();
        stream::iter(writes).buffered(AT_ONCE).collect().await
    }
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
        if !keep {
            return self.put_when(SLA_MEASUREMENTS, state_item(state)?, follows(state)?).await;
        }
        self.put_together(&[(state, keep)]).await
    }

    async fn put_states(&self, states: &[(PortState, bool)]) -> Vec<Result<(), StoreError>> {
        let states: Vec<(&PortState, bool)> = states.iter().map(|(state, keep)| (state, *keep)).collect();
        let parts: Vec<_> = states.chunks(TOGETHER).map(|part| self.put_part(part)).collect();
        stream::iter(parts).buffered(AT_ONCE).collect::<Vec<_>>().await.into_iter().flatten().collect()
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
