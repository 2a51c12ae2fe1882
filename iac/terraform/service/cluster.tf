resource "aws_cloudwatch_log_group" "service" {
  name              = local.names.service.log_group
  retention_in_days = local.settings.telemetry.log_retention_days
  kms_key_id        = local.network.log_key_arn
}

# Container Insights writes here. Made first, or ECS makes it, without the key.
resource "aws_cloudwatch_log_group" "insights" {
  name              = "/aws/ecs/containerinsights/${local.names.cluster}/performance"
  retention_in_days = 7
  kms_key_id        = local.network.log_key_arn
}

resource "aws_cloudwatch_log_group" "exec" {
  count = var.execute_command ? 1 : 0

  name              = "/ecs/${local.prefix}-exec"
  retention_in_days = 365 # who did what in production
  kms_key_id        = local.network.log_key_arn
}

module "exec_key" {
  source = "../modules/key"
  count  = var.execute_command ? 1 : 0

  name        = "${local.prefix}-exec"
  description = "Sessions of ECS Exec in ${local.names.cluster}."
}

resource "aws_ecs_cluster" "this" {
  name = local.names.cluster

  # Alarms watch RunningTaskCount, which Container Insights makes.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  dynamic "configuration" {
    for_each = var.execute_command ? [1] : []

    content {
      execute_command_configuration {
        kms_key_id = module.exec_key[0].arn
        logging    = "OVERRIDE"

        log_configuration {
          cloud_watch_encryption_enabled = true
          cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec[0].name
        }
      }
    }
  }

  depends_on = [aws_cloudwatch_log_group.insights]
}
