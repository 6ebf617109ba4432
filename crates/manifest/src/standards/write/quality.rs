//! Rules of quality as checks of a contract.

use serde_json::{Map, Value, json};

use crate::model::QualityRule;

use super::{
    super::read::{
        notes::{At, Notes},
        quality::{ENGINE, rule, rules, unique_rule},
        value::{canonical, is_true, object, objects, text},
    },
    means::Means,
    set_text,
};

/// Makes the checks of `holder` what `wanted` rules say; checks that are no rules stay where they are.
pub fn write(holder: &mut Map<String, Value>, wanted: Option<&Value>, of_field: bool, means: Means) {
    let mut wanted: Vec<&Value> = wanted.and_then(Value::as_array).into_iter().flatten().collect();
    if of_field {
        // A unique property says it without a check, which comes last.
        let unique = wanted.last().is_some_and(|last| **last == unique_rule());
        if unique {
            wanted.pop();
        }
        if unique != is_true(holder, "unique") {
            if unique {
                holder.insert("unique".to_owned(), true.into());
            } else {
                holder.shift_remove("unique");
            }
        }
    }
    let now = rules(holder, false, &At::default(), &mut Notes::default());
    let name = |rule: &Value| rule.get("name").cloned();
    let given: Vec<Map<String, Value>> = objects(holder, "quality").map(|(_, check)| check.clone()).collect();
    let mut written: Vec<(Option<Value>, Value)> = Vec::new();
    for (index, check) in given.into_iter().enumerate() {
        match now.iter().find(|(at, _)| *at == Some(index)) {
            None => written.push((None, Value::Object(check))),
            Some((_, rule)) => {
                if let Some(wanted) = wanted.iter().find(|wanted| name(wanted) == name(rule)) {
                    let check = if *wanted == rule { check } else { changed(check, wanted, means) };
                    written.push((name(rule), Value::Object(check)));
                }
            }
        }
    }
    for rule in &wanted {
        if !written.iter().any(|(written, _)| *written == name(rule)) {
            written.push((name(rule), Value::Object(changed(Map::new(), rule, means))));
        }
    }
    let order: Vec<_> = written.iter().filter_map(|(name, _)| name.clone()).collect();
    if order != wanted.iter().filter_map(|rule| name(rule)).collect::<Vec<_>>() {
        let place = |named: &Option<Value>| wanted.iter().position(|rule| name(rule) == *named).unwrap_or(usize::MAX);
        written.sort_by_key(|(name, _)| place(name));
    }
    if written.is_empty() {
        holder.shift_remove("quality");
    } else {
        holder.insert("quality".to_owned(), written.into_iter().map(|(_, check)| check).collect());
    }
}

/// The check as `wanted` says it; in the manifest's own form where the standard's has no words for it.
fn changed(mut check: Map<String, Value>, wanted: &Value, means: Means) -> Map<String, Value> {
    let empty = Map::new();
    let rule_of = |name: &str| wanted.get(name);
    let fresh = check.is_empty();
    set_text(&mut check, "name", rule_of("name"));
    for member in ["description", "dimension", "unit"] {
        set_text(&mut check, member, rule_of(member));
    }
    for operator in [
        "mustBe",
        "mustNotBe",
        "mustBeGreaterThan",
        "mustBeGreaterOrEqualTo",
        "mustBeLessThan",
        "mustBeLessOrEqualTo",
        "mustBeBetween",
    ] {
        check.shift_remove(operator);
    }
    let expect = wanted.get("expect").and_then(Value::as_object).unwrap_or(&empty);
    match (expect.get("mustBeGreaterOrEqualTo"), expect.get("mustBeLessOrEqualTo")) {
        (Some(low), Some(high)) if expect.len() == 2 && low != high => {
            check.insert("mustBeBetween".to_owned(), json!([low, high]));
        }
        _ => check.extend(expect.clone()),
    }
    if let Some(query) = rule_of("query") {
        check.insert("type".to_owned(), "sql".into());
        check.insert("query".to_owned(), query.clone());
        check.shift_remove("metric");
        check.shift_remove("rule");
    } else if let Some(metric) = rule_of("metric") {
        check.insert("type".to_owned(), "library".into());
        check.insert(if means.timestamps { "metric" } else { "rule" }.to_owned(), metric.clone());
        check.shift_remove("query");
    }
    let severity = rule_of("severity");
    if fresh || rule(&check).is_none_or(|read| read.get("severity") != severity) {
        set_text(&mut check, "severity", severity);
    }
    // One operator is all that a check may have; and versions differ in what they know.
    let expressed = !expect.is_empty() && (expect.len() == 1 || check.contains_key("mustBeBetween"));
    let read = rule(&check).map(|read| canonical::<QualityRule>(read.into()));
    if expressed && read.as_ref() == Some(wanted) {
        return check;
    }
    if let Some(properties) = object(wanted.as_object().unwrap_or(&empty), "properties") {
        super::super::custom::set_plain(&mut check, &[], Some(properties));
        let read = rule(&check).map(|read| canonical::<QualityRule>(read.into()));
        if expressed && read.as_ref() == Some(wanted) {
            return check;
        }
    }
    let mut own = Map::new();
    for kept in ["name", "description"] {
        if let Some(value) = text(&check, kept) {
            own.insert(kept.to_owned(), value.into());
        }
    }
    own.extend([
        ("type".to_owned(), "custom".into()),
        ("engine".to_owned(), ENGINE.into()),
        ("implementation".to_owned(), wanted.clone()),
    ]);
    own
}
