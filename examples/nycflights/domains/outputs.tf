# What the domains need to know of their envelopes.

output "domains" {
  description = "Bucket, key, Glue database and alert topic of each domain."
  value = { for name, domain in module.domain : name => {
    bucket          = domain.bucket
    key_arn         = domain.key_arn
    glue_database   = domain.glue_database
    alert_topic_arn = domain.alert_topic_arn
  } }
}
