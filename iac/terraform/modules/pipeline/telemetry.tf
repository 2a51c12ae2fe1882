# Where the programs send their telemetry: OpenTelemetry's own variables, which
# package telemetry reads.
locals {
  export   = local.settings.telemetry.export
  region   = local.settings.region
  endpoint = local.settings.telemetry.endpoint

  # CloudWatch takes OTLP itself; requests are signed. Log lines are not sent:
  # CloudWatch Logs has them from standard output.
  otel_cloudwatch = tomap({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT  = "https://xray.${local.region}.amazonaws.com/v1/traces"
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = "https://monitoring.${local.region}.amazonaws.com/v1/metrics"
    OTEL_EXPORTER_OTLP_COMPRESSION      = "gzip"
  })
  otel_endpoint = tomap({
    OTEL_EXPORTER_OTLP_ENDPOINT    = local.endpoint
    OTEL_EXPORTER_OTLP_COMPRESSION = "gzip"
  })
  otel_sidecar = tomap({ OTEL_EXPORTER_OTLP_ENDPOINT = "http://localhost:4318" })

  # A function has no sidecar: an extension would double its cold start. With a
  # collector beside the service it sends to the collector's back end itself, or
  # to CloudWatch if none is named.
  direct        = local.export == "cloudwatch" || (local.export == "collector" && local.endpoint == "")
  otel_function = local.direct ? local.otel_cloudwatch : local.otel_endpoint
  otel_service = {
    cloudwatch = local.otel_cloudwatch
    collector  = local.otel_sidecar
    endpoint   = local.otel_endpoint
  }[local.export]

  common_environment = {
    OTEL_LOGS_EXPORTER      = "none"
    OTEL_TRACES_SAMPLER     = "parentbased_traceidratio"
    OTEL_TRACES_SAMPLER_ARG = tostring(local.settings.telemetry.sample_percent / 100)
    LOG_LEVEL               = local.settings.telemetry.log_level
  }

  # Neither action takes a resource: X-Ray and CloudWatch have none for what is
  # sent to them.
  telemetry_statements = [{
    Sid      = "SendTelemetry"
    Effect   = "Allow"
    Action   = ["xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing", "cloudwatch:PutMetricData"]
    Resource = "*"
  }]
}
