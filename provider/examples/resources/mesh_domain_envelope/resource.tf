# `modules/domain` makes all of these.
resource "mesh_domain_envelope" "operations" {
  domain            = "operations"
  bucket            = "mesh-operations-123456789012"
  key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
  glue_database     = "mesh_operations"
  reader_role_arn   = "arn:aws:iam::123456789012:role/mesh-operations-reader"
  producer_role_arn = "arn:aws:iam::123456789012:role/mesh-operations-producer"
  observer_role_arn = "arn:aws:iam::123456789012:role/mesh-operations-observer"
  alert_topic_arn   = "arn:aws:sns:eu-west-1:123456789012:mesh-operations-alerts"
}
