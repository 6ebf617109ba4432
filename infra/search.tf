# The marketplace's index: an OpenSearch domain, unless an endpoint is given.

locals {
  search_endpoint = var.search_endpoint != null ? var.search_endpoint : "https://${aws_opensearch_domain.this[0].endpoint}"
  search_nodes    = var.search_domain.instance_count
  search_zones    = local.search_nodes % 3 == 0 ? 3 : local.search_nodes
}

resource "aws_opensearch_domain" "this" {
  #checkov:skip=CKV2_AWS_59:three data nodes hold a quorum; dedicated masters pay from ten nodes on, and the index can be rebuilt by the sweep
  #checkov:skip=CKV2_AWS_52:two roles are let in, each by its own actions, and nobody else: the access policy says so, without a second user base
  count = var.search_endpoint == null ? 1 : 0

  domain_name    = "${var.name}-products"
  engine_version = var.search_domain.engine_version

  cluster_config {
    instance_type          = var.search_domain.instance_type
    instance_count         = local.search_nodes
    zone_awareness_enabled = local.search_zones > 1

    dynamic "zone_awareness_config" {
      for_each = local.search_zones > 1 ? [local.search_zones] : []
      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.search_domain.volume_gb
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = aws_kms_key.platform.arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
}

resource "aws_opensearch_domain_policy" "this" {
  count = var.search_endpoint == null ? 1 : 0

  domain_name     = aws_opensearch_domain.this[0].domain_name
  access_policies = data.aws_iam_policy_document.search_access[0].json
}

data "aws_iam_policy_document" "search_access" {
  count = var.search_endpoint == null ? 1 : 0

  dynamic "statement" {
    for_each = local.search_actions
    content {
      actions   = statement.value
      resources = ["${aws_opensearch_domain.this[0].arn}/*"]

      principals {
        type        = "AWS"
        identifiers = [module.function[statement.key].role_arn]
      }
    }
  }
}
