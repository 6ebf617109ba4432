# A data product: judged in the plan, registered in the apply, with the contracts that its inputs need and a pipeline to
# start from.

locals {
  # A manifest has lines; a path has none.
  text = can(regex("[\n{]", var.manifest)) ? var.manifest : file(var.manifest)

  # What cannot be read here is told by the provider, with line and column.
  manifest = try(yamldecode(local.text), {})
  domain   = try(tostring(local.manifest.domain), "")
  inputs   = try({ for input in local.manifest.inputs : input.port => { port = input.port, purpose = input.purpose } }, {})

  # Within a domain no contract is needed.
  foreign_inputs = { for port, input in local.inputs : port => input if split(".", port)[0] != local.domain }
}

# What registration would say: refusals stop the plan and name what breaks and for whom.
data "mesh_impact" "this" {
  manifest = local.text
}

resource "mesh_data_product" "this" {
  manifest = local.text

  # Registration is refused if the findings moved since the plan.
  findings_digest = data.mesh_impact.this.findings_digest
}

resource "mesh_consumption_contract" "this" {
  for_each = var.contracts ? local.foreign_inputs : {}

  port             = each.key
  consumer_domain  = local.domain
  purpose          = each.value.purpose
  contact          = try(local.manifest.owner.contact, null)
  fields           = try(var.contract_terms[each.key].fields, null)
  agreed_freshness = try(var.contract_terms[each.key].agreed_freshness, null)
  expires_at       = try(var.contract_terms[each.key].expires_at, null)

  # The other way round, a new contract would change the findings between plan and registration.
  depends_on = [mesh_data_product.this]
}
