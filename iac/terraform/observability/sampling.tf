# How many traces begin, for those who ask X-Ray: AWS services with tracing of
# their own, and programs with X-Ray's remote sampler. The pipeline's programs
# have the same number from their environment, and ask nobody.
resource "aws_xray_sampling_rule" "this" {
  rule_name      = local.prefix
  priority       = 1000
  version        = 1
  fixed_rate     = local.settings.telemetry.sample_percent / 100
  reservoir_size = 1 # a second, so that a quiet pipeline has a trace at all
  service_name   = "${local.settings.product}-*"
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  resource_arn   = "*"
}
