//! Domains and their envelopes.

use serde_json::json;

use crate::Mesh;

const DOMAIN: &str = r#"
resource "mesh_domain" "ops" {
  name        = "operations"
  description = "DESCRIPTION"
  members = [
    { principal = "https://idp.example.org|bo", roles = ["producer", "owner"] },
    { principal = "https://idp.example.org|al", roles = ["consumer"] },
  ]
}
resource "mesh_domain_envelope" "ops" {
  domain            = mesh_domain.ops.name
  bucket            = "BUCKET"
  key_arn           = "arn:aws:kms:eu-west-1:1:key/1"
  glue_database     = "mesh_operations"
  reader_role_arn   = "arn:aws:iam::1:role/reader"
  producer_role_arn = "arn:aws:iam::1:role/producer"
  observer_role_arn = "arn:aws:iam::1:role/observer"
  alert_topic_arn   = "arn:aws:sns:eu-west-1:1:alerts"
}
output "external_id" {
  value = mesh_domain.ops.external_id
}
"#;

fn domain(description: &str, bucket: &str) -> String {
    DOMAIN.replace("DESCRIPTION", description).replace("BUCKET", bucket)
}

#[test]
fn a_domain_is_made_changed_imported_and_deleted() {
    let mesh = Mesh::new(&domain("Flights.", "one"));
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.output("external_id"), "mesh-operations");
    let _ = mesh.plan().exits(0);
    assert!(mesh.api.mesh().requests.iter().any(|request| request == "POST /domains platform"));

    mesh.write(&domain("All flights.", "two"));
    let plan = mesh.plan().exits(2).text();
    assert!(plan.contains("0 to add, 2 to change, 0 to destroy") && !plan.contains("known after apply"), "{plan}");
    let _ = mesh.apply().exits(0);
    let made = mesh.api.mesh().domains["operations"].clone();
    assert_eq!(
        (made.description.as_str(), made.members.len(), made.envelope.unwrap().bucket.as_str()),
        ("All flights.", 2, "two")
    );

    for address in ["mesh_domain.ops", "mesh_domain_envelope.ops"] {
        let _ = mesh.run(&["state", "rm", address]).exits(0);
        let _ = mesh.run(&["import", "-no-color", address, "operations"]).exits(0);
    }
    let _ = mesh.plan().exits(0);
    assert_eq!(mesh.state("mesh_domain.ops")["values"]["external_id"], json!("mesh-operations"));

    let _ = mesh.destroy().exits(0);
    assert!(mesh.api.mesh().domains.is_empty());
    assert!(mesh.state("mesh_domain.ops").is_null());
}

#[test]
fn what_is_wrong_with_a_domain_is_told_at_its_attribute() {
    let mesh = Mesh::new(&domain(" ", "one"));
    let failed = mesh.apply().exits(1).text();
    assert!(
        failed.contains("the description must have 1 to 2000 characters") && failed.contains("main.tf line 4"),
        "{failed}"
    );
    mesh.write(&domain("Flights.", "one").replace(r#""operations""#, r#""Operations!""#));
    let refused = mesh.run(&["validate", "-no-color"]).exits(1).text();
    assert!(refused.contains("`Operations!`") && refused.contains("main.tf line 3"), "{refused}");
}

#[test]
fn a_domain_of_somebody_else_is_not_taken_over() {
    let mesh = Mesh::new(&domain("Flights.", "one"));
    mesh.api.add_domain("operations");
    assert!(mesh.apply().exits(1).text().contains("the domain `operations` exists already"));
    mesh.write(&format!("provider \"mesh\" {{\n acting_domain = \"operations\"\n}}\n{}", domain("Flights.", "one")));
    assert!(mesh.apply().exits(1).text().contains("only owners of the platform domain may do that"));
}

#[test]
fn an_envelope_that_was_released_is_bound_again() {
    let mesh = Mesh::new(&domain("Flights.", "one"));
    let _ = mesh.apply().exits(0);
    mesh.api.mesh().domains.get_mut("operations").unwrap().envelope = None;
    assert!(mesh.plan().exits(2).text().contains("1 to add, 0 to change"));
    let _ = mesh.apply().exits(0);
    assert!(mesh.api.mesh().domains["operations"].envelope.is_some());
}
