# The mesh's event bus: breaches and recoveries, as CloudEvents.

resource "aws_cloudwatch_event_bus" "this" {
  name = var.name
}
