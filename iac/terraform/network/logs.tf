# The key of all log groups of the pipeline. It stands here because the first of
# them does.
module "log_key" {
  source = "../modules/key"

  name        = "${local.prefix}-logs"
  description = "Log groups of ${local.prefix}."

  statements = [{
    Sid       = "LogGroupsOfThePipeline"
    Effect    = "Allow"
    Principal = { Service = "logs.${local.region}.${data.aws_partition.this.dns_suffix}" }
    Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
    Resource  = "*"
    Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = [
      for group in ["/vpc/${local.prefix}", "/ecs/${local.prefix}*", "/aws/ecs/containerinsights/${local.names.cluster}/*", "/aws/lambda/${local.prefix}-*", "/aws/rds/cluster/${local.prefix}-*", "aws-waf-logs-${local.prefix}-*"] :
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${group}"
    ] } }
  }]
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/vpc/${local.prefix}"
  retention_in_days = local.settings.network.flow_log_retention_days
  kms_key_id        = module.log_key.arn
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 60

  tags = { Name = local.prefix }
}

resource "aws_iam_role" "flow" {
  name                 = "${local.prefix}-flow-logs"
  description          = "Writes the flow logs of ${local.prefix}."
  permissions_boundary = local.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ec2:${local.region}:${local.account}:vpc-flow-log/*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "flow" {
  name = "write"
  role = aws_iam_role.flow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/vpc/${local.prefix}:*"
      },
      {
        # To find its group among all.
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*"
      },
    ]
  })
}
