# What Grafana reads AWS with. It brings credentials of its own, which may do
# nothing but become this role.
locals {
  boards = local.settings.dashboards

  # The data sources that the dashboards ask, by kind, and those of them that are
  # made here.
  uids = { for kind in ["cloudwatch", "prometheus", "tempo", "xray", "loki", "postgres"] : kind => local.boards["${kind}_uid"] if local.boards["${kind}_uid"] != "" }
  made = var.grafana == null ? {} : { for kind, uid in local.uids : kind => uid if !contains(var.grafana.existing, kind) }

  reads_aws = can(local.made.cloudwatch) || can(local.made.xray)

  # Log groups that dashboards ask: those of alarms, and the database's.
  drawn_log_groups = concat(local.described_log_groups, [for d in [try(local.names.database, null)] : "/aws/rds/cluster/${d.cluster}/postgresql" if d != null])
}

resource "aws_iam_role" "grafana" {
  count = local.reads_aws ? 1 : 0

  name                 = "${local.prefix}-grafana"
  description          = "Grafana reads metrics, log lines and traces of ${local.prefix}."
  permissions_boundary = local.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect    = "Allow"
        Principal = { AWS = sort(var.grafana.principals) }
        Action    = "sts:AssumeRole"
      },
      # Grafana Cloud is one account for all its customers: whose Grafana it is,
      # the external id says.
      [for id in [var.grafana.external_id] : { Condition = { StringEquals = { "sts:ExternalId" = id } } } if id != null]...
    )]
  })
}

resource "aws_iam_role_policy" "grafana" {
  count = local.reads_aws ? 1 : 0

  name = "read"
  role = aws_iam_role.grafana[0].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.cloudwatch_statements, local.xray_statements)
  })
}

locals {
  cloudwatch_statements = [for statement in [
    {
      # Metrics have no ARNs, nor have queries; log groups are listed or not.
      Sid      = "ReadMetrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources", "logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery"]
      Resource = "*"
    },
    {
      Sid      = "AskLogs"
      Effect   = "Allow"
      Action   = ["logs:StartQuery", "logs:GetLogGroupFields"]
      Resource = [for group in local.drawn_log_groups : "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${group}:*"]
    },
  ] : statement if can(local.made.cloudwatch)]

  xray_statements = [for statement in [
    {
      # Traces have no ARNs. What the plugin calls, its documentation lists
      # ("Configure the AWS Application Signals data source", IAM policy).
      Sid      = "ReadTraces"
      Effect   = "Allow"
      Action   = ["xray:BatchGetTraces", "xray:GetTraceSummaries", "xray:GetTraceGraph", "xray:GetGroups", "xray:GetServiceGraph", "xray:GetTimeSeriesServiceStatistics", "ec2:DescribeRegions"]
      Resource = "*"
    },
  ] : statement if can(local.made.xray)]
}
