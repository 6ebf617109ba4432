//! How records become items: a field is a column of its own where it is a key, queried or listed; the rest is one JSON `body`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use mesh_core::error::StoreError;
use mesh_manifest::Minutes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A stored item: attribute → value.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute that holds, as JSON text, every field without a column.
const BODY: &str = "body";

/// How a field is written as an attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// JSON text ↔ text.
    Text,
    /// JSON text ↔ text after a fixed prefix.
    After(&'static str),
    /// JSON number ↔ number.
    Number,
    /// Anything ↔ its JSON as text.
    Json,
    /// A duration such as `2h` ↔ the number of minutes.
    Minutes,
    /// A time ↔ RFC 3339 with nine digits of a second, so that text sorts as time does.
    Instant,
    /// A time ↔ whole seconds since 1970, rounded down: what expiry needs.
    Seconds,
    /// `kept` ↔ true, `broken` ↔ false, `unknown` ↔ no attribute.
    Compliant,
}

/// A field with a column of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) field: &'static str,
    pub(crate) attribute: &'static str,
    pub(crate) kind: Kind,
}

/// The column `attribute` for `field`.
pub(crate) const fn column(field: &'static str, attribute: &'static str, kind: Kind) -> Column {
    Column { field, attribute, kind }
}

/// How one kind of record is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// What the record is, for errors.
    pub(crate) what: &'static str,
    pub(crate) columns: &'static [Column],
}

impl Layout {
    /// The record as an item.
    pub(crate) fn item(&self, record: &impl Serialize) -> Result<Item, StoreError> {
        let value = serde_json::to_value(record).map_err(|error| StoreError::corrupt(self.what, error))?;
        let Value::Object(mut fields) = value else {
            return Err(StoreError::corrupt(self.what, "it is no object"));
        };
        let mut item = Item::new();
        for column in self.columns {
            let Some(field) = fields.remove(column.field).filter(|value| !value.is_null()) else {
                continue;
            };
            if let Some(value) = column.kind.write(&field).ok_or_else(|| self.unreadable(column.field))? {
                item.insert(column.attribute.to_owned(), value);
            }
        }
        fields.retain(|_, value| !value.is_null());
        if !fields.is_empty() {
            item.insert(BODY.to_owned(), AttributeValue::S(Value::Object(fields).to_string()));
        }
        Ok(item)
    }

    /// The record in an item.
    pub(crate) fn record<T: DeserializeOwned>(&self, item: &Item) -> Result<T, StoreError> {
        match serde_json::from_str(&self.text(item)?) {
            Ok(record) => Ok(record),
            // Field by field, a field that stands in the body and has a column as well is no error, and what is one is told exactly.
            Err(_) => serde_json::from_value(Value::Object(self.fields(item)?))
                .map_err(|error| StoreError::corrupt(self.what, error)),
        }
    }

    /// The record in an item as JSON text: what is stored as JSON is read once, and not made into values first.
    fn text(&self, item: &Item) -> Result<String, StoreError> {
        let mut text = String::from("{");
        let mut add = |field: &str, value: &str| {
            let separator = if text.len() > 1 { "," } else { "" };
            text.extend([separator, "\"", field, "\":", value]);
        };
        for Column { field, attribute, kind } in self.columns {
            let unreadable = || self.unreadable(attribute);
            match (item.get(*attribute), kind) {
                (Some(stored), Kind::Json) => add(field, stored.as_s().map_err(|_| unreadable())?),
                (Some(stored), kind) => add(field, &kind.read(stored).ok_or_else(unreadable)?.to_string()),
                (None, Kind::Compliant) => add(field, "\"unknown\""),
                (None, _) => {}
            }
        }
        if let Some(body) = item.get(BODY) {
            let body = body.as_s().ok().and_then(|body| body.trim().strip_prefix('{')?.strip_suffix('}'));
            let body = body.ok_or_else(|| self.unreadable(BODY))?;
            if !body.trim().is_empty() {
                text.extend([if text.len() > 1 { "," } else { "" }, body]);
            }
        }
        text.push('}');
        Ok(text)
    }

    /// The fields of the record in an item, for records that are put together from more than one layout.
    pub(crate) fn fields(&self, item: &Item) -> Result<Map<String, Value>, StoreError> {
        let mut fields = self.columns_of(item)?;
        if let Some(body) = item.get(BODY) {
            let body = body.as_s().map_err(|_| self.unreadable(BODY))?;
            let body: Map<String, Value> =
                serde_json::from_str(body).map_err(|error| StoreError::corrupt(self.what, error))?;
            fields.extend(body);
        }
        Ok(fields)
    }

    /// The fields that have columns of their own in an item.
    pub(crate) fn columns_of(&self, item: &Item) -> Result<Map<String, Value>, StoreError> {
        let mut fields = Map::new();
        for column in self.columns {
            let value = match item.get(column.attribute) {
                Some(stored) => column.kind.read(stored).ok_or_else(|| self.unreadable(column.attribute))?,
                None if matches!(column.kind, Kind::Compliant) => Value::from("unknown"),
                None => continue,
            };
            fields.insert(column.field.to_owned(), value);
        }
        Ok(fields)
    }

    fn unreadable(&self, name: &str) -> StoreError {
        StoreError::corrupt(self.what, format!("`{name}` has an unexpected form"))
    }
}

impl Kind {
    /// The attribute for a field's value; inner none where no attribute stands for it.
    fn write(self, value: &Value) -> Option<Option<AttributeValue>> {
        Some(Some(match self {
            Self::Text => AttributeValue::S(value.as_str()?.to_owned()),
            Self::After(prefix) => AttributeValue::S(format!("{prefix}{}", value.as_str()?)),
            Self::Number => AttributeValue::N(value.as_number()?.to_string()),
            Self::Json => AttributeValue::S(value.to_string()),
            Self::Minutes => AttributeValue::N(value.as_str()?.parse::<Minutes>().ok()?.0.to_string()),
            Self::Instant => AttributeValue::S(instant(value.as_str()?.parse().ok()?)),
            Self::Seconds => AttributeValue::N(value.as_str()?.parse::<Timestamp>().ok()?.as_second().to_string()),
            Self::Compliant => match value.as_str()? {
                "kept" => AttributeValue::Bool(true),
                "broken" => AttributeValue::Bool(false),
                "unknown" => return Some(None),
                _ => return None,
            },
        }))
    }

    /// The field's value in an attribute.
    fn read(self, stored: &AttributeValue) -> Option<Value> {
        Some(match self {
            Self::Text | Self::Instant => Value::from(stored.as_s().ok()?.as_str()),
            Self::After(prefix) => Value::from(stored.as_s().ok()?.strip_prefix(prefix)?),
            Self::Number => Value::Number(stored.as_n().ok()?.parse().ok()?),
            Self::Json => serde_json::from_str(stored.as_s().ok()?).ok()?,
            Self::Minutes => Value::from(Minutes(stored.as_n().ok()?.parse().ok()?).to_string()),
            Self::Seconds => Value::from(Timestamp::from_second(stored.as_n().ok()?.parse().ok()?).ok()?.to_string()),
            Self::Compliant => Value::from(if *stored.as_bool().ok()? { "kept" } else { "broken" }),
        })
    }
}

/// A time as text that sorts as time does.
pub(crate) fn instant(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// A text attribute's value.
pub(crate) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute's value.
pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// An item or key of text attributes.
pub(crate) fn key<const N: usize>(attributes: [(&str, String); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SAMPLE: Layout = Layout {
        what: "sample",
        columns: &[
            column("id", "pk", Kind::After("sample#")),
            column("count", "n", Kind::Number),
            column("freshness", "minutes", Kind::Minutes),
            column("at", "at", Kind::Instant),
            column("ends", "expires_at", Kind::Seconds),
            column("verdict", "compliant", Kind::Compliant),
        ],
    };

    #[test]
    fn records_round_trip_with_columns_and_body() {
        for verdict in ["kept", "broken", "unknown"] {
            let record = json!({
                "id": "a", "count": u64::MAX, "freshness": "2h", "at": "2026-06-01T12:00:00.5Z", "ends": "2026-06-01T12:00:00Z",
                "verdict": verdict, "rest": { "deep": [1, null] },
            });
            let item = SAMPLE.item(&record).unwrap();
            assert_eq!(item["pk"], text("sample#a"));
            assert_eq!(item["minutes"], number(120));
            assert_eq!(item["at"], text("2026-06-01T12:00:00.500000000Z"));
            assert_eq!(item["body"], text(r#"{"rest":{"deep":[1,null]}}"#));
            assert_eq!(item.contains_key("compliant"), verdict != "unknown");
            let read: Value = SAMPLE.record(&item).unwrap();
            assert_eq!(read["at"].as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond() % 1000, 500);
            for field in ["id", "count", "freshness", "ends", "verdict", "rest"] {
                assert_eq!(read[field], record[field], "{field}");
            }
        }
    }

    #[test]
    fn a_field_that_was_given_a_column_later_is_read_from_both() {
        #[derive(serde::Deserialize)]
        struct Counted {
            count: u64,
        }
        let mut item = SAMPLE.item(&json!({ "id": "a", "count": 1 })).unwrap();
        item.insert("body".to_owned(), text(r#"{"count":2,"unknown":"to this version"}"#));
        assert_eq!(SAMPLE.record::<Counted>(&item).unwrap().count, 2);
    }

    #[test]
    fn what_is_unreadable_names_the_attribute() {
        let item = Item::from([("n".to_owned(), text("not a number"))]);
        let error = SAMPLE.record::<Value>(&item).unwrap_err();
        assert_eq!(error.to_string(), "stored sample cannot be read: `n` has an unexpected form");
    }

    #[test]
    fn times_sort_as_text() {
        let times = ["2026-06-01T12:00:00Z", "2026-06-01T12:00:00.5Z", "2026-06-01T12:00:01Z"];
        let texts: Vec<String> = times.iter().map(|time| instant(time.parse().unwrap())).collect();
        assert!(texts.is_sorted());
    }
}
