# The domain's bucket: `<product>/<port>/v<major>/{data,manifests,metadata}/`, encrypted by the domain's key and no other,
# and closed to everyone but the domain's roles and the platform's catalogue.

locals {
  admitted_roles = concat([for role in aws_iam_role.this : role.arn], [local.functions["iceberg"], local.functions["provisioner"]])

  # On AWS a session's `aws:PrincipalArn` is its role; emulators give the session.
  admitted_sessions = [for role in local.admitted_roles : "${replace(replace(role, ":iam:", ":sts:"), ":role/", ":assumed-role/")}/*"]
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:requests are logged by CloudTrail's data events where an account wants them; access logs would be one more bucket to guard
  #checkov:skip=CKV_AWS_144:versions are kept; where a domain must survive a region, its owner replicates by rules of the account
  #checkov:skip=CKV2_AWS_62:freshness is observed by the probe; nothing waits for objects
  bucket        = local.bucket
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.bucket_lifecycle ? 1 : 0

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "superseded"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }

    # No request reaches AWS from a loopback address; an emulator on the same machine speaks plain HTTP there.
    condition {
      test     = "NotIpAddress"
      variable = "aws:SourceIp"
      values   = ["127.0.0.0/8"]
    }
  }

  statement {
    sid       = "OnlyTheMesh"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = concat(local.admitted_roles, local.admitted_sessions)
    }
  }

  # An upload that names no key or algorithm gets the bucket's default and is fine: hence `Null`.
  dynamic "statement" {
    for_each = {
      OnlyTheDomainsKey    = { header = "s3:x-amz-server-side-encryption-aws-kms-key-id", value = aws_kms_key.this.arn }
      OnlyEncryptionByKeys = { header = "s3:x-amz-server-side-encryption", value = "aws:kms" }
    }
    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["s3:PutObject"]
      resources = ["${aws_s3_bucket.this.arn}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "StringNotEquals"
        variable = statement.value.header
        values   = [statement.value.value]
      }

      condition {
        test     = "Null"
        variable = statement.value.header
        values   = ["false"]
      }
    }
  }

  statement {
    sid       = "NoCustomerKeys"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption-customer-algorithm"
      values   = ["false"]
    }
  }
}
