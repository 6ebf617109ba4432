//! Consumption contracts.

use mesh_api::types::ContractStatus;

use crate::Mesh;

const CONTRACT: &str = r#"
resource "mesh_consumption_contract" "flights" {
  port             = "operations.flights/daily@1"
  consumer_domain  = "insights"
  purpose          = "analytics"
  fields           = ["tail_number", "carrier"]
  agreed_freshness = "60m"
  expires_at       = "2030-01-01T00:00:00+00:00"
}
"#;

#[test]
fn a_contract_is_asked_for_followed_and_revoked() {
    let mesh = Mesh::with_domains(CONTRACT);
    let _ = mesh.apply().exits(0);
    let id = mesh.state("mesh_consumption_contract.flights")["values"]["id"].as_str().unwrap().to_owned();
    let made = mesh.api.mesh().contracts[&id].clone();
    assert_eq!((made.consumer_domain.as_str(), made.fields.len(), made.agreed_freshness.0), ("insights", 2, 60));
    assert_eq!(mesh.state("mesh_consumption_contract.flights")["values"]["status"], "pending");
    let _ = mesh.plan().exits(0);

    // Its approval by the other domain is no change of the configuration.
    mesh.api.mesh().contracts.get_mut(&id).unwrap().status = ContractStatus::Active;
    let _ = mesh.plan().exits(0);
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.state("mesh_consumption_contract.flights")["values"]["status"], "active");

    let _ = mesh.run(&["state", "rm", "mesh_consumption_contract.flights"]).exits(0);
    let _ = mesh.run(&["import", "-no-color", "mesh_consumption_contract.flights", &id]).exits(0);

    mesh.write(&CONTRACT.replace("analytics", "research"));
    assert!(mesh.plan().exits(2).text().contains("1 to add, 0 to change, 1 to destroy"));
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.api.mesh().contracts[&id].status, ContractStatus::Revoked);

    let _ = mesh.destroy().exits(0);
    assert!(mesh.api.mesh().contracts.values().all(|contract| contract.status == ContractStatus::Revoked));
}

#[test]
fn terms_are_checked_without_the_platform() {
    let mesh = Mesh::with_domains(
        &CONTRACT.replace("60m", "soon").replace("daily@1", "daily").replace("2030-01-01T", "tomorrow "),
    );
    let refused = mesh.run(&["validate", "-no-color"]).exits(1).text();
    for line in ["line 3", "line 7", "line 8"] {
        assert!(refused.contains(line), "{line}: {refused}");
    }
}
