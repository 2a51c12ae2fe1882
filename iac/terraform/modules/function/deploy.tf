# CodeDeploy moves the alias: a share of the invocations first, all of them when
# no alarm has gone off, none when one has.
resource "aws_codedeploy_app" "this" {
  count = var.deploy == null ? 0 : 1

  name             = var.name
  compute_platform = "Lambda"
}

locals {
  canary_percent = var.deploy == null ? 0 : ceil(var.deploy.canary_percent)
  # CodeDeploy's canary is of 1 to 99 percent, and lasts a minute at least.
  canary = local.canary_percent < 100 && try(var.deploy.canary_minutes, 0) > 0
}

resource "aws_codedeploy_deployment_config" "canary" {
  count = local.canary ? 1 : 0

  deployment_config_name = "${var.name}-canary"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      percentage = local.canary_percent
      interval   = var.deploy.canary_minutes
    }
  }
}

resource "aws_codedeploy_deployment_group" "live" {
  count = var.deploy == null ? 0 : 1

  app_name               = aws_codedeploy_app.this[0].name
  deployment_group_name  = aws_lambda_alias.live.name
  service_role_arn       = var.deploy.role_arn
  deployment_config_name = local.canary ? aws_codedeploy_deployment_config.canary[0].deployment_config_name : "CodeDeployDefault.LambdaAllAtOnce"

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  alarm_configuration {
    enabled = length(var.deploy.alarms) > 0
    alarms  = var.deploy.alarms
    # An alarm whose state cannot be read stops the deployment: nobody would
    # watch it.
    ignore_poll_alarm_failure = false
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }
}
