//! The manifests of the repository's examples are valid and complete: nothing is refused, and nothing is warned of.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use mesh_manifest::parse;

fn manifests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manifests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_is_valid_and_lies_where_its_identity_says() {
    let root = PathBuf::from("../../examples/nycflights");
    let mut paths = Vec::new();
    manifests(&root.join("manifests"), &mut paths);
    assert_eq!(paths.len(), 6, "{paths:?}");
    for path in &paths {
        let parsed =
            parse(&fs::read_to_string(path).unwrap()).unwrap_or_else(|problems| panic!("{path:?}: {problems:#?}"));
        assert!(parsed.warnings.is_empty(), "{path:?}: {:#?}", parsed.warnings);
        let (domain, name) = (&parsed.manifest.domain, &parsed.manifest.name);
        assert!(path.ends_with(format!("{domain}/{name}/dataproduct.yaml")), "{path:?} holds `{domain}.{name}`");
    }
}

#[test]
fn inputs_of_examples_are_ports_of_examples() {
    let root = PathBuf::from("../../examples/nycflights/manifests");
    let mut paths = Vec::new();
    manifests(&root, &mut paths);
    let all: Vec<_> = paths.iter().map(|path| parse(&fs::read_to_string(path).unwrap()).unwrap().manifest).collect();
    let inputs: Vec<_> = all.iter().flat_map(|manifest| &manifest.inputs).collect();
    assert_eq!(inputs.len(), 3);
    for input in inputs {
        let upstream = all.iter().find(|manifest| manifest.id() == input.port.product).unwrap();
        assert!(upstream.port(&input.port).is_some(), "`{}` does not exist", input.port);
        assert!(
            upstream.access.purposes.contains(&input.purpose),
            "`{}` is not offered for {}",
            input.port,
            input.purpose
        );
    }
}

#[test]
fn what_policies_refuse_is_well_formed() {
    let root = PathBuf::from("../../examples/nycflights/refused");
    for name in ["pii.yaml", "breaking.yaml"] {
        let parsed = parse(&fs::read_to_string(root.join(name)).unwrap());
        assert!(parsed.is_ok(), "{name}: {parsed:#?}");
    }
}
