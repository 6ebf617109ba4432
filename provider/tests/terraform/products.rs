//! Data products: registration, plans that refuse, and the look-ups.

use mesh_api::types::{ContractStatus, Status};

use crate::Mesh;

/// A manifest of `operations.flights` with these further fields (YAML, flow style).
pub fn manifest(version: &str, fields: &str) -> String {
    format!(
        r#"apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: {version}
description: Every departure from the New York airports.
owner: {{ team: Flight Operations, contact: flight-ops@example.org }}
classification: internal
retention: 730d
access: {{ visibility: company }}
outputPorts:
  - name: daily
    version: {version}
    format: iceberg
    sla: {{ freshness: 60m }}
    schema:
      fields:
        - {{ name: carrier, type: string, required: true }}
        - {{ name: tail_number, type: string }}
        - {fields}"#
    )
    .replace("\n        - []", "")
}

const OPEN_PII: &str = "{ name: pilot, type: string, pii: { category: name, protection: none } }";

fn product(manifest: &str) -> String {
    format!("resource \"mesh_data_product\" \"flights\" {{\n  manifest = <<-EOT\n{manifest}\n  EOT\n}}\n")
}

/// As the module for data products does it.
fn judged(manifest: &str, more: &str) -> String {
    format!(
        "locals {{\n  manifest = <<-EOT\n{manifest}\n  EOT\n}}\ndata \"mesh_impact\" \"flights\" {{\n  manifest = local.manifest\n{more}\n}}\n"
    )
}

const REGISTERED_BY_ITS_FINDINGS: &str = "resource \"mesh_data_product\" \"flights\" {\n  manifest = local.manifest\n  findings_digest = data.mesh_impact.flights.findings_digest\n}\n";

#[test]
fn a_product_is_registered_changed_imported_and_retired() {
    let mesh = Mesh::with_domains(&product(&manifest("1.0.0", "[]")));
    let plan = mesh.plan().exits(2).text();
    assert!(
        plan.contains("+ id = \"operations.flights\"") && plan.contains("+ status = (known after apply)"),
        "{plan}"
    );
    let _ = mesh.apply().exits(0);
    let values = mesh.state("mesh_data_product.flights")["values"].clone();
    assert_eq!(
        (&values["status"], &values["revision"], &values["version"]),
        (&"active".into(), &1.into(), &"1.0.0".into())
    );
    assert_eq!(values["ports"]["operations.flights/daily@1"]["location"], "s3://mesh-operations/flights/daily/v1");
    let _ = mesh.plan().exits(0);

    // Another comment is another text and the same content.
    mesh.write(&product(&format!("# Flights\n{}", manifest("1.0.0", "[]"))));
    let plan = mesh.plan().exits(2).text();
    assert!(plan.contains("1 to change") && !plan.contains("known after apply"), "{plan}");
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.api.mesh().products["operations.flights"].revision, 1);

    assert!(values["ports"]["operations.flights/daily@1"]["sunset"].is_null());
    let left = manifest("1.1.0", "{ name: distance, type: int }")
        .replace("    format: iceberg", "    sunset: 2030-01-31\n    format: iceberg");
    mesh.write(&product(&left));
    let plan = mesh.plan().exits(2).text();
    assert!(plan.contains("1 to change") && plan.contains("~ version = \"1.0.0\" -> \"1.1.0\""), "{plan}");
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.api.mesh().products["operations.flights"].revision, 2);
    let port = mesh.state("mesh_data_product.flights")["values"]["ports"]["operations.flights/daily@1"].clone();
    assert_eq!((&port["version"], &port["sunset"]), (&"1.1.0".into(), &"2030-01-31".into()));
    let _ = mesh.plan().exits(0);

    let _ = mesh.run(&["state", "rm", "mesh_data_product.flights"]).exits(0);
    let taken = mesh.apply().exits(1).text();
    assert!(taken.contains("exists already") && taken.contains("terraform import"), "{taken}");
    let _ = mesh.run(&["import", "-no-color", "mesh_data_product.flights", "operations.flights"]).exits(0);

    mesh.write(&product(&manifest("1.1.0", "[]").replace("name: flights", "name: departures")));
    let plan = mesh.plan().exits(2).text();
    assert!(plan.contains("~ name = \"flights\" -> \"departures\" # forces replacement"), "{plan}");
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.api.mesh().products["operations.flights"].status, Status::Retired);

    let _ = mesh.destroy().exits(0);
    assert_eq!(mesh.api.mesh().products["operations.departures"].status, Status::Retired);
    // The name stays with the domain, and can be used again.
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.api.mesh().products["operations.departures"].status, Status::Active);
}

#[test]
fn a_malformed_manifest_is_refused_with_its_line_and_without_the_platform() {
    let mut mesh = Mesh::with_domains(&product(&manifest("1.0.0", "{ name: x, typ: string }")));
    mesh.workspace.env("MESH_ENDPOINT", "http://127.0.0.1:9");
    let refused = mesh.run(&["validate", "-no-color"]).exits(1).text();
    assert!(refused.contains("Line 20, column") && refused.contains("`/outputPorts/0/schema/fields/2"), "{refused}");
    assert!(refused.contains("main.tf line 2"), "{refused}");
}

#[test]
fn open_personal_data_is_refused_in_the_plan_with_line_path_and_remedy() {
    let bad = manifest("1.0.0", OPEN_PII);
    let mesh = Mesh::with_domains(&product(&bad));
    for config in [product(&bad), judged(&bad, "")] {
        mesh.write(&config);
        let refused = mesh.plan().exits(1).text();
        for part in [
            "`pilot` holds personal data in the open",
            "Line 20, column",
            "`/outputPorts/0/schema/fields/2/pii`",
            "Encrypt it, or offer",
            "global.pii_unencrypted",
        ] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
    assert!(mesh.api.mesh().products.is_empty());
    // A pipeline may want to look at a refusal rather than stop.
    mesh.write(&format!(
        "{}output \"findings\" {{\n value = data.mesh_impact.flights.findings\n}}\noutput \"accepted\" {{\n value = data.mesh_impact.flights.accepted\n}}\n",
        judged(&bad, "  allow_refused = true")
    ));
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.output("accepted"), false);
    assert_eq!(mesh.output("findings")[0]["line"], 20);
}

#[test]
fn a_breaking_change_under_a_live_contract_names_whom_it_breaks() {
    let contract = "resource \"mesh_consumption_contract\" \"c\" {\n port = \"operations.flights/daily@1\"\n consumer_domain = \"insights\"\n purpose = \"analytics\"\n fields = [\"tail_number\"]\n contact = \"bi@example.org\"\n depends_on = [mesh_data_product.flights]\n}\n";
    let mesh = Mesh::with_domains(&format!("{}{contract}", product(&manifest("1.0.0", "[]"))));
    let _ = mesh.apply().exits(0);
    mesh.api.mesh().contracts.values_mut().for_each(|contract| contract.status = ContractStatus::Active);
    let without = manifest("2.0.0", "[]")
        .replace("\n        - { name: tail_number, type: string }", "")
        .replace("    version: 2.0.0", "    version: 1.1.0");
    mesh.write(&format!("{}{contract}", product(&without)));
    let refused = mesh.plan().exits(1).text();
    for part in
        ["this breaks `insights`", "`insights` reads `tail_number` of `operations.flights/daily@1`", "bi@example.org"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

#[test]
fn findings_that_changed_after_the_plan_stop_the_registration() {
    let mesh = Mesh::with_domains(&format!("{}{REGISTERED_BY_ITS_FINDINGS}", judged(&manifest("1.0.0", "[]"), "")));
    let _ = mesh.run(&["plan", "-out", "saved", "-no-color"]).exits(0);
    mesh.api.mesh().policy_revision = 1;
    let refused = mesh.run(&["apply", "-no-color", "saved"]).exits(1).text();
    assert!(refused.contains("tags are wanted") && refused.contains("not what the plan showed"), "{refused}");
    // Planned again, the finding is shown and accepted.
    let applied = mesh.apply().exits(0).text();
    assert!(applied.contains("Warning: tags are wanted"), "{applied}");
    let _ = mesh.plan().exits(0);
}

#[test]
fn a_product_that_does_not_become_active_is_an_error_and_heals() {
    let mesh = Mesh::with_domains(&product(&manifest("1.0.0", "[]")));
    mesh.api.mesh().outcome = Some(Status::Failed);
    let failed = mesh.apply().exits(1).text();
    assert!(
        failed.contains("could not be made available") && failed.contains("The observer role cannot be assumed."),
        "{failed}"
    );
    assert_eq!(mesh.state("mesh_data_product.flights")["values"]["id"], "operations.flights");
    mesh.api.mesh().outcome = None;
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.state("mesh_data_product.flights")["values"]["status"], "active");

    // It fails later, while nothing in the configuration changes: the plan shows it.
    mesh.api.mesh().products.get_mut("operations.flights").unwrap().status = Status::Failed;
    assert!(mesh.plan().exits(2).text().contains("~ status = \"failed\" -> (known after apply)"));

    // Without waiting, a product that is being provisioned is enough.
    mesh.api.mesh().products.clear();
    mesh.api.mesh().outcome = Some(Status::Provisioning);
    mesh.write(&product(&manifest("1.0.0", "[]")).replace("\n}\n", "\n  wait = 0\n}\n"));
    let _ = mesh.apply().exits(0);
    mesh.write(&product(&manifest("1.0.1", "[]")).replace("\n}\n", "\n  wait = 1\n}\n"));
    assert!(mesh.apply().exits(1).text().contains("is not active after 1 s"));
}

#[test]
fn a_product_that_was_retired_elsewhere_is_planned_again() {
    let mesh = Mesh::with_domains(&product(&manifest("1.0.0", "[]")));
    let _ = mesh.apply().exits(0);
    mesh.api.mesh().products.get_mut("operations.flights").unwrap().status = Status::Retired;
    assert!(mesh.plan().exits(2).text().contains("1 to add"));
}

#[test]
fn a_product_may_be_declared_together_with_its_domain() {
    let domain = "resource \"mesh_domain\" \"ops\" {\n name = \"operations\"\n description = \"Flights.\"\n members = []\n}\nresource \"mesh_domain_envelope\" \"ops\" {\n domain = mesh_domain.ops.name\n bucket = \"b\"\n key_arn = \"k\"\n glue_database = \"g\"\n reader_role_arn = \"r\"\n producer_role_arn = \"p\"\n observer_role_arn = \"o\"\n alert_topic_arn = \"t\"\n}\n";
    let product =
        product(&manifest("1.0.0", "[]")).replace("\n}\n", "\n  depends_on = [mesh_domain_envelope.ops]\n}\n");
    let mesh = Mesh::new(&format!("{domain}{product}"));
    assert!(mesh.plan().exits(2).text().contains("the manifest was not judged in the plan"));
    let _ = mesh.apply().exits(0);
    let _ = mesh.plan().exits(0);
}

#[test]
fn others_products_are_looked_up() {
    let mesh = Mesh::with_domains(&product(&manifest("1.0.0", "[]")));
    let _ = mesh.apply().exits(0);
    mesh.write(&format!("{}data \"mesh_data_product\" \"f\" {{\n id = \"operations.flights\"\n}}\noutput \"format\" {{\n value = data.mesh_data_product.f.ports[\"operations.flights/daily@1\"].format\n}}\n", product(&manifest("1.0.0", "[]"))));
    let _ = mesh.apply().exits(0);
    assert_eq!(mesh.output("format"), "iceberg");
    mesh.write("data \"mesh_data_product\" \"f\" {\n id = \"operations.nothing\"\n}\n");
    let none = mesh.plan().exits(1).text();
    assert!(
        none.contains("there is no data product `operations.nothing`") && none.contains("main.tf line 2"),
        "{none}"
    );
}
