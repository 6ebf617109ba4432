# Changes of products, to the functions that converge on them. What they cannot digest ends in a dead-letter queue;
# the sweep drives those products again.

locals {
  stream_consumers = toset(["indexer", "provisioner"])
}

resource "aws_sqs_queue" "dead_letters" {
  for_each = local.stream_consumers

  name                      = "${var.name}-${each.key}-dead-letters"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_lambda_event_source_mapping" "data_products" {
  for_each = local.stream_consumers

  event_source_arn               = aws_dynamodb_table.this["data_products"].stream_arn
  function_name                  = module.function[each.key].arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 25
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 5
  function_response_types        = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead_letters[each.key].arn
    }
  }
}
