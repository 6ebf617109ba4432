# A domain of the mesh: its membership, and the envelope (storage, key, catalogue, roles, alerts) that all its products
# live in. The platform observes the envelope by the observer role and trusts nothing that is only declared.

locals {
  name      = "${var.mesh.name}-${var.domain}"
  bucket    = "${local.name}-${var.mesh.account_id}"
  region    = data.aws_region.current.name
  partition = data.aws_partition.current.partition
  account   = "arn:${local.partition}:iam::${var.mesh.account_id}:root"
  functions = var.mesh.function_roles
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

resource "mesh_domain" "this" {
  name        = var.domain
  description = var.description
  members     = var.members

  lifecycle {
    precondition {
      condition     = data.aws_caller_identity.current.account_id == var.mesh.account_id
      error_message = "the aws provider is signed in to account ${data.aws_caller_identity.current.account_id}, the platform reaches domains in ${var.mesh.account_id}."
    }
  }
}

resource "aws_glue_catalog_database" "this" {
  name         = replace("${var.mesh.name}_${var.domain}", "-", "_")
  description  = var.description
  location_uri = "s3://${aws_s3_bucket.this.bucket}/"
}

# Binds the envelope to the domain: from here on products may be registered.
resource "mesh_domain_envelope" "this" {
  domain            = mesh_domain.this.name
  bucket            = aws_s3_bucket.this.bucket
  key_arn           = aws_kms_key.this.arn
  glue_database     = aws_glue_catalog_database.this.name
  reader_role_arn   = aws_iam_role.this["reader"].arn
  producer_role_arn = aws_iam_role.this["producer"].arn
  observer_role_arn = aws_iam_role.this["observer"].arn
  alert_topic_arn   = aws_sns_topic.alerts.arn

  # The platform looks at these when the envelope is bound.
  depends_on = [
    aws_iam_role_policy.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
    aws_sns_topic_policy.alerts,
  ]
}
