//! Every constraint of the standards' JSON Schemas is broken by some document, which is then refused.

use std::collections::BTreeSet;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use mesh_manifest::standards::import;
use serde_json::{Value, json};

use crate::{
    fixtures::least,
    random::{CONTRACTS, PRODUCTS},
    walk::{Dice, Walk},
};

/// What limits a value by itself, and can be broken by one.
const CONSTRAINTS: [&str; 14] = [
    "additionalProperties",
    "const",
    "enum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
    "type",
    "unevaluatedProperties",
];

/// Pointers to all constraints of a schema: what a keyword's own members are called is none.
fn constraints(schema: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    let Some(parts) = schema.as_object() else { return };
    for (keyword, part) in parts {
        let at = format!("{pointer}/{keyword}");
        match (keyword.as_str(), part) {
            ("properties" | "$defs" | "definitions" | "patternProperties", Value::Object(members)) => {
                members.iter().for_each(|(name, member)| constraints(member, &format!("{at}/{name}"), found));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                list.iter().enumerate().for_each(|(index, one)| constraints(one, &format!("{at}/{index}"), found));
            }
            ("items" | "then" | "else", part) => constraints(part, &at, found),
            ("additionalProperties" | "unevaluatedProperties", Value::Bool(true)) => {}
            // It says again what stands beside it.
            ("unevaluatedProperties", _) if parts.get("additionalProperties") == Some(&Value::Bool(false)) => {}
            ("additionalProperties", part @ Value::Object(_)) => constraints(part, &at, found),
            (keyword, _) if CONSTRAINTS.contains(&keyword) => drop(found.insert(at)),
            _ => {}
        }
    }
}

/// The constraint that an error is of, wherever references led to it; and those of what it tried besides.
fn broken(root: &Value, error: &ValidationError<'_>, found: &mut BTreeSet<String>) {
    let mut at = String::new();
    for segment in error.evaluation_path().as_str().split('/').skip(1) {
        match segment {
            "$ref" => {
                let target = root.pointer(&at).and_then(|schema| schema["$ref"].as_str()).unwrap();
                at = target.trim_start_matches('#').to_owned();
            }
            other => at = format!("{at}/{other}"),
        }
    }
    found.insert(at);
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } = error.kind() {
        context.iter().flatten().for_each(|error| broken(root, error, found));
    }
}

/// Values that break the constraint `keyword`, which says `limit`.
fn breaking(keyword: &str, limit: &Value) -> Vec<Value> {
    let number = limit.as_f64().unwrap_or_default();
    let value = match keyword {
        "minimum" => json!(number - 1.0),
        "maximum" => json!(number + 1.0),
        "exclusiveMinimum" => limit.clone(),
        "minItems" => json!([]),
        "maxItems" => json!(vec![1; usize::try_from(limit.as_u64().unwrap()).unwrap() + 1]),
        "minLength" => json!(""),
        "required" => json!({}),
        "additionalProperties" | "unevaluatedProperties" => json!({ "colour": "red" }),
        "type" => {
            let names = |name: &str| *limit == name || limit.as_array().is_some_and(|all| all.contains(&json!(name)));
            let kinds =
                [("object", json!({})), ("array", json!([])), ("string", json!("x y")), ("boolean", json!(true))];
            let others = kinds.into_iter().filter(|(name, _)| !names(name)).map(|(_, value)| value);
            return others.chain((!names("null")).then_some(Value::Null)).collect();
        }
        _ => json!("x y"),
    };
    vec![value]
}

/// The schema that `pointer` is a part of.
fn whole(pointer: &str) -> String {
    let mut parts: Vec<&str> = pointer.split('/').collect();
    loop {
        match parts.as_slice() {
            [.., "allOf" | "anyOf" | "oneOf", index] if index.parse::<usize>().is_ok() => {
                parts.truncate(parts.len() - 2)
            }
            [.., "then" | "else"] => parts.truncate(parts.len() - 1),
            _ => return parts.join("/"),
        }
    }
}

/// Pointers to all references to `target`.
fn references(schema: &Value, pointer: &str, target: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(parts) => {
            if parts.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#')) == Some(target) {
                found.push(pointer.to_owned());
            }
            parts.iter().for_each(|(name, part)| references(part, &format!("{pointer}/{name}"), target, found));
        }
        Value::Array(list) => {
            let each = list.iter().enumerate();
            each.for_each(|(index, part)| references(part, &format!("{pointer}/{index}"), target, found));
        }
        _ => {}
    }
}

/// Where a value can be put that the constraint in `holder` judges: there, or where that schema is only a part of what is asked for.
fn places(root: &Value, holder: &str) -> Vec<String> {
    let mut places = vec![holder.to_owned(), whole(holder)];
    for step in 1.. {
        let Some(place) = places.get(step).cloned().filter(|_| step < 8) else { break };
        let mut found = Vec::new();
        references(root, "", &place, &mut found);
        found.iter().map(|pointer| whole(pointer)).for_each(|one| places.push(one));
    }
    let mut seen = BTreeSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// A document that breaks the constraint at `pointer`: made by the schema with a value in that place which does.
fn breaks(root: &Value, version: &str, pointer: &str, validator: &Validator) -> Option<Value> {
    let (holder, keyword) = pointer.rsplit_once('/').unwrap();
    let values = breaking(keyword, root.pointer(pointer).unwrap());
    let places = places(root, holder);
    let tries = [0..100, 100..3000].into_iter().flat_map(|seeds| {
        let places = &places;
        values.iter().flat_map(move |value| {
            let seeds = seeds.clone();
            places.iter().map(move |place| (place, value, seeds.clone()))
        })
    });
    // Most are broken soon, in one place or another.
    tries.into_iter().find_map(|(place, value, mut seeds)| {
        let mut altered = root.clone();
        let schema = altered.pointer_mut(place).unwrap();
        match (keyword, value, schema.get("properties")) {
            // A member too many, beside those that the rest asks for.
            ("additionalProperties" | "unevaluatedProperties", Value::Object(members), Some(_)) => {
                for (name, member) in members {
                    schema["properties"][name] = json!({ "const": member });
                    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
                    required.push(json!(name));
                    schema["required"] = json!(required);
                }
            }
            _ => *schema = json!({ "const": value }),
        }
        seeds.find_map(|seed| {
            let mut document = Walk { root: &altered, dice: Dice(seed) }.document();
            if let Value::Object(members) = &mut document
                && holder != "/properties/apiVersion"
            {
                members.insert("apiVersion".to_owned(), json!(version));
            }
            let mut found = BTreeSet::new();
            validator.iter_errors(&document).for_each(|error| broken(root, &error, &mut found));
            found.contains(pointer).then_some(document)
        })
    })
}

#[test]
fn every_constraint_of_every_schema_is_broken_and_refused() {
    for (which, (version, schema)) in PRODUCTS.into_iter().chain(CONTRACTS).enumerate() {
        let root: Value = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&root).unwrap();
        let mut all = BTreeSet::new();
        constraints(&root, "", &mut all);
        // It lists all types that there are: nothing breaks it.
        all.retain(|constraint| !constraint.starts_with("/$defs/AnyType/"));
        let mut missed = Vec::new();
        for constraint in &all {
            let Some(document) = breaks(&root, version, constraint, &validator) else {
                missed.push(constraint);
                continue;
            };
            let (product, contract) = least();
            let read = match which {
                0 | 1 => import(&document.to_string(), &[&contract.to_string()]),
                _ => import(&product.to_string(), &[&document.to_string()]),
            };
            assert!(read.is_err(), "{version}: {constraint} is broken by {document:#}");
        }
        assert!(missed.is_empty(), "{version}: {} of {}: {missed:#?}", missed.len(), all.len());
    }
}
