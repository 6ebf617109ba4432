//! Documents of the open standards: refused with reasons, or read as a manifest that gives them back as they were.

use mesh_manifest::{
    Manifest, Severity, parse,
    standards::{export_contract, export_product, import},
};
use serde_json::Value;

use crate::manifest::placed;

/// Any bytes as a product's document and its contracts, with lines `---` between them.
pub fn standards(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut documents = text.split("---\n");
    let product = documents.next().unwrap_or_default();
    let contracts: Vec<&str> = documents.collect();
    match import(product, &contracts) {
        Ok(imported) => {
            assert!(imported.warnings.iter().all(|warning| warning.severity == Severity::Warning));
            placed(&text, &imported.warnings);
            let manifest = imported.manifest;
            let (product, contracts) = exported(&manifest);
            let origin = manifest.origin.as_ref().expect("an imported manifest keeps what it was read from");
            assert_eq!(origin.product.as_ref(), Some(&product), "the product's document is returned otherwise");
            let mut originals: Vec<&Value> = origin.contracts.values().collect();
            let mut returned: Vec<&Value> = contracts.iter().collect();
            for list in [&mut originals, &mut returned] {
                list.sort_by_key(|contract| contract.get("id").and_then(Value::as_str).unwrap_or_default());
                list.dedup();
            }
            assert_eq!(returned, originals, "contracts are returned otherwise");
            let texts: Vec<String> = contracts.iter().map(Value::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let again = import(&product.to_string(), &distinct(texts)).expect("what is returned is read");
            assert_eq!(again.manifest, manifest, "what is returned is read as another manifest");
            let parsed = parse(&manifest.canonical()).expect("what is read is a manifest");
            assert_eq!(parsed.manifest, manifest, "its canonical form is read as another manifest");
        }
        Err(problems) => {
            assert!(problems.iter().any(|problem| problem.severity == Severity::Error), "refused without an error");
            assert!(problems.len() <= 101, "{} problems are told", problems.len());
            placed(&text, &problems);
        }
    }
}

/// Ports may share a contract.
fn distinct(mut texts: Vec<&str>) -> Vec<&str> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn exported(manifest: &Manifest) -> (Value, Vec<Value>) {
    let contract = |port| export_contract(manifest, &manifest.address(port)).expect("every port has a contract");
    (export_product(manifest), manifest.output_ports.iter().map(contract).collect())
}
