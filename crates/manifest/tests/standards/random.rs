//! Whatever is valid by the standards is either refused with a reason that is told at its place, or returned as it was.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use mesh_manifest::standards::import;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    arbitrary,
    fixtures::unlike,
    laws::{bare, documents, read},
    walk::{Dice, Walk},
};

macro_rules! schema {
    ($file:literal) => {
        include_str!(concat!("../../src/standards/schemas/", $file))
    };
}

pub const PRODUCTS: [(&str, &str); 2] =
    [("v1.0.0", schema!("odps-1.0.0.json")), ("v1.1.0", schema!("odps-1.1.0.json"))];
pub const CONTRACTS: [(&str, &str); 5] = [
    ("v3.0.0", schema!("odcs-3.0.0.json")),
    ("v3.0.1", schema!("odcs-3.0.1.json")),
    ("v3.0.2", schema!("odcs-3.0.2.json")),
    ("v3.1.0", schema!("odcs-3.1.0.json")),
    ("v3.2.0", schema!("odcs-3.2.0.json")),
];

/// A document of the version, valid by its schema after some tries.
fn document(version: &str, schema: &str, seed: u64) -> Option<Value> {
    // One seed follows another: each takes a while to compile.
    thread_local! {
        static COMPILED: RefCell<HashMap<usize, Rc<(Value, jsonschema::Validator)>>> = RefCell::default();
    }
    let compiled = COMPILED.with_borrow_mut(|known| {
        let compile = || {
            let root: Value = serde_json::from_str(schema).unwrap();
            let validator = jsonschema::validator_for(&root).unwrap();
            Rc::new((root, validator))
        };
        known.entry(schema.as_ptr() as usize).or_insert_with(compile).clone()
    });
    let (root, validator) = &*compiled;
    (0..20).find_map(|attempt| {
        let mut document = Walk { root, dice: Dice(seed.wrapping_add(attempt)) }.document();
        document["apiVersion"] = json!(version);
        validator.is_valid(&document).then_some(document)
    })
}

/// Documents of one product: what cannot be registered at all, for which there are tests of its own, is put right.
fn product(seed: u64) -> Option<(Value, Vec<Value>)> {
    let mut dice = Dice(seed);
    let (version, schema) = PRODUCTS[usize::try_from(dice.below(2)).unwrap()];
    let mut product = document(version, schema, dice.below(u64::MAX))?;
    let mut contracts = Vec::new();
    let mut ports = product["outputPorts"].as_array().cloned().unwrap_or_default();
    if ports.is_empty() {
        ports.push(json!({ "name": "a", "version": "1" }));
    }
    for (index, port) in ports.iter_mut().enumerate() {
        port["version"] = json!(format!("{}.0.0", index + 1));
        // Several ports may be described by one contract.
        if index > 0 && dice.below(4) == 0 {
            port["contractId"] = json!("c-0");
            continue;
        }
        let (version, schema) = CONTRACTS[usize::try_from(dice.below(5)).unwrap()];
        let mut contract = document(version, schema, dice.below(u64::MAX))?;
        contract["id"] = json!(format!("c-{index}"));
        port["contractId"] = json!(format!("c-{index}"));
        let levels = contract["slaProperties"].as_array().cloned().unwrap_or_default();
        contract["slaProperties"] =
            levels.into_iter().chain([json!({ "property": "frequency", "value": 1, "unit": "d" })]).collect();
        let objects = contract["schema"].as_array().cloned().unwrap_or_default();
        let objects = if objects.is_empty() { vec![json!({ "name": "o" })] } else { objects };
        let with_fields = objects.into_iter().enumerate().map(|(index, mut object)| {
            object["name"] = json!(format!("o{index}"));
            if object["properties"].as_array().is_none_or(Vec::is_empty) {
                object["properties"] = json!([{ "name": "f", "logicalType": "string" }]);
            }
            object
        });
        contract["schema"] = with_fields.collect();
        contracts.push(contract);
    }
    product["outputPorts"] = ports.into();
    product["domain"] = json!("retail");
    product["name"] = json!("tills");
    product["version"] = json!("1.0.0");
    Some((product, contracts))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn valid_documents_are_returned_as_they_were(seed in any::<u64>()) {
        let Some((product, contracts)) = product(seed) else { return Ok(()) };
        let texts: Vec<String> = contracts.iter().map(Value::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        match import(&product.to_string(), &texts) {
            Ok(imported) => {
                let (written, by_id) = documents(&imported.manifest);
                prop_assert_eq!(written, product);
                prop_assert_eq!(by_id.into_values().collect::<Vec<_>>(), contracts);
            }
            Err(problems) => {
                for problem in &problems {
                    prop_assert!(problem.line > 0, "{:?}", problem);
                    prop_assert!(problem.code != "manifest.standard_invalid" && problem.code != "manifest.unreadable", "{:?}", problem);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    // Ports take over the contracts of others: whatever stands there is brought to what is wanted, in each version of the standards.
    #[test]
    fn any_edit_of_valid_documents_shows_in_valid_documents(seed in any::<u64>(), after in arbitrary::manifest()) {
        let Some((product, contracts)) = product(seed) else { return Ok(()) };
        let texts: Vec<String> = contracts.iter().map(Value::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let Ok(before) = import(&product.to_string(), &texts) else { return Ok(()) };
        let mut edited = after.clone();
        edited.origin = before.manifest.origin;
        for (port, known) in edited.output_ports.iter_mut().zip(before.manifest.output_ports) {
            port.contract = known.contract;
        }
        let written = documents(&edited);
        prop_assert_eq!(unlike(&bare(read(&written)), &after), [""; 0]);
    }
}

#[test]
fn most_of_what_is_made_is_valid_and_accepted() {
    let made: Vec<_> = (0..60).filter_map(product).collect();
    let mut reasons = Vec::new();
    let accepted = made.iter().filter(|(product, contracts)| {
        let texts: Vec<String> = contracts.iter().map(Value::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        import(&product.to_string(), &texts).map_err(|problems| reasons.extend(problems.into_iter().take(1))).is_ok()
    });
    let accepted = accepted.count();
    assert!(made.len() > 40 && accepted * 2 > made.len(), "{accepted} of {}: {reasons:#?}", made.len());
}

/// Every key of a document, and every name that a schema gives to a member.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            keys(value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

fn members(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => parts.iter().for_each(|(keyword, part)| {
            if keyword == "properties" && part.as_object().is_some_and(|part| part.values().all(Value::is_object)) {
                found.extend(part.as_object().unwrap().keys().cloned());
            }
            members(part, found);
        }),
        Value::Array(list) => list.iter().for_each(|part| members(part, found)),
        _ => {}
    }
}

#[test]
fn every_member_of_every_schema_is_met() {
    for (version, schema) in PRODUCTS.into_iter().chain(CONTRACTS) {
        let (mut wanted, mut met) = (BTreeSet::new(), BTreeSet::new());
        members(&serde_json::from_str(schema).unwrap(), &mut wanted);
        for seed in 0..20_000 {
            document(version, schema, seed).into_iter().for_each(|document| keys(&document, &mut met));
            if wanted.is_subset(&met) {
                break;
            }
        }
        let missed: Vec<_> = wanted.difference(&met).collect();
        assert!(missed.is_empty(), "{version}: {missed:?}");
    }
}

/// Breaks the document somewhere: takes a member away, adds one, or gives one another type.
fn broken(value: &mut Value, dice: &mut Dice) {
    let into = dice.below(4) > 0;
    match value {
        Value::Object(members) if !members.is_empty() => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = &names[usize::try_from(dice.below(names.len() as u64)).unwrap()];
            match dice.below(8) {
                _ if into && (members[name].is_object() || members[name].is_array()) => {
                    broken(&mut members[name], dice)
                }
                0 => drop(members.insert("colour".to_owned(), json!("red"))),
                1..=3 => drop(members.remove(name)),
                4 => members[name] = json!(7),
                5 => members[name] = json!([true]),
                6 => members[name] = json!("2026-02-30"),
                _ => members[name] = json!({ "colour": 1 }),
            }
        }
        Value::Array(list) if !list.is_empty() => {
            let index = usize::try_from(dice.below(list.len() as u64)).unwrap();
            broken(&mut list[index], dice);
        }
        other => *other = json!(7),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_a_schema_refuses_is_refused_and_nothing_else(seed in any::<u64>(), which in 0usize..7) {
        let (version, schema) = PRODUCTS.into_iter().chain(CONTRACTS).nth(which).unwrap();
        let Some(mut document) = document(version, schema, seed) else { return Ok(()) };
        broken(&mut document, &mut Dice(seed));
        document["apiVersion"] = json!(version);
        let root: Value = serde_json::from_str(schema).unwrap();
        let valid = jsonschema::options().should_validate_formats(true).with_format("uri", |_: &str| true).build(&root).unwrap().is_valid(&document);
        let (product, contract) = crate::fixtures::least();
        let read = match which {
            0 | 1 => import(&document.to_string(), &[&contract.to_string()]),
            _ => import(&product.to_string(), &[&document.to_string()]),
        };
        let problems = read.err().unwrap_or_default();
        let invalid: Vec<_> = problems.iter().filter(|it| it.code == "manifest.standard_invalid").collect();
        prop_assert_eq!(valid, invalid.iter().all(|it| it.message.contains("not a URI")), "{:#?}", problems);
        prop_assert!(problems.iter().all(|it| it.line > 0));
    }
}
