# Many data products that are registered already and are taken over as they are: for the figure `noop_plan`.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    mesh = {
      source  = "data-mesh/mesh"
      version = "~> 0.1"
    }
  }
}

provider "mesh" {
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.client.client_id
  client_secret = var.client.client_secret
  acting_domain = var.domain
}

import {
  for_each = var.manifests
  to       = mesh_data_product.this[each.key]
  id       = each.key
}

resource "mesh_data_product" "this" {
  for_each = var.manifests

  manifest = each.value
}
