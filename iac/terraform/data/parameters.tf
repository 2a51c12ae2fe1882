locals {
  family = "aurora-postgresql${split(".", local.db.engine_version)[0]}"

  parameters = {
    # Nobody connects without TLS.
    "rds.force_ssl"            = "1"
    "ssl_min_protocol_version" = "TLSv1.2"

    # Slow statements are logged as they were prepared. Parameters, which are
    # events of customers, never are, not with errors either.
    "log_min_duration_statement"        = "500"
    "log_parameter_max_length"          = "0"
    "log_parameter_max_length_on_error" = "0"
    # The detail of a violated constraint is the row that violates it.
    "log_error_verbosity" = "terse"
    # Nor is every statement: a CREATE ROLE has a password in it.
    "log_statement"  = "none"
    "log_lock_waits" = "1"

    # A session that was forgotten within a transaction holds back vacuum and
    # locks rows.
    "idle_in_transaction_session_timeout" = "60000"
  }
}

# Named after the family: during a major upgrade there are two.
resource "aws_rds_cluster_parameter_group" "this" {
  name        = "${local.cluster}-${local.family}"
  family      = local.family
  description = "Parameters of ${local.cluster}."

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "immediate"
    }
  }

  # Loaded when the server starts.
  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Made first, or RDS makes it: without a key, and to be kept forever.
resource "aws_cloudwatch_log_group" "postgresql" {
  name              = "/aws/rds/cluster/${local.cluster}/postgresql"
  retention_in_days = local.settings.telemetry.log_retention_days
  kms_key_id        = local.network.log_key_arn
}

resource "aws_iam_role" "monitoring" {
  name                 = "${local.cluster}-monitoring"
  description          = "RDS writes the enhanced monitoring of ${local.cluster}."
  permissions_boundary = local.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "monitoring" {
  name = "write"
  role = aws_iam_role.monitoring.id

  # All instances of the account write to one log group, which RDS names, makes
  # and keeps for 30 days.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:RDSOSMetrics"
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:RDSOSMetrics:log-stream:*"
      },
    ]
  })
}
