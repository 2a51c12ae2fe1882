# The only ways out of the private subnets. Each endpoint lets this account do
# what the programs do, on this pipeline's resources: a program that was taken
# over can send nothing to somebody else's bucket or queue.
locals {
  arn = "arn:${local.partition}"
  own = "${local.region}:${local.account}"

  # A queue's name begins with environment and service, not with the product.
  queues       = "${local.arn}:sqs:${local.own}:${local.settings.environment}-${local.settings.service.name}-${local.settings.topic.event}-*"
  repositories = "${local.arn}:ecr:${local.own}:repository/${local.prefix}-*"

  endpoints = merge(local.service_endpoints, var.execute_command ? local.session_endpoints : {})

  # ECS Exec, which is off if service says nothing else. They take no resource.
  session_endpoints = {
    ssmmessages = [{ actions = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"], resources = ["*"] }]
  }

  service_endpoints = {
    "ecr.api" = [
      { actions = ["ecr:GetAuthorizationToken"], resources = ["*"] }, # takes no resource
      { actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], resources = [local.repositories] },
    ]
    "ecr.dkr" = [
      { actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], resources = [local.repositories] },
    ]
    logs = concat([
      { actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], resources = [
        "${local.arn}:logs:${local.own}:log-group:/ecs/${local.prefix}*",
        "${local.arn}:logs:${local.own}:log-group:/aws/lambda/${local.prefix}-*",
      ] },
      # Takes no resource; ECS Exec asks it.
    ], var.execute_command ? [{ actions = ["logs:DescribeLogGroups"], resources = ["*"] }] : [])
    sns = [
      { actions = ["sns:Publish"], resources = ["${local.arn}:sns:${local.own}:${local.names.topic}"] },
    ]
    sqs = [
      { actions = ["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"], resources = [local.queues] },
    ]
    secretsmanager = [
      { actions = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"], resources = [
        "${local.arn}:secretsmanager:${local.own}:secret:${local.prefix}-*",
        "${local.arn}:secretsmanager:${local.own}:secret:rds!cluster-*", # the name that RDS gives
      ] },
    ]
    kms = [
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = ["${local.arn}:kms:${local.own}:key/*"] },
    ]
    # X-Ray and CloudWatch take no resource.
    xray       = [{ actions = ["xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing"], resources = ["*"] }]
    monitoring = [{ actions = ["cloudwatch:PutMetricData"], resources = ["*"] }]
    sts        = [{ actions = ["sts:GetCallerIdentity"], resources = ["*"] }]
  }

  endpoint_subnets = [for zone in slice(local.zones, 0, min(length(local.zones), coalesce(var.endpoint_zones, length(local.zones)))) : aws_subnet.private[zone].id]
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.endpoint_subnets
  security_group_ids  = [aws_security_group.this["endpoints"].id]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for s in each.value : {
      Effect    = "Allow"
      Principal = { AWS = "${local.arn}:iam::${local.account}:root" }
      Action    = s.actions
      Resource  = s.resources
    }]
  })

  tags = { Name = "${local.prefix}-${replace(each.key, ".", "-")}" }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]

  # The policy of a gateway endpoint takes * for a principal and nothing else;
  # who is meant stands in the condition ("Principals for gateway endpoints", AWS
  # PrivateLink guide).
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # The layers of every image in ECR lie in a bucket of AWS's, read with
        # an address that ECR has signed.
        Sid       = "ImageLayers"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = "${local.arn}:s3:::prod-${local.region}-starport-layer-bucket/*"
      },
      {
        Sid       = "AccessLogs"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = "${local.arn}:s3:::${local.names.access_log_prefix}-${local.account}/*"
        Condition = { StringEquals = { "aws:PrincipalAccount" = local.account } }
      },
    ]
  })

  tags = { Name = "${local.prefix}-s3" }
}

# Other people's services: they take no policy.
resource "aws_vpc_endpoint" "private_link" {
  for_each = var.private_links

  vpc_id              = aws_vpc.this.id
  service_name        = each.value.service_name
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = each.value.private_dns
  subnet_ids          = local.endpoint_subnets
  security_group_ids  = [aws_security_group.this["endpoints"].id]

  tags = { Name = "${local.prefix}-${each.key}" }
}
