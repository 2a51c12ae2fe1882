resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = local.service.min_tasks
  max_capacity       = local.service.max_tasks
}

# Of several policies the one that wants the most tasks wins.
resource "aws_appautoscaling_policy" "cpu" {
  name               = "${local.names.service.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.service.target_cpu_percent
    scale_out_cooldown = 30
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# Requests a minute for each task. The predefined metric,
# ALBRequestCountPerTarget, looks at one target group and is blind after every
# second deploy, when the other one has the tasks. So both are counted, and
# divided by the tasks that run.
resource "aws_appautoscaling_policy" "requests" {
  count = local.service.target_requests_per_minute > 0 ? 1 : 0

  name               = "${local.names.service.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.service.target_requests_per_minute
    scale_out_cooldown = 30
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "per_task"
        label       = "Requests a minute and task"
        expression  = "(FILL(a, 0) + FILL(b, 0)) / tasks"
        return_data = true
      }

      dynamic "metrics" {
        for_each = aws_lb_target_group.this

        content {
          id          = metrics.key
          return_data = false

          metric_stat {
            stat = "Sum"

            metric {
              namespace   = "AWS/ApplicationELB"
              metric_name = "RequestCount"

              dimensions {
                name  = "LoadBalancer"
                value = aws_lb.this.arn_suffix
              }
              dimensions {
                name  = "TargetGroup"
                value = metrics.value.arn_suffix
              }
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = local.names.cluster
            }
            dimensions {
              name  = "ServiceName"
              value = local.names.service.name
            }
          }
        }
      }
    }
  }
}
