# What clients, domains' modules and operators need to know of the platform.

output "name" {
  description = "Name of the mesh."
  value       = var.name
}

output "account_id" {
  description = "Account that the platform runs in."
  value       = local.account_id
}

output "region" {
  description = "Region that the platform runs in."
  value       = local.region
}

output "api_url" {
  description = "Base URL of the API, without a trailing slash."
  value       = local.api_url
}

output "api_id" {
  description = "Id of the HTTP API."
  value       = aws_apigatewayv2_api.this.id
}

output "token_url" {
  description = "OAuth2 token endpoint for machine clients."
  value       = local.token_url
}

output "issuer" {
  description = "Issuer whose tokens the API accepts."
  value       = local.issuer.issuer
}

output "jwks_uri" {
  description = "Where the issuer's signing keys are found."
  value       = local.issuer.jwks_uri
}

output "scope" {
  description = "Scope that tokens must carry."
  value       = local.issuer.scope
}

output "user_pool_id" {
  description = "Id of the Cognito user pool; null with an issuer of one's own."
  value       = one(aws_cognito_user_pool.this[*].id)
}

output "event_bus" {
  description = "Name of the mesh's event bus."
  value       = aws_cloudwatch_event_bus.this.name
}

output "search_endpoint" {
  description = "Base URL of OpenSearch."
  value       = local.search_endpoint
}

output "function_roles" {
  description = "ARN of each function's role, by function. `modules/domain` trusts some of them."
  value       = { for function in keys(local.functions) : function => module.function[function].role_arn }
}

output "platform_key_arn" {
  description = "ARN of the platform's encryption key."
  value       = aws_kms_key.platform.arn
}

output "buckets" {
  description = "Names of the platform's buckets: artefacts, manifests, pipelines."
  value       = { for bucket in local.buckets : bucket => aws_s3_bucket.this[bucket].bucket }
}

output "tables" {
  description = "Names of the DynamoDB tables, by what they hold."
  value       = { for table in keys(local.tables) : table => aws_dynamodb_table.this[table].name }
}
