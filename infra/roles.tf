# What each function may do. Table rights are the matrix below; everything else is one document per function.

locals {
  # Rights on tables, by function. `append` adds items and never changes one: the audit log is written so. `scan` is for
  # those who go through all products, of every domain.
  table_rights = {
    registry = {
      scan   = ["data_products"]
      read   = ["domains", "data_products", "output_ports", "schemas", "consumption_contracts", "policies", "idempotency", "lineage", "audit_log", "sla_measurements"]
      write  = ["domains", "data_products", "output_ports", "schemas", "consumption_contracts", "idempotency", "lineage"]
      append = ["audit_log"]
    }
    governance = {
      scan   = ["data_products"]
      read   = ["domains", "data_products", "output_ports", "consumption_contracts", "policies", "audit_log"]
      write  = ["policies"]
      append = ["audit_log"]
    }
    broker = {
      read   = ["domains", "data_products", "output_ports", "consumption_contracts", "policies", "sla_measurements", "grants"]
      write  = ["grants"]
      append = ["audit_log"]
    }
    iceberg = {
      read   = ["domains", "data_products", "output_ports", "consumption_contracts", "policies", "sla_measurements", "grants"]
      write  = ["grants", "lineage"]
      append = ["audit_log"]
    }
    marketplace = {
      read = ["domains", "data_products"]
    }
    provisioner = {
      scan   = ["data_products"]
      read   = ["domains", "data_products", "output_ports", "schemas", "sla_measurements"]
      write  = ["data_products", "output_ports", "sla_measurements"]
      append = ["audit_log"]
      stream = ["data_products"]
    }
    indexer = {
      scan   = ["data_products"]
      read   = ["domains", "data_products", "output_ports", "sla_measurements", "consumption_contracts"]
      update = ["data_products"]
      stream = ["data_products"]
    }
    sla-probe = {
      scan  = ["data_products"]
      read  = ["domains", "data_products", "output_ports", "sla_measurements"]
      write = ["sla_measurements"]
    }
  }

  table_actions = {
    scan   = ["dynamodb:Scan"]
    read   = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
    write  = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    update = ["dynamodb:UpdateItem"]
    append = ["dynamodb:PutItem"]
  }

  # Names that `modules/domain` gives to what belongs to domains of this mesh.
  domain_role    = { for kind in ["reader", "producer", "observer"] : kind => "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-*-${kind}" }
  domain_bucket  = "arn:${local.partition}:s3:::${var.name}-*-${local.account_id}"
  domain_topic   = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}-*-alerts"
  glue           = "arn:${local.partition}:glue:${local.region}:${local.account_id}"
  glue_databases = ["${local.glue}:catalog", "${local.glue}:database/${replace(var.name, "-", "_")}_*"]
  glue_tables    = concat(local.glue_databases, ["${local.glue}:table/${replace(var.name, "-", "_")}_*/*"])

  search_read  = ["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost"]
  search_write = concat(local.search_read, ["es:ESHttpPut"])
}

data "aws_iam_policy_document" "function" {
  for_each = local.functions

  source_policy_documents = [
    data.aws_iam_policy_document.tables[each.key].json,
    lookup({
      registry    = data.aws_iam_policy_document.registry.json
      broker      = data.aws_iam_policy_document.vending.json
      iceberg     = data.aws_iam_policy_document.iceberg.json
      marketplace = data.aws_iam_policy_document.search["read"].json
      provisioner = data.aws_iam_policy_document.provisioner.json
      indexer     = data.aws_iam_policy_document.indexer.json
      sla-probe   = data.aws_iam_policy_document.sla_probe.json
    }, each.key, "{}"),
  ]
}

data "aws_iam_policy_document" "tables" {
  for_each = local.table_rights

  dynamic "statement" {
    for_each = { for right, tables in each.value : right => tables if right != "stream" }
    content {
      sid     = "Tables${title(statement.key)}"
      actions = local.table_actions[statement.key]
      resources = concat(
        [for table in statement.value : aws_dynamodb_table.this[table].arn],
        [for table in statement.value : "${aws_dynamodb_table.this[table].arn}/index/*" if contains(["read", "scan"], statement.key) && can(local.tables[table].indexes)],
      )
    }
  }

  dynamic "statement" {
    for_each = can(each.value.stream) ? [each.value.stream] : []
    content {
      sid       = "TablesStream"
      actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
      resources = [for table in statement.value : aws_dynamodb_table.this[table].stream_arn]
    }
  }

  dynamic "statement" {
    for_each = can(each.value.stream) ? [each.value.stream] : []
    content {
      sid       = "ListStreams" # takes no resource
      actions   = ["dynamodb:ListStreams"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = can(each.value.stream) ? [aws_sqs_queue.dead_letters[each.key].arn] : []
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

data "aws_iam_policy_document" "registry" {
  statement {
    sid       = "Manifests"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.this["manifests"].arn}/*"]
  }

  statement {
    sid       = "ManifestsList" # without it a missing manifest answers 403, not 404
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this["manifests"].arn]
  }

  source_policy_documents = [data.aws_iam_policy_document.platform_objects_key.json]
}

# Objects in the platform's buckets.
data "aws_iam_policy_document" "platform_objects_key" {
  statement {
    sid       = "ObjectsKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.platform.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
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

  statement {
    sid       = "CatalogueRead"
    actions   = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
    resources = local.glue_tables
  }
}

data "aws_iam_policy_document" "iceberg" {
  source_policy_documents = [data.aws_iam_policy_document.vending.json]

  statement {
    sid       = "CatalogueCommit"
    actions   = ["glue:UpdateTable"]
    resources = local.glue_tables
  }

  statement {
    sid       = "Metadata"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.domain_bucket}/*/metadata/*"]
  }

  statement {
    sid       = "Manifests"
    actions   = ["s3:GetObject"]
    resources = ["${local.domain_bucket}/*/manifests/*"]
  }

  statement {
    sid       = "Buckets"
    actions   = ["s3:ListBucket"]
    resources = [local.domain_bucket]
  }
}

data "aws_iam_policy_document" "search" {
  for_each = { read = local.search_read, write = local.search_write }

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
  source_policy_documents = [data.aws_iam_policy_document.platform_objects_key.json]

  statement {
    sid       = "Catalogue"
    actions   = ["glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"]
    resources = local.glue_tables
  }

  statement {
    sid       = "Metadata"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.domain_bucket}/*/metadata/*", "${local.domain_bucket}/*/_mesh/*"]
  }

  statement {
    sid       = "EnvelopeOfBuckets"
    actions   = ["s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration", "s3:ListBucket"]
    resources = [local.domain_bucket]
  }

  statement {
    sid       = "EnvelopeOfKeys"
    actions   = ["kms:DescribeKey"]
    resources = ["arn:${local.partition}:kms:${local.region}:${local.account_id}:key/*"]
  }

  statement {
    sid       = "Observers"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = [local.domain_role.observer]
  }

  statement {
    sid       = "Pipelines"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.this["pipelines"].arn}/*"]
  }
}

data "aws_iam_policy_document" "indexer" {
  source_policy_documents = [data.aws_iam_policy_document.search["write"].json]
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
