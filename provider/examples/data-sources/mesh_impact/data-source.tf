# Without `allow_refused`, a refusal fails the plan.
data "mesh_impact" "draft" {
  manifest      = file("${path.module}/dataproduct.yaml")
  allow_refused = true
}

output "refusals" {
  value = [for finding in data.mesh_impact.draft.findings : finding.detail if finding.severity == "error"]
}
