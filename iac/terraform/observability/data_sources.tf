# Grafana's data sources, by the uids of the description. How one leads to the
# next, metric to trace to log line and back, is written once: in the generated
# files that provision a local Grafana.
locals {
  provisioned = { for source in yamldecode(file("${path.module}/../../grafana/provisioning/datasources/tracehaul.yaml")).datasources : source.uid => source.jsonData }

  # In those files, $ is written twice where it is no variable.
  logs_of_trace    = merge(local.provisioned.tempo.tracesToLogsV2, { query = replace(local.provisioned.tempo.tracesToLogsV2.query, "$$", "$") })
  metrics_of_trace = merge(local.provisioned.tempo.tracesToMetrics, { queries = [for q in local.provisioned.tempo.tracesToMetrics.queries : merge(q, { query = replace(q.query, "$$", "$") })] })
  trace_of_metric  = one(local.provisioned.prometheus.exemplarTraceIdDestinations)
  trace_of_line    = one(local.provisioned.loki.derivedFields)

  aws_data = merge(
    {
      authType      = try(var.grafana.authentication, null)
      assumeRoleArn = one(aws_iam_role.grafana[*].arn)
      defaultRegion = local.region
    },
    # Grafana Cloud shows its id by itself.
    try(var.grafana.external_id != null && var.grafana.authentication != "grafana_assume_role", false) ? { externalId = var.grafana.external_id } : {},
  )

  data_sources = {
    cloudwatch = {
      label = "CloudWatch"
      type  = "cloudwatch"
      data  = merge(local.aws_data, try({ tracingDatasourceUid = local.uids.xray }, {}))
    }
    xray = {
      label = "X-Ray"
      type  = "grafana-x-ray-datasource"
      data  = local.aws_data
    }
    prometheus = {
      label = "Prometheus"
      type  = "prometheus"
      url   = try(var.grafana.prometheus.url, null)
      user  = try(var.grafana.prometheus.user, null)
      data = merge(
        { httpMethod = "POST", timeInterval = try(var.grafana.prometheus.interval, null) },
        try({ exemplarTraceIdDestinations = [merge(local.trace_of_metric, { datasourceUid = local.uids.tempo, urlDisplayLabel = "Trace" })] }, {}),
      )
    }
    tempo = {
      label = "Tempo"
      type  = "tempo"
      url   = try(var.grafana.tempo.url, null)
      user  = try(var.grafana.tempo.user, null)
      data = merge(
        { nodeGraph = { enabled = true } },
        try({ tracesToLogsV2 = merge(local.logs_of_trace, { datasourceUid = local.uids.loki }) }, {}),
        try({ tracesToMetrics = merge(local.metrics_of_trace, { datasourceUid = local.uids.prometheus }), serviceMap = { datasourceUid = local.uids.prometheus } }, {}),
      )
    }
    loki = {
      label = "Loki"
      type  = "loki"
      url   = try(var.grafana.loki.url, null)
      user  = try(var.grafana.loki.user, null)
      data  = try({ derivedFields = [merge(local.trace_of_line, { datasourceUid = local.uids.tempo, url = "$${__value.raw}", urlDisplayLabel = "Trace" })] }, {})
    }
    postgres = {
      label = "PostgreSQL"
      type  = "grafana-postgresql-datasource"
      url   = try("${local.database.database.host}:${local.database.database.port}", null)
      login = try(var.grafana.postgres.user, null)
      data = {
        database               = local.settings.database.name
        maxOpenConns           = 5
        sslmode                = "verify-full"
        tlsConfigurationMethod = "file-content"
      }
      # Public: who signs RDS's certificates. Passwords are nobody's here.
      authorities = try(var.grafana.postgres.authorities, null)
    }
  }
}

# Without passwords. The provider has no write-only place for them, so that they
# would be in the state, which every plan of a pull request reads; Grafana keeps
# those that it has when an update names none. See README.md.
resource "grafana_data_source" "this" {
  for_each = local.made

  uid  = each.value
  name = "${local.boards.folder} ${local.data_sources[each.key].label} (${local.settings.environment})"
  type = local.data_sources[each.key].type
  url  = try(local.data_sources[each.key].url, null)

  username            = try(local.data_sources[each.key].login, null)
  basic_auth_enabled  = try(local.data_sources[each.key].user, null) != null
  basic_auth_username = try(local.data_sources[each.key].user, null)

  json_data_encoded        = jsonencode(local.data_sources[each.key].data)
  secure_json_data_encoded = try(local.data_sources[each.key].authorities, null) == null ? null : jsonencode({ tlsCACert = local.data_sources[each.key].authorities })

  # Into the VPC, for Grafana Cloud.
  private_data_source_connect_network_id = each.key == "postgres" ? var.grafana.postgres.network : null
}
