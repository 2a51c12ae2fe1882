# The OpenTelemetry collector beside the service. Nothing waits for it: without
# it the service works, and counts what it could not send.
locals {
  collector = var.collector != null

  collector_container = !local.collector ? null : {
    name      = "collector"
    image     = var.collector.image
    essential = false
    memory    = var.collector.memory_mib
    user      = "65532:65532"

    readonlyRootFilesystem = true
    privileged             = false
    linuxParameters        = { initProcessEnabled = false, capabilities = { drop = ["ALL"], add = [] } }
    mountPoints            = []

    # The image is the stock one; its configuration is a file of iac/collector.
    command      = ["--config=env:COLLECTOR_CONFIG"]
    portMappings = []
    environment = concat(
      [
        { name = "AWS_REGION", value = local.region },
        { name = "COLLECTOR_CONFIG", value = file("${path.module}/../../collector/${var.collector.config}.yaml") },
        { name = "COLLECTOR_ENDPOINT", value = local.settings.telemetry.endpoint },
        { name = "GOMEMLIMIT", value = "${floor(var.collector.memory_mib * 3 / 4)}MiB" },
      ],
      [for name in sort(keys(var.collector.environment)) : { name = name, value = var.collector.environment[name] }],
    )
    secrets     = [for name in sort(keys(var.collector.secrets)) : { name = name, valueFrom = var.collector.secrets[name] }]
    stopTimeout = local.service.stop_timeout_seconds

    logConfiguration = merge(local.log_configuration, { options = merge(local.log_configuration.options, { awslogs-stream-prefix = "collector" }) })
  }
}
