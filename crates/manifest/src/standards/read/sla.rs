//! Service levels of a contract as what a port promises.

use serde_json::{Map, Value};

use crate::{
    model::Sla,
    quantity::{Days, Milliseconds, Minutes, Percent},
};

use super::{
    notes::{At, Notes},
    value::{canonical, objects, text},
};

/// The members of a promise that service levels tell of, and what the standard calls each, nearest first, in lower case.
///
/// The standard's latency is the age of the newest data, which a manifest calls freshness; where only the frequency of updates is given,
/// data is as old at most.
pub const LEVELS: &[(&str, &[&str])] = &[
    ("freshness", &["freshness", "latency", "ly", "frequency", "fy"]),
    ("availability", &["availability", "av"]),
    ("completeness", &["completeness"]),
    ("latency", &["responsetime"]),
    ("retention", &["retention", "re"]),
    ("processing", &["processingtime"]),
];

/// The name under which a level is written anew.
pub fn written_name(member: &str) -> &str {
    match member {
        "freshness" => "latency",
        "latency" => "responseTime",
        "processing" => "processingTime",
        other => other,
    }
}

/// One schema object of a contract.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub contract: &'a Map<String, Value>,
    pub object: Option<&'a Map<String, Value>>,
}

impl Part<'_> {
    /// How near a level's `element` is to this object: 2 names it, 1 names none, 0 names another one.
    pub fn nearness(&self, level: &Map<String, Value>) -> u8 {
        let named = |object: &Map<String, Value>, element: &str| {
            ["name", "physicalName"].iter().any(|name| {
                text(object, name).is_some_and(|name| {
                    element.trim() == name
                        || element.trim().strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
                })
            })
        };
        let element = text(level, "element").or_else(|| text(self.contract, "slaDefaultElement"));
        let Some(elements) = element else { return 1 };
        let names = |object: &Map<String, Value>| elements.split(',').any(|element| named(object, element));
        if self.object.is_some_and(names) {
            2
        } else if objects(self.contract, "schema").any(|(_, object)| names(object)) {
            0
        } else {
            1
        }
    }

    /// The index of the service level that `member` is read from, and its value in the manifest's spelling.
    pub fn level(&self, member: &str) -> Option<(usize, String)> {
        let names = LEVELS.iter().find(|(name, _)| *name == member).map(|(_, names)| *names)?;
        names.iter().find_map(|wanted| {
            let candidates = objects(self.contract, "slaProperties").filter_map(|(index, level)| {
                let property = text(level, "property")?.trim().to_ascii_lowercase();
                let nearness = self.nearness(level);
                let value = (property == *wanted && nearness > 0).then(|| quantity(member, level)).flatten()?;
                Some((nearness, index, value))
            });
            // Of the nearest, the first.
            let best = candidates.max_by_key(|(nearness, index, _)| (*nearness, std::cmp::Reverse(*index)))?;
            Some((best.1, best.2))
        })
    }

    /// The date in a level of one of these names, as it is written.
    pub fn date(&self, names: &[&str]) -> Option<(usize, String)> {
        objects(self.contract, "slaProperties").find_map(|(index, level)| {
            let property = text(level, "property")?.trim().to_ascii_lowercase();
            if !names.contains(&property.as_str()) || self.nearness(level) == 0 {
                return None;
            }
            let date = text(level, "value")?.trim().split(['T', 't', ' ']).next()?.to_owned();
            let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
            let mut parts = date.split('-');
            let form = parts.next().is_some_and(|year| digits(year, 4))
                && parts.next().is_some_and(|month| digits(month, 2))
                && parts.next().is_some_and(|day| digits(day, 2))
                && parts.next().is_none();
            form.then_some((index, date))
        })
    }
}

/// What is promised of one schema object.
pub fn promise(part: Part<'_>, at: &At, notes: &mut Notes) -> Map<String, Value> {
    let mut sla = Map::new();
    let within = |steps: &str| at.step(steps, "").manifest;
    notes.came_from(&At { manifest: within("sla"), ..at.within("slaProperties") });
    for (member, _) in LEVELS {
        if let Some((index, value)) = part.level(member) {
            sla.insert((*member).to_owned(), value.into());
            let manifest = within(&format!("sla/{member}"));
            notes.came_from(&At { manifest, ..at.within(&format!("slaProperties/{index}")) });
        }
    }
    match canonical::<Sla>(Value::Object(sla)) {
        Value::Object(sla) => sla,
        _ => Map::new(),
    }
}

fn quantity(member: &str, level: &Map<String, Value>) -> Option<String> {
    let (number, unit) = match level.get("value")? {
        Value::Number(number) => (number.as_f64()?, None),
        Value::String(text) => split(text.trim())?,
        _ => return None,
    };
    let given = text(level, "unit").map(|unit| unit.trim().to_ascii_lowercase());
    let unit = unit.or(given);
    if !(number.is_finite() && number > 0.0) {
        return None;
    }
    if matches!(member, "availability" | "completeness") {
        return percent(number, unit.as_deref());
    }
    let milliseconds = number * milliseconds_in(unit.as_deref()?)?;
    let ceiling = |size: f64| {
        let count = (milliseconds / size).ceil();
        // As many as quantities hold in any of their units.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, above 0 and bounded")]
        (count <= 999_999_999.0).then_some(count as u64)
    };
    Some(match member {
        "latency" => Milliseconds(ceiling(1.0)?).to_string(),
        "retention" => Days(ceiling(86_400_000.0)?).to_string(),
        _ => Minutes(ceiling(60_000.0)?).to_string(),
    })
}

fn percent(number: f64, unit: Option<&str>) -> Option<String> {
    let share = match unit {
        Some("%" | "percent" | "pct") => number,
        Some(_) => return None,
        // A share of one, as some write it.
        None if number <= 1.0 => number * 100.0,
        None => number,
    };
    let thousandths = (share * 1000.0).round();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and within the range that is asked for"
    )]
    (1.0..=100_000.0).contains(&thousandths).then(|| Percent(thousandths as u32).to_string())
}

/// A number and the unit behind it, such as `4h`, `99.5 %` or `PT15M`.
fn split(text: &str) -> Option<(f64, Option<String>)> {
    if let Some(period) = text.strip_prefix('P') {
        let (period, time) = match period.strip_prefix('T') {
            Some(rest) => (rest, true),
            None => (period, false),
        };
        let unit = match (period.chars().last()?, time) {
            ('Y', false) => "y",
            ('M', false) => "mo",
            ('W', false) => "w",
            ('D', false) => "d",
            ('H', true) => "h",
            ('M', true) => "m",
            ('S', true) => "s",
            _ => return None,
        };
        let number = period.get(..period.len().checked_sub(1)?)?.parse().ok()?;
        return Some((number, Some(unit.to_owned())));
    }
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim().to_ascii_lowercase();
    Some((number.parse().ok()?, (!unit.is_empty()).then_some(unit)))
}

fn milliseconds_in(unit: &str) -> Option<f64> {
    const DAY: f64 = 86_400_000.0;
    Some(match unit {
        "ms" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => DAY,
        "w" | "wk" | "week" | "weeks" => 7.0 * DAY,
        "mo" | "month" | "months" => 30.0 * DAY,
        "q" | "quarter" | "quarters" => 91.0 * DAY,
        "y" | "yr" | "yrs" | "year" | "years" => 365.0 * DAY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn levels_are_read_in_any_unit_and_the_nearest_wins() {
        let contract = json!({
            "schema": [{ "name": "orders" }, { "name": "lines" }],
            "slaProperties": [
                { "property": "frequency", "value": 1, "unit": "d" },
                { "property": "Latency", "value": 4, "unit": "hours" },
                { "property": "latency", "value": 90, "unit": "s", "element": "lines.placed_at" },
                { "property": "retention", "value": "3y" },
                { "property": "availability", "value": 99.95, "unit": "%" },
                { "property": "responseTime", "value": "PT2S" },
                { "property": "completeness", "value": "much" },
                { "property": "endOfLife", "value": "2031-02-28T00:00:00Z" },
            ],
        });
        let contract = contract.as_object().unwrap();
        let of = |index: usize| Part { contract, object: contract["schema"][index].as_object() };
        let level = |index: usize, member: &str| of(index).level(member).map(|(_, value)| value);
        assert_eq!(level(0, "freshness").as_deref(), Some("4h"));
        assert_eq!(level(1, "freshness").as_deref(), Some("2m"), "up to a minute, and of the object that is named");
        assert_eq!(level(0, "retention").as_deref(), Some("1095d"));
        assert_eq!(level(0, "availability").as_deref(), Some("99.95%"));
        assert_eq!(level(0, "latency").as_deref(), Some("2s"));
        assert_eq!(level(0, "completeness"), None);
        assert_eq!(of(0).date(&["endoflife", "el"]), Some((7, "2031-02-28".to_owned())));
    }
}
