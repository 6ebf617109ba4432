//! The provider block: credentials, what is missing and what is not known yet.

use crate::{Mesh, api};

const DOMAIN: &str = "resource \"mesh_domain\" \"a\" {\n name = \"a\"\n description = \"A.\"\n members = []\n}\n";

#[test]
fn a_machine_client_gets_its_own_token() {
    let (id, secret) = api::CLIENT;
    let mut mesh = Mesh::new(DOMAIN);
    mesh.workspace.env("MESH_TOKEN", "");
    let missing = mesh.plan().exits(1).text();
    assert!(missing.contains("the provider needs credentials"), "{missing}");

    let url = mesh.api.url();
    let provider =
        format!("provider \"mesh\" {{\n client_id = \"{id}\"\n token_url = \"{url}/oauth2/token\"\n}}\n{DOMAIN}");
    mesh.write(&provider);
    mesh.workspace.env("MESH_CLIENT_SECRET", "wrong");
    let refused = mesh.apply().exits(1).text();
    assert!(refused.contains("no token could be had") || refused.contains("No token could be had"), "{refused}");
    assert!(!refused.contains("wrong"), "{refused}");
    mesh.workspace.env("MESH_CLIENT_SECRET", secret);
    let _ = mesh.apply().exits(0);
    assert!(mesh.api.mesh().domains.contains_key("a"));
}

#[test]
fn a_refused_token_and_an_absent_mesh_are_told() {
    let mut mesh = Mesh::new(DOMAIN);
    mesh.workspace.env("MESH_TOKEN", "stolen");
    let refused = mesh.apply().exits(1).text();
    assert!(refused.contains("the token is not valid") && !refused.contains("stolen"), "{refused}");
    mesh.workspace.env("MESH_ENDPOINT", "http://127.0.0.1:9");
    assert!(mesh.apply().exits(1).text().contains("the request to the mesh failed"));
}

#[test]
fn the_mesh_may_be_made_in_the_same_apply() {
    let mesh = Mesh::with_domains("");
    let manifest = crate::products::manifest("1.0.0", "[]");
    let config = format!(
        "resource \"terraform_data\" \"platform\" {{\n input = {:?}\n}}\nprovider \"mesh\" {{\n endpoint = terraform_data.platform.output\n}}\nresource \"mesh_data_product\" \"flights\" {{\n manifest = <<-EOT\n{manifest}\n EOT\n}}\n",
        mesh.api.url()
    );
    mesh.write(&config);
    let plan = mesh.plan().exits(2).text();
    assert!(plan.contains("the manifest was not judged in the plan"), "{plan}");
    let _ = mesh.apply().exits(0);
    assert!(mesh.api.mesh().products.contains_key("operations.flights"));
}
