//! No value of a manifest is without a rule: whatever is changed, put in or taken out is told as a change.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use mesh_evolution::classify;
use mesh_manifest::{Manifest, json_schema, parse, pointer::token};
use serde_json::{Value, json};

/// A manifest with a value for all that one may have.
const FULL: &str = "\
apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: 1.4.2
description: Departures.
status: deprecated
owner: { team: Ops, contact: ops@example.org }
support: [{ channel: chat, url: 'https://chat.example.org', description: Days }]
terms: { usage: Reports, limitations: None, license: MIT, url: 'https://example.org/terms' }
classification: internal
retention: 730d
mutability: append-only
access: { visibility: domain, purposes: [analytics] }
tags: [delays]
properties: { cost: high }
inputs: [{ port: weather.hourly/observations@1, purpose: analytics }]
origin: { product: { a: text }, contracts: { x: { b: text }, y: { b: text } } }
outputPorts:
  - name: daily
    version: 1.1.0
    description: Rows
    format: parquet
    sunset: 2028-03-01
    adopt: { location: 's3://bucket/a/' }
    contract: { id: x, object: o }
    sla:
      freshness: 60m
      availability: 99.5%
      completeness: 99%
      latency: 500ms
      retention: 30d
      processing: 15m
      schedule: { at: ['06:00', '18:00'], on: [monday, friday], watermark: day }
    schema:
      primaryKey: [flight]
      partitionBy: [day]
      quality:
        - { name: rows, description: d, dimension: accuracy, metric: nullValues, unit: rows, expect: { mustBeGreaterThan: 1, mustBeLessThan: 9, mustNotBe: 5 }, severity: error, properties: { a: b } }
        - { name: sql, query: SELECT 1, expect: { mustBe: 2 } }
        - { name: range, query: SELECT 1, expect: { mustBeGreaterOrEqualTo: 1, mustBeLessOrEqualTo: 9 } }
      fields:
        - { name: flight, id: 1, type: int, required: true, description: d, unit: m, enum: { values: ['1', '2'], open: true }, pii: { category: id, protection: masked }, properties: { a: b }, quality: [{ name: q, query: SELECT 1, expect: { mustBe: 2 } }] }
        - { name: day, type: date }
        - { name: other, type: date, required: true }
        - name: legs
          type: list
          items:
            type: struct
            required: true
            description: d
            unit: m
            pii: { category: id, protection: none }
            properties: { a: b }
            fields: [{ name: from, id: 7, type: string }, { name: to, type: string }]
        - name: by
          type: map
          keys: { type: int, required: true, enum: { values: ['1'] } }
          values: { type: list, items: { type: map, keys: { type: int }, values: { type: int } } }
        - { name: plain, type: list, items: { type: int } }
        - { name: counts, type: map, keys: { type: int }, values: { type: int } }
        - { name: lists, type: map, keys: { type: int }, values: { type: list, items: { type: int } } }
  - name: live
    version: 1.0.0
    format: http
    endpoint: https://a.example.org/x
    adopt: ~
    sla: { freshness: 60m }
    schema:
      source:
        language: protobuf
        text: 'syntax = \"proto3\"; message other { int32 a = 1; } message y { int32 a = 1; }'
        message: other
      fields: [{ name: a, type: int, required: true }]
  - name: table
    version: 1.0.0
    format: iceberg
    adopt: { table: a.b, location: 's3://bucket/t/' }
    sla: { freshness: 60m }
    schema: { fields: [{ name: a, type: int }] }
";

fn read(json: &Value) -> Option<Manifest> {
    parse(&json.to_string()).ok().map(|parsed| parsed.manifest)
}

/// Every pointer into `json`, below all others first.
fn pointers(json: &Value, at: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| pointers(value, &(at.to_owned() + &token(key)), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found))
        }
        _ => {}
    }
    found.push(at.to_owned());
}

/// What may stand in place of `value`, one of which is likely to be right.
fn instead(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(value) => vec![json!(!value)],
        Value::Number(number) => vec![json!(number.as_f64().unwrap() + 0.5), json!(number.as_i64().unwrap() + 40)],
        Value::String(text) => {
            let digits = |from: &str, to: &str| json!(text.replacen(from, to, 1));
            let mut all = vec![
                json!(format!("{text}x")),
                json!(format!("{text} ")),
                digits("0", "1"),
                digits("1", "2"),
                digits("5", "7"),
                digits("9", "8"),
            ];
            all.extend([digits("/a/", "/b/"), digits("UTC", "GMT"), digits("6:", "7:")]);
            all.extend(
                [
                    "draft",
                    "public",
                    "mutable",
                    "company",
                    "csv",
                    "json",
                    "protobuf",
                    "completeness",
                    "duplicateValues",
                    "percent",
                    "warning",
                    "none",
                    "encrypted",
                    "long",
                    "string",
                    "date",
                    "sunday",
                    "b@example.org",
                    "other",
                    "y",
                    "day(day)",
                    "a.b/c@1",
                    "2",
                    "30",
                ]
                .map(Value::from),
            );
            all
        }
        _ => Vec::new(),
    }
}

#[test]
fn whatever_is_changed_is_told() {
    // Only what keeps snapshots may be mutable.
    let (head, files) = FULL.split_once("  - name: daily").unwrap();
    let (_, others) = files.split_once("  - name: live").unwrap();
    let plain = format!("{head}  - name: live{others}");
    let (mut stuck, mut free) = (BTreeSet::new(), BTreeSet::new());
    for text in [FULL, &plain] {
        each_is_told(text, &mut stuck, &mut free);
    }
    // Of these, there is one value.
    let stuck: Vec<&String> = stuck.difference(&free).collect();
    assert_eq!(stuck, ["/apiVersion", "/kind", "/outputPorts/*/schema/source/language"]);
}

/// Changes each value of the manifest, and adds its path without positions to those that were `free` to be another one, or `stuck`.
fn each_is_told(text: &str, stuck: &mut BTreeSet<String>, free: &mut BTreeSet<String>) {
    let full = parse(text).unwrap_or_else(|problems| panic!("{problems:#?}")).manifest;
    let json = serde_json::to_value(&full).unwrap();
    let mut all = Vec::new();
    pointers(&json, "", &mut all);
    for pointer in &all {
        let value = json.pointer(pointer).unwrap();
        let mut tried = instead(value).into_iter().map(|new| {
            let mut edited = json.clone();
            *edited.pointer_mut(pointer).unwrap() = new;
            edited
        });
        // A place that no other value fits may still be left out.
        let other = tried.find_map(|edited| read(&edited).filter(|manifest| *manifest != full));
        for manifest in other.iter().chain(left_out(&json, pointer).filter(|manifest| *manifest != full).iter()) {
            // A version is judged by `check_versions`.
            let same = Manifest { version: full.version.clone(), ..manifest.clone() } == full;
            assert_eq!(classify(&full, manifest).is_empty(), same, "{pointer}");
            assert_eq!(classify(manifest, &full).is_empty(), same, "{pointer}");
        }
        if !value.is_object() && !value.is_array() {
            let path = pointer.split('/').map(|step| if step.parse::<usize>().is_ok() { "*" } else { step });
            let paths = if other.is_some() { &mut *free } else { &mut *stuck };
            paths.insert(path.collect::<Vec<_>>().join("/"));
        }
    }
}

/// The manifest without what stands at `pointer`, where it may be left out.
fn left_out(json: &Value, pointer: &str) -> Option<Manifest> {
    let mut edited = json.clone();
    let (parent, key) = pointer.rsplit_once('/')?;
    match edited.pointer_mut(parent)? {
        Value::Object(entries) => drop(entries.shift_remove(&key.replace("~1", "/"))),
        Value::Array(items) => drop(items.remove(key.parse().ok()?)),
        _ => return None,
    }
    read(&edited)
}

#[test]
fn the_manifest_has_all_that_one_may_have() {
    fn keys(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(entries) => {
                found.extend(entries.keys().cloned());
                entries.values().for_each(|value| keys(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let mut stands = BTreeSet::new();
    keys(&serde_json::to_value(parse(FULL).unwrap().manifest).unwrap(), &mut stands);
    let schema = json_schema();
    let types = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let known = types.filter_map(|known| known["properties"].as_object()).flat_map(|known| known.keys());
    let missing: BTreeSet<&String> = known.filter(|key| !stands.contains(*key)).collect();
    assert!(missing.is_empty(), "write these into the manifest above: {missing:?}");
}
