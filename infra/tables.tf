# DynamoDB tables: the mesh's truth. Keys, indexes, streams and expiry of each; all else is the same for all.

locals {
  tables = {
    domains = {
      hash    = "pk", range = "sk"
      indexes = { by_kind = { hash = "kind", range = "pk" } }
    }
    data_products = {
      hash    = "product_id", range = "revision"
      indexes = { by_domain = { hash = "current_domain_id", range = "product_id" } }
      stream  = true
    }
    output_ports = { hash = "product_id", range = "port_id" }
    schemas = {
      hash    = "subject", range = "version"
      indexes = { by_schema_id = { hash = "schema_id" } }
    }
    consumption_contracts = {
      hash    = "producer_product_id", range = "contract_id"
      indexes = { by_consumer = { hash = "consumer_domain_id", range = "created_at" } }
    }
    sla_measurements = { hash = "port_id", range = "measured_at", expires = true }
    policies         = { hash = "scope", range = "revision" }
    grants           = { hash = "grant_key", expires = true }
    idempotency      = { hash = "idempotency_key", expires = true }
    lineage          = { hash = "upstream", range = "downstream" }
    audit_log        = { hash = "resource", range = "at_id", expires = true }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash
  range_key                   = try(each.value.range, null)
  stream_enabled              = try(each.value.stream, false)
  stream_view_type            = try(each.value.stream, false) ? "NEW_AND_OLD_IMAGES" : null
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(compact(concat(
      [each.value.hash, try(each.value.range, null)],
      flatten([for index in values(try(each.value.indexes, {})) : [index.hash, try(index.range, null)]]),
    )))
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = try(each.value.indexes, {})
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash
      range_key       = try(global_secondary_index.value.range, null)
      projection_type = "ALL"
    }
  }

  dynamic "ttl" {
    for_each = try(each.value.expires, false) ? ["expires_at"] : []
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.platform.arn
  }
}
