data "mesh_impact" "flights" {
  manifest = file("${path.module}/dataproduct.yaml")
}

resource "mesh_data_product" "flights" {
  manifest = file("${path.module}/dataproduct.yaml")

  # Registers only if nothing new stands against the manifest since the plan.
  findings_digest = data.mesh_impact.flights.findings_digest
}

output "location" {
  value = mesh_data_product.flights.ports["operations.flights/daily@1"].location
}
