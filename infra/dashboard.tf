# One page on how the platform does: objectives first, then what lags, then what is denied and what is broken.

locals {
  dashboard_rows = [
    [for name, objective in local.objectives : {
      title = "${name}: requests and faults"
      metrics = [
        [local.metrics_namespace, local.metric.Requests, "Operation", objective.operation, { stat = "Sum" }],
        [local.metrics_namespace, local.metric.Faults, "Operation", objective.operation, { stat = "Sum", color = "#d62728" }],
        [local.metrics_namespace, local.metric.Refusals, "Operation", objective.operation, { stat = "Sum" }],
      ]
    }],
    [for name, objective in local.objectives : {
      title = "${name}: time to answer (ms)"
      metrics = [for stat in ["p50", "p99"] :
        [local.metrics_namespace, local.metric.Latency, "Operation", objective.operation, { stat = stat, label = stat }]
      ]
    }],
    [
      {
        title = "registered → provisioned, → found (s)"
        metrics = concat([for stat in ["p50", "Maximum"] : [
          [local.metrics_namespace, local.metric.ProvisioningLag, "Function", "provisioner", { stat = stat, label = "provisioned ${stat}" }],
          [local.metrics_namespace, local.metric.IndexingLag, "Function", "indexer", { stat = stat, label = "found ${stat}" }],
        ]]...)
      },
      {
        title = "behind their registration: products, and seconds of the oldest"
        metrics = concat([for consumer in local.stream_consumers : [
          [local.metrics_namespace, local.metric.Backlog, "Function", consumer, { stat = "Maximum" }],
          [local.metrics_namespace, local.metric.BacklogAge, "Function", consumer, { stat = "Maximum", yAxis = "right" }],
        ]]...)
      },
      {
        title   = "lateness of schedules (s)"
        metrics = [for schedule in local.schedules : [local.metrics_namespace, local.metric.ScheduleLateness, "Function", schedule.function, { stat = "Maximum" }]]
      },
      {
        title = "sweeps: products not driven, envelopes not mended"
        metrics = concat(
          [for consumer in local.stream_consumers : [local.metrics_namespace, local.metric.SweepErrors, "Function", consumer, { stat = "Maximum" }]],
          [[local.metrics_namespace, local.metric.EnvelopesFailed, "Function", "provisioner", { stat = "Maximum" }]],
        )
      },
    ],
    [
      {
        title = "freshness promises: ports kept, broken, unknown"
        metrics = concat(
          [for metric in [local.metric.PortsKept, local.metric.PortsBroken, local.metric.PortsUnknown] : [local.metrics_namespace, metric, "Function", "sla-probe", { stat = "Maximum" }]],
          [for metric in [local.metric.BreachEvents, local.metric.ProbeErrors] : [local.metrics_namespace, metric, "Function", "sla-probe", { stat = "Sum", yAxis = "right" }]],
        )
      },
      {
        title = "decisions"
        metrics = concat([for function in ["broker", "iceberg", "governance"] : [
          for metric in [local.metric.DecisionsAllowed, local.metric.DecisionsDenied] : [local.metrics_namespace, metric, "Function", function, { stat = "Sum" }]
        ]]...)
      },
      {
        title = "functions: errors and throttles"
        metrics = concat([for function in keys(local.functions) : [
          for metric in ["Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", "${var.name}-${function}", { stat = "Sum" }]
        ]]...)
      },
      {
        title   = "dead letters"
        metrics = [for consumer in local.stream_consumers : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters[consumer].name, { stat = "Maximum" }]]
      },
    ],
  ]

  dashboard_widgets = flatten([
    for row, widgets in local.dashboard_rows : [
      for column, widget in widgets : {
        type = "metric", x = column * 6, y = row * 6, width = 6, height = 6
        properties = {
          title = widget.title, metrics = widget.metrics, region = local.region
          view  = "timeSeries", period = 300
        }
      }
    ]
  ])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.dashboard_widgets })
}
