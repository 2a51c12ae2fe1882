# Alarms, metric filters and dashboards are the generated ones, by environment:
# environments.tf.json picks them, and sets their variables from these.
locals {
  inputs = {
    load_balancer   = local.service.load_balancer
    target_group_a  = local.service.target_groups["a"]
    target_group_b  = local.service.target_groups["b"]
    certificate     = local.service.certificate
    alarm_topics    = { for name, topic in aws_sns_topic.alarms : name => topic.arn }
    actions_enabled = var.actions_enabled
  }

  # Consumers that the description has, and that no apply of events has made.
  missing_consumers = setsubtract(keys(local.settings.consumers), keys(local.events.deployments))
}

# A metric filter stands on a log group that is there: those of the service and
# the consumers, the notifier's, and that of the function for the load balancer's
# spans.
resource "terraform_data" "log_groups" {
  input = sort(concat(
    [local.names.service.log_group, local.names.notifier.log_group],
    [for c in local.names.consumers : c.log_group],
    local.albspans_log_groups,
  ))

  depends_on = [module.notifier]

  lifecycle {
    precondition {
      condition     = length(local.missing_consumers) == 0
      error_message = "There is no log group yet of ${join(", ", local.missing_consumers)}: apply events first."
    }
    precondition {
      condition     = !local.settings.edge.alb_spans || local.service.alb_spans
      error_message = "edge.alb_spans is on, but there is no function for the load balancer's spans: apply service with albspans_package first, or say edge.alb_spans: false."
    }
    precondition {
      condition     = (local.settings.edge.domain != "") == (local.service.certificate != null)
      error_message = "edge.domain has changed since the service was applied: apply service first."
    }
  }
}
