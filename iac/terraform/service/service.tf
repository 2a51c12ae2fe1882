resource "aws_ecs_service" "this" {
  name            = local.names.service.name
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = local.service.min_tasks # at first; then autoscaling's
  launch_type     = "FARGATE"

  enable_execute_command            = var.execute_command
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  health_check_grace_period_seconds = 30

  network_configuration {
    subnets          = local.network.private_subnet_ids
    security_groups  = [local.network.security_group_ids["service"]]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["a"].arn
    container_name   = "service"
    container_port   = local.service.port

    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.this["b"].arn
      production_listener_rule   = aws_lb_listener_rule.events.arn
      role_arn                   = aws_iam_role.load_balancer.arn
    }
  }

  deployment_controller {
    type = "ECS"
  }

  # A share of the requests goes to the new version first. If an alarm goes off
  # then, or while the old version is kept, ECS sends everything back to it.
  deployment_configuration {
    strategy             = "CANARY"
    bake_time_in_minutes = local.settings.deploy.bake_minutes

    canary_configuration {
      canary_percent              = local.settings.deploy.canary_percent
      canary_bake_time_in_minutes = local.settings.deploy.canary_bake_minutes
    }
  }

  # Their names follow from the description: observability makes them after this
  # service, whose load balancer they watch.
  dynamic "alarms" {
    for_each = var.rollback_alarms ? [module.pipeline.rollback_alarms[local.service.name]] : []

    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  # Tasks that do not even start are rolled back without an alarm. The API's
  # reference has the circuit breaker for rolling updates only, the developer guide
  # for blue/green as well ("Amazon ECS deployment failure detection"), and ECS does
  # as the guide says: the provider's own tests have it roll a blue/green deployment
  # back (TestAccECSService_BlueGreenDeployment_circuitBreakerRollback). The very
  # first deployment has nothing to go back to, and fails.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # An apply ends when the deployment does, and rolls it back when it is
  # interrupted. A rollback fails it, with ECS's reason; but that it ends well does
  # not say which version serves, since it sees no deployment but its own.
  wait_for_steady_state = true
  sigint_rollback       = true

  timeouts {
    create = "30m"
    update = "${local.settings.deploy.canary_bake_minutes + local.settings.deploy.bake_minutes + 40}m"
  }

  depends_on = [aws_iam_role_policy_attachment.load_balancer, aws_iam_role_policy.task, aws_iam_role_policy.execution]

  lifecycle {
    ignore_changes = [desired_count]

    precondition {
      condition     = !var.execute_command || local.network.reaches.sessions
      error_message = "execute_command is set here and not for network: there is no endpoint for sessions. Apply network with it first."
    }
  }
}
