# The generated modules, with topics: every alarm is heard by whom its severity
# says, and a deploy is rolled back by alarms that exist.
mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  load_balancer  = "app/orders-intake/0123456789abcdef"
  target_group_a = "targetgroup/orders-intake-a/0123456789abcdef"
  target_group_b = "targetgroup/orders-intake-b/fedcba9876543210"
  certificate    = "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
  alarm_topics   = { page = "arn:page", ticket = "arn:ticket", notice = "arn:notice", watchdog = "arn:watchdog" }
}

run "dev" {
  command = plan
  module {
    source = "./alarms/dev"
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.edge.alarm_actions == toset(["arn:page"]) && aws_cloudwatch_composite_alarm.edge.ok_actions == toset(["arn:page"])
    error_message = "A broken hop is a page, and so is its end."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.edge.actions_suppressor[0].alarm == "dev-orders-service"
    error_message = "A broken service explains the edge."
  }
  assert {
    condition     = length(coalesce(aws_cloudwatch_metric_alarm.elb_5xx.alarm_actions, [])) == 0
    error_message = "Parts of a hop are silent themselves."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.heartbeat_missing.alarm_actions == toset(["arn:watchdog"])
    error_message = "What watches the notifier goes past it."
  }
  assert {
    condition     = alltrue([for names in values(output.rollback_alarm_names) : length(names) > 0 && length(names) <= 10 && alltrue([for name in names : contains(output.alarm_names, name)])])
    error_message = "Deploys are watched, by alarms that are here, and no more than CodeDeploy takes."
  }
  assert {
    condition     = alltrue([for q in aws_cloudwatch_metric_alarm.rollback_5xx_a.metric_query : one(q.metric).dimensions == tomap({ LoadBalancer = var.load_balancer, TargetGroup = var.target_group_a }) if length(q.metric) > 0])
    error_message = "They look at this load balancer, and at one target group each."
  }
}

run "prod" {
  command = plan
  module {
    source = "./alarms/prod"
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.edge.alarm_actions == toset(["arn:page"]) && aws_cloudwatch_composite_alarm.edge.ok_actions == toset(["arn:page"])
    error_message = "A broken hop is a page, and so is its end."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.edge.actions_suppressor[0].alarm == "prod-orders-service"
    error_message = "A broken service explains the edge."
  }
  assert {
    condition     = length(coalesce(aws_cloudwatch_metric_alarm.elb_5xx.alarm_actions, [])) == 0
    error_message = "Parts of a hop are silent themselves."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.heartbeat_missing.alarm_actions == toset(["arn:watchdog"])
    error_message = "What watches the notifier goes past it."
  }
  assert {
    condition     = alltrue([for names in values(output.rollback_alarm_names) : length(names) > 0 && length(names) <= 10 && alltrue([for name in names : contains(output.alarm_names, name)])])
    error_message = "Deploys are watched, by alarms that are here, and no more than CodeDeploy takes."
  }
  assert {
    condition     = alltrue([for q in aws_cloudwatch_metric_alarm.rollback_5xx_a.metric_query : one(q.metric).dimensions == tomap({ LoadBalancer = var.load_balancer, TargetGroup = var.target_group_a }) if length(q.metric) > 0])
    error_message = "They look at this load balancer, and at one target group each."
  }
}

run "nobody_is_told" {
  command = plan
  module {
    source = "./alarms/prod"
  }
  variables { actions_enabled = false }

  assert {
    condition     = length(coalesce(aws_cloudwatch_composite_alarm.edge.alarm_actions, [])) == 0 && length(coalesce(aws_cloudwatch_metric_alarm.heartbeat_missing.alarm_actions, [])) == 0
    error_message = "Switched off, alarms have states and tell nobody."
  }
}

run "swapped_arguments" {
  command = plan
  module {
    source = "./alarms/prod"
  }
  variables {
    load_balancer  = "targetgroup/orders-intake-a/0123456789abcdef"
    target_group_a = "app/orders-intake/0123456789abcdef"
  }
  expect_failures = [var.load_balancer, var.target_group_a]
}
