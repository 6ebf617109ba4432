# The front door: an HTTP API whose routes are the table that the functions serve. Functions verify tokens themselves,
# so that an event forged past the gateway buys nothing.

locals {
  routes         = { for route in jsondecode(file("${path.module}/routes.json")) : "${route.method} ${route.path}" => route.function }
  http_functions = toset(values(local.routes))
  api_url        = var.api_url == null ? aws_apigatewayv2_api.this.api_endpoint : replace(var.api_url, "{api_id}", aws_apigatewayv2_api.this.id)
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "API of the data mesh ${var.name}"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.http_functions

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.function[each.key].invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:functions verify tokens themselves, so that an event forged past the gateway buys nothing (README.md, Decisions)
  for_each = local.routes

  api_id    = aws_apigatewayv2_api.this.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.this[each.value].id}"
}

resource "aws_lambda_permission" "api" {
  for_each = local.http_functions

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = module.function[each.key].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_cloudwatch_log_group" "api" {
  #checkov:skip=CKV_AWS_338:who did what is kept in the table audit_log; logs serve the search for faults, and log_retention_days is a variable
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.platform.arn
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.throttling.rate
    throttling_burst_limit   = var.throttling.burst
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      request_id = "$context.requestId"
      time       = "$context.requestTime"
      source_ip  = "$context.identity.sourceIp"
      route      = "$context.routeKey"
      path       = "$context.path"
      status     = "$context.status"
      latency_ms = "$context.responseLatency"
      error      = "$context.integrationErrorMessage"
    })
  }
}
