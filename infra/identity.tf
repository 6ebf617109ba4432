# Who may call: a Cognito user pool with the API's scope, unless an issuer is given. Clients are made outside of
# Terraform, so that no client secret enters its state.

locals {
  own_pool = var.issuer == null

  issuer = local.own_pool ? {
    issuer   = "https://cognito-idp.${local.region}.amazonaws.com/${aws_cognito_user_pool.this[0].id}"
    jwks_uri = "${coalesce(var.cognito_endpoint, "https://cognito-idp.${local.region}.amazonaws.com")}/${aws_cognito_user_pool.this[0].id}/.well-known/jwks.json"
    scope    = one(aws_cognito_resource_server.api[0].scope_identifiers)
  } : var.issuer

  token_url = var.token_url != null ? var.token_url : "https://${aws_cognito_user_pool_domain.this[0].domain}.auth.${local.region}.amazoncognito.com/oauth2/token"
}

resource "aws_cognito_user_pool" "this" {
  count = local.own_pool ? 1 : 0

  name                = var.name
  deletion_protection = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  password_policy {
    minimum_length                   = 14
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 3
  }
}

resource "aws_cognito_resource_server" "api" {
  count = local.own_pool ? 1 : 0

  user_pool_id = aws_cognito_user_pool.this[0].id
  identifier   = "mesh"
  name         = "Data mesh API"

  scope {
    scope_name        = "api"
    scope_description = "Call the API. What a caller may do there is decided by the mesh."
  }
}

resource "aws_cognito_user_pool_domain" "this" {
  count = local.own_pool ? 1 : 0

  user_pool_id = aws_cognito_user_pool.this[0].id
  domain       = "${var.name}-${local.account_id}"
}
