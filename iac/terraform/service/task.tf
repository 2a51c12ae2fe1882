locals {
  service = local.settings.service

  # The load balancer's spans come from its access log; without the function
  # that makes them the service's would hang from nothing.
  alb_spans = local.settings.edge.alb_spans && var.albspans_package != null

  # Stopping takes three quarters of the time before SIGKILL, the rest is for the
  # last telemetry. Within it, the task says that it is not ready and goes on.
  shutdown_seconds = max(1, floor(local.service.stop_timeout_seconds * 3 / 4))
  grace_seconds    = min(5, floor(local.shutdown_seconds / 3))

  memory_mib = local.service.memory_mib - (local.collector ? var.collector.memory_mib : 0)

  environment = merge(
    module.pipeline.service_environment,
    {
      OTEL_SERVICE_NAME        = "${local.settings.product}-${local.service.name}"
      OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=${local.settings.environment},service.version=${var.image_tag}"
      LISTEN_ADDRESS           = ":${local.service.port}"
      TOPIC_ARN                = local.events.topic_arn
      TRUSTED_PROXIES          = "1"
      ALB_SPANS                = tostring(local.alb_spans)
      SHUTDOWN_TIMEOUT         = "${local.shutdown_seconds}s"
      DRAIN_GRACE              = "${local.grace_seconds}s"
      GOMEMLIMIT               = "${floor(local.memory_mib * 3 / 4)}MiB"
    },
    { for name, value in { EVENT_SOURCE = local.service.event_source, EVENT_TYPE = local.service.event_type } : name => value if value != "" },
    # The service checks tokens, whether the load balancer does so before it or not:
    # a wrong rule, or a way around the load balancer, lets nobody in.
    { for name, value in {
      AUTH_ISSUER     = try(local.identity.issuer, "")
      AUTH_AUDIENCE   = try(local.identity.audience, "")
      AUTH_SCOPES     = try(local.identity.scope, "")
      AUTH_ALGORITHMS = "RS256"
      AUTH_JWKS       = var.jwks
    } : name => value if local.authentication == "jwt" },
  )

  service_container = {
    name      = "service"
    image     = "${local.repository_url}:${var.image_tag}"
    essential = true
    memory    = local.memory_mib
    user      = "65532:65532"

    # ECS Exec puts an agent into the container, which writes to its root: AWS does
    # not support it on one that is read-only, with volumes or without ("Monitor
    # Amazon ECS containers with ECS Exec", considerations).
    readonlyRootFilesystem = !var.execute_command
    privileged             = false
    linuxParameters = {
      initProcessEnabled = var.execute_command # reaps what sessions leave
      capabilities       = { drop = ["ALL"], add = [] }
    }
    mountPoints = []

    # ECS reverses it at the end: the collector is still there for the service's
    # last telemetry ("ContainerDependency", Amazon ECS API).
    dependsOn = local.collector ? [{ containerName = "collector", condition = "START" }] : []

    portMappings = [{ containerPort = local.service.port, hostPort = local.service.port, protocol = "tcp" }]
    environment  = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets      = []
    ulimits      = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    stopTimeout  = local.service.stop_timeout_seconds

    # Whether the process answers; the load balancer asks whether it is ready.
    healthCheck = {
      command     = ["CMD", "/service", "healthcheck"]
      interval    = 10
      timeout     = 3
      retries     = 3
      startPeriod = 10
    }

    # A log that is slow to take lines must not stop the service: beyond the
    # buffer lines are lost, not requests.
    logConfiguration = merge(local.log_configuration, { options = merge(local.log_configuration.options, { awslogs-stream-prefix = "service" }) })
  }

  log_configuration = {
    logDriver = "awslogs"
    options = {
      awslogs-group   = local.names.service.log_group
      awslogs-region  = local.region
      mode            = "non-blocking"
      max-buffer-size = "8m"
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.names.service.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.service.cpu
  memory                   = local.service.memory_mib
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  # Old revisions stay, to go back to.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = { arm64 = "ARM64", x86_64 = "X86_64" }[local.service.architecture]
  }

  container_definitions = jsonencode([for c in [local.service_container, local.collector_container] : c if c != null])

  lifecycle {
    precondition {
      condition     = local.authentication != "jwt" || var.jwks != ""
      error_message = "jwks is empty, but edge.authentication is jwt: pass the keys of the user pool, -var jwks=\"$(curl -sSf JWKS_URI)\". JWKS_URI is an output of bootstrap."
    }
    precondition {
      condition     = (local.settings.telemetry.export == "collector") == (var.collector != null)
      error_message = "telemetry.export: collector and the variable collector go together: set both or neither."
    }
    precondition {
      condition     = var.collector == null ? true : split("@", var.collector.image)[0] == local.collector_repository_url
      error_message = "collector.image is not in the repository that tasks pull it from: want ${local.collector_repository_url == "" ? "that of the output repository_urls of bootstrap, which has to be applied again since telemetry.export is collector" : local.collector_repository_url}@sha256:..."
    }
  }
}
