# What products and operators need to know of the domain.

output "domain" {
  description = "Name of the domain, known once its envelope is bound: products that refer to it wait for that."
  value       = mesh_domain_envelope.this.domain
}

output "bucket" {
  description = "Name of the domain's bucket."
  value       = aws_s3_bucket.this.bucket
}

output "key_arn" {
  description = "ARN of the domain's encryption key."
  value       = aws_kms_key.this.arn
}

output "glue_database" {
  description = "Name of the domain's Glue database."
  value       = aws_glue_catalog_database.this.name
}

output "alert_topic_arn" {
  description = "ARN of the topic that broken promises are told to."
  value       = aws_sns_topic.alerts.arn
}

output "roles" {
  description = "ARNs of the domain's roles: reader, producer, observer."
  value       = { for kind, role in aws_iam_role.this : kind => role.arn }
}
