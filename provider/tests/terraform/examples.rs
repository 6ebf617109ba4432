//! The examples of the documentation: one for each thing that the provider offers, and all of them valid.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::Mesh;

fn folder() -> PathBuf {
    std::env::current_dir().unwrap().join("examples")
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_resource_and_data_source_has_a_valid_and_formatted_example() {
    let mesh = Mesh::new("");
    let schema: Json = serde_json::from_str(&mesh.run(&["providers", "schema", "-json"]).exits(0).stdout).unwrap();
    let schema = &schema["provider_schemas"]["registry.terraform.io/data-mesh/mesh"];
    let mut examples = vec![folder().join("provider")];
    for (kind, key) in [("resources", "resource_schemas"), ("data-sources", "data_source_schemas")] {
        let offered: BTreeSet<String> = schema[key].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names(&folder().join(kind)), offered, "examples/{kind}");
        examples.extend(offered.iter().map(|name| folder().join(kind).join(name)));
    }
    let _ = mesh.run(&["fmt", "-check", "-diff", "-recursive", folder().to_str().unwrap()]).exits(0);
    for example in examples {
        std::fs::remove_file(mesh.workspace.path().join("main.tf")).unwrap();
        for name in names(&example) {
            std::fs::copy(
                example.join(&name),
                mesh.workspace.path().join(if name.ends_with(".tf") { "main.tf" } else { &name }),
            )
            .unwrap();
        }
        let _ = mesh.run(&["validate", "-no-color"]).exits(0);
    }
}
