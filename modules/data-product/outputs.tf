# What others need to know of the product.

output "id" {
  description = "The product's id, e.g. `operations.flights`."
  value       = mesh_data_product.this.id
}

output "version" {
  description = "The registered version."
  value       = mesh_data_product.this.version
}

output "status" {
  description = "Where the product is in its life: `provisioning`, `active`, `failed` or `retired`."
  value       = mesh_data_product.this.status
}

output "ports" {
  description = "Location, schema id and format of each output port, by address."
  value       = mesh_data_product.this.ports
}

output "findings" {
  description = "What the plan warned of."
  value       = data.mesh_impact.this.findings
}

output "change" {
  description = "The class of the change to what is registered: `new`, `none`, `patch`, `minor` or `major`."
  value       = data.mesh_impact.this.change
}

output "changes" {
  description = "Every difference from what is registered, each with its class and reason."
  value       = data.mesh_impact.this.changes
}

output "contracts" {
  description = "Id and status of the contract for each input from another domain, by port."
  value       = { for port, contract in mesh_consumption_contract.this : port => { id = contract.id, status = contract.status } }
}

output "pipeline" {
  description = "Where the pipeline scaffold lies; null without one."
  value       = local.emit ? "s3://${var.mesh.buckets["pipelines"]}/${local.domain}/${local.manifest.name}/" : null
}
