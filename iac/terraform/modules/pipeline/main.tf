# What tracehaul.yaml and the environment's file say, with every default and
# name filled in: see docs/decisions/0009. Nothing else in iac/ makes a name.
locals {
  root     = coalesce(var.root, "${path.module}/../../../..")
  settings = jsondecode(file("${local.root}/iac/terraform/pipelines/${var.environment}.json"))
  names    = local.settings.names

  tags = tomap(merge(local.settings.tags, {
    product     = local.settings.product
    environment = local.settings.environment
    owner       = local.settings.owner
  }))
}

# The files themselves, merged as package pipeline merges them: sections setting
# by setting, consumers by name, lists and mappings as a whole. Each setting is
# kept as JSON, so that values of any type can be compared.
locals {
  environment_file = "${local.root}/environments/${var.environment}.yaml"
  files = [
    yamldecode(file("${local.root}/tracehaul.yaml")),
    yamldecode(fileexists(local.environment_file) ? file(local.environment_file) : "{}"),
  ]

  # Routing and dashboards are left out: no module here looks at them.
  sections = ["service", "edge", "deploy", "topic", "database", "network", "telemetry", "objectives"]
  alone    = ["product", "environment", "region", "owner", "description", "repository", "runbooks", "tags"]

  flat = [for tree in concat(local.files, [local.settings]) : merge(
    { for key in local.alone : key => jsonencode(tree[key]) if can(tree[key]) },
    merge([for section in local.sections :
      { for key, value in try(tree[section], {}) : "${section}.${key}" => jsonencode(value) }
    ]...),
    merge([for name, consumer in try(tree.consumers, {}) :
      { for key, value in consumer : "consumers.${name}.${key}" => jsonencode(value) }
    ]...),
  )]

  written   = merge(local.flat[0], local.flat[1])
  consumers = setunion(keys(try(local.files[0].consumers, {})), keys(try(local.files[1].consumers, {})))

  stale = sort(concat(
    [for key, value in local.written : key if value != lookup(local.flat[2], key, "")],
    [for name in setsubtract(keys(local.settings.consumers), local.consumers) : "consumers.${name}"],
  ))
}

# The alarms that roll a deploy back, by component, from the module that
# tracehaul generate has written: observability makes them only after the load
# balancer that they watch.
locals {
  alarms = jsondecode(file("${local.root}/iac/terraform/observability/alarms/${var.environment}/alarms.tf.json"))
  rollback_alarms = {
    for component, references in local.alarms.output.rollback_alarm_names.value : component => [
      for reference in references :
      local.alarms.resource.aws_cloudwatch_metric_alarm[regex("aws_cloudwatch_metric_alarm\\.(\\w+)\\.", reference)[0]].alarm_name
    ]
  }
}
