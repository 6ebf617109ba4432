# The domain's three roles. The platform's functions assume them, by the domain's external id and for an hour at most, and narrow each session to
# one port: no person and no pipeline holds them.

locals {
  objects = "${aws_s3_bucket.this.arn}/*"

  role_trust = {
    reader   = [local.functions["broker"], local.functions["iceberg"]]
    producer = [local.functions["broker"], local.functions["iceberg"]]
    observer = [local.functions["provisioner"], local.functions["sla-probe"]]
  }

  role_policies = {
    reader   = data.aws_iam_policy_document.reader.json
    producer = data.aws_iam_policy_document.producer.json
    observer = data.aws_iam_policy_document.observer.json
  }
}

resource "aws_iam_role" "this" {
  for_each = local.role_trust

  name                 = "${local.name}-${each.key}"
  description          = "${title(each.key)} of the ports of the domain ${var.domain}"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.role_policies

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value
}

data "aws_iam_policy_document" "trust" {
  for_each = local.role_trust

  statement {
    sid     = "Assume"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = each.value
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [mesh_domain.this.external_id]
    }
  }

  # Tags come only with an AssumeRole, which asks for the external id.
  statement {
    sid     = "Tag"
    actions = ["sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = each.value
    }
  }
}

data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for part in ["data", "manifests", "metadata"] : "${local.objects}/${part}/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this.arn]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }
}

# Writes files and Iceberg manifests. Table metadata is written by the platform's catalogue alone, which judges each commit.
data "aws_iam_policy_document" "producer" {
  source_policy_documents = [data.aws_iam_policy_document.reader.json]

  statement {
    sid       = "Write"
    actions   = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = [for part in ["data", "manifests"] : "${local.objects}/${part}/*"]
  }

  # A `*` of the patterns above also matches slashes.
  statement {
    sid       = "NeverMetadata"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.objects}/metadata/*", "${local.objects}/_mesh/*"]
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

# Sees the envelope as it is and how fresh data is, without reading any data.
data "aws_iam_policy_document" "observer" {
  statement {
    sid = "Bucket"
    actions = [
      "s3:GetBucketLocation",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:ListBucket",
    ]
    resources = [aws_s3_bucket.this.arn]
  }

  statement {
    sid       = "Metadata"
    actions   = ["s3:GetObject"]
    resources = ["${local.objects}/metadata/*"]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"]
    resources = [aws_kms_key.this.arn]
  }

  statement {
    sid       = "Roles"
    actions   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    resources = [for role in aws_iam_role.this : role.arn]
  }

  statement {
    sid     = "Catalogue"
    actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
    resources = [
      "arn:${local.partition}:glue:${local.region}:${var.mesh.account_id}:catalog",
      aws_glue_catalog_database.this.arn,
      "arn:${local.partition}:glue:${local.region}:${var.mesh.account_id}:table/${aws_glue_catalog_database.this.name}/*",
    ]
  }
}
