# Service objectives, and alarms on how fast their error budgets burn: a short window beside a long one, so that an alarm
# neither waits for an hour of failures nor fires for one that is over.

locals {
  # 99.9 % of requests are answered otherwise than by 5xx, over 30 days.
  objective = 0.999

  objectives = {
    register     = { operation = "registerProduct", function = "registry" }
    read         = { operation = "readPort", function = "broker" }
    search       = { operation = "search", function = "marketplace" }
    policy-check = { operation = "checkPolicy", function = "governance" }
  }

  # How many times faster than allowed the budget burns, over both windows (seconds): 2 % of it in an hour, 5 % in six,
  # 10 % in a day. The figures are those of the SRE workbook, chapter 5.
  burns = {
    fast   = { rate = 14.4, long = 3600, short = 300 }
    medium = { rate = 6, long = 6 * 3600, short = 1800 }
    slow   = { rate = 3, long = 24 * 3600, short = 2 * 3600 }
  }

  burn_windows = merge([
    for name, objective in local.objectives : merge([
      for burn_name, burn in local.burns : {
        for window in ["long", "short"] : "${name}-burn-${burn_name}-${window}" => merge(objective, {
          objective = name
          threshold = burn.rate * (1 - local.objective)
          period    = burn[window]
        })
      }
    ]...)
  ]...)
}

# Faults are what the function counted, and its invocations that ended without an answer (a crash, a time limit), which it
# could not count. A handful of requests proves nothing: below three faults, nothing burns.
resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each = local.burn_windows

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "Part of ${var.name}-${each.value.objective}-objective. What to do: ${var.runbooks_url}/error-budget.md"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "burnt"
    label       = "share of failed requests"
    expression  = "IF(FILL(faults, 0) + FILL(crashes, 0) >= 3, (FILL(faults, 0) + FILL(crashes, 0)) / (FILL(requests, 0) + FILL(crashes, 0)), 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = {
      faults   = { namespace = local.metrics_namespace, metric = local.metric.Faults, dimensions = { Operation = each.value.operation } }
      requests = { namespace = local.metrics_namespace, metric = local.metric.Requests, dimensions = { Operation = each.value.operation } }
      crashes  = { namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = module.function[each.value.function].name } }
    }
    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = each.value.period
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "objective" {
  for_each = local.objectives

  alarm_name        = "${var.name}-${each.key}-objective"
  alarm_description = "The error budget of ${each.key} (${local.objective * 100} % over 30 days) burns too fast. What to do: ${var.runbooks_url}/error-budget.md"
  alarm_actions     = var.alarm_actions
  ok_actions        = var.alarm_actions

  alarm_rule = join(" OR ", [
    for burn in keys(local.burns) : format("(%s)", join(" AND ", [
      for window in ["long", "short"] : "ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-burn-${burn}-${window}"].alarm_name}\")"
    ]))
  ])
}
