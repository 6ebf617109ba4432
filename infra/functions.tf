# The platform's functions, what starts them, and the environment that they share.

locals {
  functions = {
    registry    = { description = "Validates and registers domains, products, schemas and contracts" }
    governance  = { description = "Answers policy checks and publishes policies" }
    broker      = { description = "Decides on reads and writes of ports and vends credentials" }
    iceberg     = { description = "Iceberg REST catalogue with governed commits", memory_mb = 512 }
    marketplace = { description = "Searches the marketplace" }
    provisioner = { description = "Converges the envelope of products to their registered revision", memory_mb = 512, timeout_seconds = 300 }
    indexer     = { description = "Writes search documents", timeout_seconds = 120 }
    sla-probe   = { description = "Measures the freshness of ports against their promises", timeout_seconds = 300 }
  }

  environment = {
    RUST_LOG             = var.log_level
    MESH_NAME            = var.name
    MESH_TABLE_PREFIX    = "${var.name}-"
    MESH_ACCOUNT_ID      = local.account_id
    MESH_API_URL         = local.api_url
    MESH_ISSUERS         = jsonencode([local.issuer])
    MESH_TOKEN_URL       = local.token_url
    MESH_EVENT_BUS       = aws_cloudwatch_event_bus.this.name
    MESH_KMS_KEY         = aws_kms_key.platform.arn
    MESH_MANIFEST_BUCKET = aws_s3_bucket.this["manifests"].bucket
    MESH_PIPELINE_BUCKET = aws_s3_bucket.this["pipelines"].bucket
    MESH_SEARCH_ENDPOINT = local.search_endpoint
    MESH_SEARCH_INDEX    = "${var.name}-products"
    MESH_SEARCH_AUTH     = var.search_auth
    MESH_S3_ENDPOINT     = var.s3_endpoint
    MESH_MINIMUM_NOTICE  = "${var.minimum_notice_days}d"
  }
}

module "function" {
  source   = "./function"
  for_each = local.functions

  name                 = "${var.name}-${each.key}"
  description          = each.value.description
  package              = "${var.artefacts_dir}/${each.key}.zip"
  artefacts_bucket     = aws_s3_bucket_versioning.this["artefacts"].bucket
  artefacts_key        = "functions/${each.key}.zip"
  architecture         = var.architecture
  memory_mb            = try(each.value.memory_mb, 256)
  timeout_seconds      = try(each.value.timeout_seconds, 29) # the API answers for a function after 30 s
  environment          = local.environment
  policy               = data.aws_iam_policy_document.function[each.key].json
  log_retention_days   = var.log_retention_days
  kms_key_arn          = aws_kms_key.platform.arn
  reserved_concurrency = lookup(var.reserved_concurrency, each.key, -1)
}
