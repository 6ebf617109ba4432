//! Checks of a contract as rules of quality.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::model::{Metric, QualityRule};

use super::{
    super::custom,
    notes::{At, Notes},
    value::{canonical, is_true, objects, text},
};

/// The engine under which a custom check holds a rule in the manifest's own form.
pub const ENGINE: &str = "dataMesh";

/// The name of the rule that a unique property stands for.
pub const UNIQUE: &str = "unique";

/// What a check may ask of its number.
const OPERATORS: [&str; 6] =
    ["mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo"];

/// The most rules of one place. One more is read, so that there being more is told of.
const MAX_RULES: usize = 100;

/// The rules that `holder` tells of, each with the index of its check; the rule that `unique` stands for has none. Other checks are carried.
pub fn rules(holder: &Map<String, Value>, of_field: bool, at: &At, notes: &mut Notes) -> Vec<(Option<usize>, Value)> {
    let mut taken = HashSet::new();
    let mut found = Vec::new();
    for (index, check) in objects(holder, "quality") {
        let Some(mut rule) = rule(check) else { continue };
        if found.len() > MAX_RULES {
            break;
        }
        let name = rule.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut free = (1u32..).map(|number| if number == 1 { name.clone() } else { format!("{name}-{number}") });
        let free = free.find(|candidate| taken.insert(candidate.clone())).unwrap_or(name);
        rule.insert("name".to_owned(), free.into());
        notes.came_from(&at.step(&format!("quality/{}", found.len()), &format!("quality/{index}")));
        found.push((Some(index), canonical::<QualityRule>(Value::Object(rule))));
    }
    if of_field && is_true(holder, "unique") && !taken.contains(UNIQUE) {
        found.push((None, unique_rule()));
    }
    found
}

/// The rule that a unique property stands for.
pub fn unique_rule() -> Value {
    canonical::<QualityRule>(json!({ "name": UNIQUE, "metric": "duplicateValues", "expect": { "mustBe": 0 } }))
}

/// One check as a rule, if it is one that is counted here.
pub fn rule(check: &Map<String, Value>) -> Option<Map<String, Value>> {
    let kind = text(check, "type").unwrap_or("library");
    if kind == "custom" {
        let own = check.get("implementation").filter(|_| text(check, "engine") == Some(ENGINE))?;
        return serde_json::from_value::<QualityRule>(own.clone()).ok().and_then(|_| own.as_object().cloned());
    }
    let expect = expectation(check)?;
    let mut rule = Map::from_iter([("expect".to_owned(), Value::Object(expect))]);
    let counted = match kind {
        "library" => {
            let metric = text(check, "metric").or_else(|| text(check, "rule"))?;
            let metric = match metric {
                // As versions 3.0 call them.
                "nullCheck" => Metric::NullValues.as_str(),
                "duplicateCount" => Metric::DuplicateValues.as_str(),
                "validValues" => return None,
                other => other,
            };
            serde_json::from_value::<Metric>(metric.into()).ok()?;
            rule.insert("metric".to_owned(), metric.into());
            metric
        }
        "sql" => {
            let query = text(check, "query").filter(|query| query.chars().count() <= 10_000)?;
            rule.insert("query".to_owned(), query.into());
            "query"
        }
        _ => return None,
    };
    let name = text(check, "name").or_else(|| text(check, "id")).unwrap_or(counted);
    rule.insert("name".to_owned(), name.chars().take(120).collect::<String>().into());
    if let Some(description) = text(check, "description") {
        rule.insert("description".to_owned(), description.into());
    }
    if let Some(dimension) = text(check, "dimension") {
        rule.insert("dimension".to_owned(), dimension.into());
    }
    match text(check, "unit").map(str::to_ascii_lowercase).as_deref() {
        Some("rows" | "row") => drop(rule.insert("unit".to_owned(), "rows".into())),
        Some("percent" | "%") if counted != Metric::RowCount.as_str() => {
            rule.insert("unit".to_owned(), "percent".into());
        }
        _ => {}
    }
    let severity = match text(check, "severity").map(str::to_ascii_lowercase).as_deref() {
        Some("warning" | "warn" | "info" | "low" | "minor" | "notice") => "warning",
        _ => "error",
    };
    rule.insert("severity".to_owned(), severity.into());
    let mut properties = custom::plain(check, &[]);
    if let Some(arguments) = check.get("arguments") {
        properties.entry("arguments").or_insert_with(|| arguments.to_string().into());
    }
    if !properties.is_empty() {
        properties.sort_keys();
        rule.insert("properties".to_owned(), properties.into());
    }
    Some(rule)
}

/// What the check asks of its number; nothing where it asks what no rule can.
fn expectation(check: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut expect = Map::new();
    if check.contains_key("mustNotBeBetween") {
        return None;
    }
    for operator in OPERATORS {
        match check.get(operator) {
            None => {}
            Some(number @ Value::Number(_)) => drop(expect.insert(operator.to_owned(), number.clone())),
            Some(_) => return None,
        }
    }
    if let Some([low, high]) = check.get("mustBeBetween").and_then(Value::as_array).map(Vec::as_slice) {
        expect.insert("mustBeGreaterOrEqualTo".to_owned(), low.clone());
        expect.insert("mustBeLessOrEqualTo".to_owned(), high.clone());
    }
    (!expect.is_empty()).then_some(expect)
}
