# The OpenTelemetry collector beside the service. The service starts when its
# container has, and stops before it, but never waits for what is in it: without
# the collector the service works, and counts what it could not send.
locals {
  collector = var.collector != null

  # A collector that stops is started again: alone, while the service goes on. One
  # that did not last this long is not, since its configuration is wrong.
  collector_restart_seconds = 60 # the least that ECS takes

  # Not so where the collector takes the first total that it sees for a delta
  # (cumulative_to_delta with initial_value: keep, as in dynatrace.yaml). It must be
  # as old as the service: to one that has started again, all that the service has
  # counted since its own start is new, and is counted twice. It stays away until
  # its task is replaced.
  collector_restarts = !local.collector ? false : !anytrue([
    for processor in values(try(yamldecode(file("${path.module}/../../collector/${var.collector.config}.yaml")).processors, {})) :
    try(processor.initial_value == "keep", false)
  ])

  collector_environment = !local.collector ? {} : merge(
    { for v in [
      { name = "AWS_REGION", value = local.region },
      { name = "COLLECTOR_CONFIG", value = file("${path.module}/../../collector/${var.collector.config}.yaml") },
      { name = "COLLECTOR_ENDPOINT", value = local.settings.telemetry.endpoint },
      { name = "COLLECTOR_ENVIRONMENT", value = local.settings.environment },
      { name = "GOMEMLIMIT", value = "${floor(var.collector.memory_mib * 3 / 4)}MiB" },
    ] : v.name => v.value },
    var.collector.environment,
  )

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
    restartPolicy          = local.collector_restarts ? { enabled = true, restartAttemptPeriod = local.collector_restart_seconds } : null

    # The image is the stock one; its configuration is a file of iac/collector.
    command      = ["--config=env:COLLECTOR_CONFIG"]
    portMappings = []
    environment  = [for name in sort(keys(local.collector_environment)) : { name = name, value = local.collector_environment[name] }]
    secrets      = [for name in sort(keys(var.collector.secrets)) : { name = name, valueFrom = var.collector.secrets[name] }]
    stopTimeout  = local.service.stop_timeout_seconds

    logConfiguration = merge(local.log_configuration, { options = merge(local.log_configuration.options, { awslogs-stream-prefix = "collector" }) })
  }
}
