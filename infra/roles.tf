# What each function may do, and nothing else: after the end-to-end run, rights that no function used and that
# xtask/src/privileges/unused.rs gives no reason for fail the tests, and so does any call that was denied.

locals {
  # What is done to each table or index, by function. The audit log is added to and never changed. Nobody scans: all
  # products are found by the index of the domains, then by that of the domains' products.
  table_rights = {
    registry = {
      "domains"                           = ["DeleteItem", "GetItem", "PutItem", "Query"]
      "domains/by_kind"                   = ["Query"]
      "data_products"                     = ["GetItem", "PutItem", "Query", "UpdateItem"]
      "data_products/by_domain"           = ["Query"]
      "output_ports"                      = ["BatchGetItem", "DeleteItem", "PutItem", "Query"]
      "schemas"                           = ["PutItem", "Query"]
      "schemas/by_schema_id"              = ["Query"]
      "consumption_contracts"             = ["GetItem", "PutItem", "Query"]
      "consumption_contracts/by_consumer" = ["Query"]
      "policies"                          = ["BatchGetItem"]
      "idempotency"                       = ["GetItem", "PutItem"]
      "lineage"                           = ["DeleteItem", "PutItem", "Query"]
      "sla_measurements"                  = ["BatchGetItem", "Query"]
      "audit_log"                         = ["PutItem", "Query"]
    }
    governance = {
      "domains"               = ["Query"]
      "data_products"         = ["GetItem"]
      "consumption_contracts" = ["Query"]
      "policies"              = ["BatchGetItem", "PutItem"]
      "audit_log"             = ["PutItem"]
    }
    broker = local.access_rights
    iceberg = merge(local.access_rights, {
      "domains/by_kind"         = ["Query"]
      "data_products/by_domain" = ["Query"]
      # Contracts that read one snapshot.
      "consumption_contracts" = ["GetItem", "PutItem", "Query"]
      "data_products"         = ["GetItem", "UpdateItem"]
    })
    marketplace = {
      "domains" = ["Query"]
    }
    provisioner = {
      "consumption_contracts"   = ["Query"]
      "domains"                 = ["GetItem"]
      "domains/by_kind"         = ["Query"]
      "data_products"           = ["GetItem", "UpdateItem"]
      "data_products/by_domain" = ["Query"]
    }
    indexer = {
      "domains/by_kind"         = ["Query"]
      "data_products"           = ["GetItem", "UpdateItem"]
      "data_products/by_domain" = ["Query"]
      "sla_measurements"        = ["BatchGetItem"]
    }
    sla-probe = {
      "domains/by_kind"         = ["Query"]
      "data_products/by_domain" = ["Query"]
      "output_ports"            = ["BatchGetItem"]
      "sla_measurements"        = ["BatchGetItem", "PutItem"]
    }
  }

  # To decide on a read or a write, and to keep the grant.
  access_rights = {
    "domains"               = ["GetItem", "Query"]
    "data_products"         = ["GetItem"]
    "output_ports"          = ["Query"]
    "consumption_contracts" = ["Query"]
    "policies"              = ["BatchGetItem"]
    "sla_measurements"      = ["BatchGetItem"]
    "grants"                = ["GetItem", "PutItem"]
    "audit_log"             = ["PutItem"]
  }

  # Names that `modules/domain` gives to what belongs to domains of this mesh.
  domain_role    = { for kind in ["reader", "producer", "observer"] : kind => "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-*-${kind}" }
  domain_bucket  = "arn:${local.partition}:s3:::${var.name}-*-${local.account_id}"
  domain_topic   = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}-*-alerts"
  glue           = "arn:${local.partition}:glue:${local.region}:${local.account_id}"
  glue_databases = ["${local.glue}:catalog", "${local.glue}:database/${replace(var.name, "-", "_")}_*"]
  glue_tables    = concat(local.glue_databases, ["${local.glue}:table/${replace(var.name, "-", "_")}_*/*"])

  # Searching is a POST; writing makes the index, waits for it, and asks what it holds.
  search_actions = {
    marketplace = ["es:ESHttpPost"]
    indexer     = ["es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut"]
  }
}

data "aws_iam_policy_document" "function" {
  for_each = local.functions

  source_policy_documents = [
    data.aws_iam_policy_document.tables[each.key].json,
    lookup({
      broker      = data.aws_iam_policy_document.vending.json
      iceberg     = data.aws_iam_policy_document.iceberg.json
      marketplace = data.aws_iam_policy_document.search["marketplace"].json
      provisioner = data.aws_iam_policy_document.provisioner.json
      indexer     = data.aws_iam_policy_document.search["indexer"].json
      sla-probe   = data.aws_iam_policy_document.sla_probe.json
    }, each.key, "{}"),
  ]
}

data "aws_iam_policy_document" "tables" {
  for_each = local.table_rights

  # One statement for all tables and indexes that the same is done to.
  dynamic "statement" {
    for_each = { for on, actions in each.value : join("", actions) => on... }
    content {
      sid     = "Tables${statement.key}"
      actions = [for action in each.value[statement.value[0]] : "dynamodb:${action}"]
      resources = [
        for on in statement.value : join("/index/", concat(
          [aws_dynamodb_table.this[split("/", on)[0]].arn],
          slice(split("/", on), 1, length(split("/", on))),
        ))
      ]
    }
  }

  dynamic "statement" {
    for_each = contains(local.stream_consumers, each.key) ? [aws_dynamodb_table.this["data_products"].stream_arn] : []
    content {
      sid       = "Changes"
      actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = contains(local.stream_consumers, each.key) ? ["*"] : []
    content {
      sid       = "ListStreams" # takes no resource
      actions   = ["dynamodb:ListStreams"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = contains(local.stream_consumers, each.key) ? [aws_sqs_queue.dead_letters[each.key].arn] : []
    content {
      sid       = "DeadLetters"
      actions   = ["sqs:SendMessage"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "TablesKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.platform.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${local.region}.amazonaws.com"]
    }
  }
}

# Credentials for ports: assumed reader and producer roles, cached under the platform's key.
data "aws_iam_policy_document" "vending" {
  statement {
    sid       = "DomainRoles"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = [local.domain_role.reader, local.domain_role.producer]
  }

  statement {
    sid       = "GrantsKey"
    actions   = ["kms:Decrypt", "kms:Encrypt"]
    resources = [aws_kms_key.platform.arn]
  }
}

data "aws_iam_policy_document" "iceberg" {
  source_policy_documents = [data.aws_iam_policy_document.vending.json]

  statement {
    sid       = "Catalogue"
    actions   = ["glue:GetTable", "glue:UpdateTable"]
    resources = local.glue_tables
  }

  statement {
    sid       = "Metadata"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.domain_bucket}/*/metadata/*"]
  }

  statement {
    sid       = "Buckets" # without it, metadata that is gone answers 403, not 404
    actions   = ["s3:ListBucket"]
    resources = [local.domain_bucket]
  }
}

data "aws_iam_policy_document" "search" {
  for_each = local.search_actions

  dynamic "statement" {
    for_each = aws_opensearch_domain.this[*].arn
    content {
      sid       = "Search"
      actions   = each.value
      resources = ["${statement.value}/*"]
    }
  }
}

data "aws_iam_policy_document" "provisioner" {
  statement {
    sid       = "Events"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.this.arn]
  }

  statement {
    sid       = "Catalogue"
    actions   = ["glue:CreateTable", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"]
    resources = local.glue_tables
  }

  statement {
    sid       = "Metadata"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.domain_bucket}/*/metadata/*", "${local.domain_bucket}/*/_mesh/*"]
  }

  statement {
    sid       = "EnvelopeOfBuckets"
    actions   = ["s3:GetEncryptionConfiguration", "s3:ListBucket"]
    resources = [local.domain_bucket]
  }

  statement {
    sid       = "Observers"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = [local.domain_role.observer]
  }
}

data "aws_iam_policy_document" "sla_probe" {
  statement {
    sid       = "Catalogue"
    actions   = ["glue:GetTables"]
    resources = local.glue_tables
  }

  statement {
    sid       = "Observers"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = [local.domain_role.observer]
  }

  statement {
    sid       = "Alerts"
    actions   = ["sns:Publish"]
    resources = [local.domain_topic]
  }

  statement {
    sid       = "Events"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.this.arn]
  }
}
