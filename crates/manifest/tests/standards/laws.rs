//! Laws: what is written reads back, whatever it was before.

use std::collections::BTreeMap;

use mesh_manifest::{
    Manifest,
    standards::{export_contract, export_product, import},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::{arbitrary, fixtures::unlike};

/// The documents of a manifest.
pub fn documents(manifest: &Manifest) -> (Value, BTreeMap<String, Value>) {
    let contracts = manifest.output_ports.iter().map(|port| {
        let contract = export_contract(manifest, &manifest.address(port)).expect("every port has a contract");
        (contract["id"].as_str().unwrap().to_owned(), contract)
    });
    (export_product(manifest), contracts.collect())
}

/// The manifest that documents are read as.
pub fn read((product, contracts): &(Value, BTreeMap<String, Value>)) -> Manifest {
    let contracts: Vec<String> = contracts.values().map(Value::to_string).collect();
    let contracts: Vec<&str> = contracts.iter().map(String::as_str).collect();
    match import(&product.to_string(), &contracts) {
        Ok(imported) => imported.manifest,
        Err(problems) => {
            let told: Vec<String> = problems.iter().map(|it| format!("{} {it}", it.pointer)).collect();
            panic!("{}\n{product:#}\n{}", told.join("\n"), contracts.join("\n"))
        }
    }
}

/// The manifest without what only tells where it came from.
pub fn bare(mut manifest: Manifest) -> Manifest {
    manifest.origin = None;
    manifest.output_ports.iter_mut().for_each(|port| port.contract = None);
    manifest
}

/// `after` as an edit of `before`: ports keep the contracts of those with their name.
fn edited(before: &Manifest, mut after: Manifest) -> Manifest {
    after.origin = before.origin.clone();
    for port in &mut after.output_ports {
        let known = before
            .output_ports
            .iter()
            .find(|known| known.name == port.name && known.version.major == port.version.major);
        port.contract = known.and_then(|known| known.contract.clone());
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_manifest_without_documents_is_written_as_such_that_read_back_as_it(manifest in arbitrary::manifest()) {
        let written = documents(&manifest);
        for contract in written.1.values() {
            for property in contract["schema"].as_array().unwrap().iter().flat_map(|object| object["properties"].as_array().unwrap()) {
                prop_assert!(property.get("logicalType").is_some(), "who reads it knows no type: {:#}", property);
            }
        }
        let read_back = read(&written);
        prop_assert_eq!(unlike(&bare(read_back.clone()), &manifest), [""; 0]);
        prop_assert_eq!(documents(&read_back), written);
    }

    #[test]
    fn an_edit_shows_in_the_documents(before in arbitrary::manifest(), after in arbitrary::manifest()) {
        let before = read(&documents(&before));
        let edited = edited(&before, after.clone());
        let written = documents(&edited);
        prop_assert_eq!(unlike(&bare(read(&written)), &after), [""; 0]);
    }
}
