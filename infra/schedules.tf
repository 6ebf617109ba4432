# What runs by the clock: sweeps that drive lagging products again, and the probes of freshness.

locals {
  schedules = {
    sweep-provisioner = { function = "provisioner", trigger = "sweep", expression = var.sweep_schedule }
    sweep-indexer     = { function = "indexer", trigger = "sweep", expression = var.sweep_schedule }
    probe             = { function = "sla-probe", trigger = "probe", expression = var.sla_probe_schedule }
  }
}

resource "aws_scheduler_schedule_group" "this" {
  name = var.name
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:a schedule holds the word `sweep` or `probe`, nothing to hide
  for_each = local.schedules

  name                = each.key
  group_name          = aws_scheduler_schedule_group.this.name
  schedule_expression = each.value.expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.function[each.value.function].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = "{\"trigger\":\"${each.value.trigger}\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\"}" # jsonencode would escape the brackets

    # The next tick makes up for a lost one.
    retry_policy {
      maximum_event_age_in_seconds = 120
      maximum_retry_attempts       = 2
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  description          = "Lets the schedules of ${var.name} start their functions"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.scheduler_trust.json
}

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = distinct([for schedule in local.schedules : module.function[schedule.function].arn])
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start-functions"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
