# What tells an operator that the platform needs help: one map of alarms, each with the page that says what to do about it.
# Objectives of availability are in objectives.tf.

locals {
  # The functions' own metrics, by the file that is made from the list in the code: another name fails the plan.
  measured          = jsondecode(file("${path.module}/metrics.json"))
  metric            = { for name in keys(local.measured.metrics) : name => name }
  metrics_namespace = "${local.measured.namespace_prefix}${var.name}"

  # Seconds between two runs of a schedule; of a `cron(…)`, an hour is expected.
  seconds_of = { minute = 60, minutes = 60, hour = 3600, hours = 3600, day = 86400, days = 86400 }
  interval = {
    for name, schedule in local.schedules : name =>
    try(tonumber(regex("^rate\\((\\d+) ", schedule.expression)[0]) * local.seconds_of[regex("^rate\\(\\d+ (\\w+)\\)$", schedule.expression)[0]], 3600)
  }
  # A window that holds at least one run, whatever the schedule; CloudWatch looks back a day at most.
  window       = { for name, seconds in local.interval : name => min(max(2 * seconds, 300), 86400) }
  sweep_window = max(local.window["sweep-provisioner"], local.window["sweep-indexer"])

  alarms = merge(
    {
      for function in keys(local.functions) : "${function}-errors" => {
        says      = "${function} failed: an invocation ended by an error, a panic or its time limit.", runbook = "function-errors"
        namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = module.function[function].name }
        statistic = "Sum", period = 300, threshold = 0
      }
    },
    {
      for function in keys(local.functions) : "${function}-throttles" => {
        says      = "${function} was not started for want of concurrency.", runbook = "function-throttles"
        namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = module.function[function].name }
        statistic = "Sum", period = 300, threshold = 0
      }
    },
    {
      for table in keys(local.tables) : "${table}-write-throttles" => {
        says      = "DynamoDB refused writes to ${table}: a hot key, or more than the table has grown to.", runbook = "table-throttles"
        namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents", dimensions = { TableName = aws_dynamodb_table.this[table].name }
        statistic = "Sum", period = 300, threshold = 10
      }
    },
    {
      for table in keys(local.tables) : "${table}-read-throttles" => {
        says      = "DynamoDB refused reads of ${table}: a hot key, or more than the table has grown to.", runbook = "table-throttles"
        namespace = "AWS/DynamoDB", metric = "ReadThrottleEvents", dimensions = { TableName = aws_dynamodb_table.this[table].name }
        statistic = "Sum", period = 300, threshold = 10
      }
    },
    {
      for consumer in local.stream_consumers : "${consumer}-dead-letters" => {
        says      = "Changes of products that ${consumer} could not digest were set aside.", runbook = "dead-letters"
        namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = aws_sqs_queue.dead_letters[consumer].name }
        statistic = "Maximum", period = 300, threshold = 0
      }
    },
    {
      for consumer in local.stream_consumers : "${consumer}-iterator-age" => {
        says      = "${consumer} reads changes of products minutes after they were made: it is slow, or stuck at a record.", runbook = "stream-iterator-age"
        namespace = "AWS/Lambda", metric = "IteratorAge", dimensions = { FunctionName = module.function[consumer].name }
        statistic = "Maximum", period = 300, periods = 2, threshold = 5 * 60 * 1000
      }
    },
    {
      for consumer in local.stream_consumers : "${consumer}-backlog-age" => {
        says      = "A product waits for ${consumer} since a quarter of an hour and more, though the sweep tries it again and again.", runbook = "stuck-product"
        namespace = local.metrics_namespace, metric = local.metric.BacklogAge, dimensions = { Function = consumer }
        statistic = "Maximum", period = local.sweep_window, threshold = 15 * 60
      }
    },
    {
      for consumer in local.stream_consumers : "${consumer}-sweep-errors" => {
        says      = "Every sweep of ${consumer} fails for some product: an item that cannot be read, or a service that is down.", runbook = "sweep-errors"
        namespace = local.metrics_namespace, metric = local.metric.SweepErrors, dimensions = { Function = consumer }
        statistic = "Minimum", period = local.sweep_window, periods = 2, threshold = 0
      }
    },
    {
      for name, schedule in local.schedules : "${name}-lateness" => {
        says      = "The schedule ${name} did not run, failed, or was through only after its next run was due.", runbook = "schedule-lateness"
        namespace = local.metrics_namespace, metric = local.metric.ScheduleLateness, dimensions = { Function = schedule.function }
        statistic = "Maximum", period = local.window[name], threshold = local.interval[name], missing = "breaching"
      }
    },
    {
      for function in ["provisioner", "indexer", "sla-probe"] : "${function}-unreadable-items" => {
        says      = "${function} passes over products whose stored item cannot be read.", runbook = "poisoned-record"
        namespace = local.metrics_namespace, metric = local.metric.UnreadableItems, dimensions = { Function = function }
        statistic = "Sum", period = 300, threshold = 0
      }
    },
    {
      envelopes-failed = {
        says      = "Products have an envelope that the platform cannot mend: a domain's bucket, key or role is not as it should be.", runbook = "envelope-failed"
        namespace = local.metrics_namespace, metric = local.metric.EnvelopesFailed, dimensions = { Function = "provisioner" }
        statistic = "Minimum", period = local.sweep_window, threshold = 0
      }
      ports-unknown = {
        says      = "Ports could not be observed for three windows on end: nobody knows whether their promises are kept.", runbook = "probe-failures"
        namespace = local.metrics_namespace, metric = local.metric.PortsUnknown, dimensions = { Function = "sla-probe" }
        statistic = "Minimum", period = local.window["probe"], periods = 3, threshold = 0
      }
      probe-errors = {
        says      = "Verdicts could not be written, or breaches not told, for three windows on end.", runbook = "probe-failures"
        namespace = local.metrics_namespace, metric = local.metric.ProbeErrors, dimensions = { Function = "sla-probe" }
        statistic = "Minimum", period = local.window["probe"], periods = 3, threshold = 0
      }
      api-errors = {
        says      = "The API answered by 5xx, counted at the front door: also what never reached a function.", runbook = "api-errors"
        namespace = "AWS/ApiGateway", metric = "5xx", dimensions = { ApiId = aws_apigatewayv2_api.this.id, Stage = aws_apigatewayv2_stage.this.name }
        statistic = "Sum", period = 300, threshold = 5
      }
    },
    var.search_endpoint != null ? {} : {
      search-red = {
        says      = "OpenSearch lost shards: search answers wrongly or not at all.", runbook = "search-cluster"
        namespace = "AWS/ES", metric = "ClusterStatus.red", dimensions = { DomainName = aws_opensearch_domain.this[0].domain_name, ClientId = local.account_id }
        statistic = "Maximum", period = 60, threshold = 0
      }
      search-writes-blocked = {
        says      = "OpenSearch refuses writes, most often for want of storage.", runbook = "search-cluster"
        namespace = "AWS/ES", metric = "ClusterIndexWritesBlocked", dimensions = { DomainName = aws_opensearch_domain.this[0].domain_name, ClientId = local.account_id }
        statistic = "Maximum", period = 300, threshold = 0
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.says} What to do: ${var.runbooks_url}/${each.value.runbook}.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = try(each.value.periods, 1)
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = try(each.value.missing, "notBreaching")
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
