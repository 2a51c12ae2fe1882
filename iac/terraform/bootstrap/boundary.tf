# What no role of the pipeline may go beyond, whatever its own policy says: the
# sum of what the programs, ECS, CodeDeploy, RDS, the flow logs and Grafana do. A role that
# delivery makes has this boundary, or is not made.
resource "aws_iam_policy" "boundary" {
  name        = "${local.prefix}-boundary"
  description = "What no role of ${local.prefix} may go beyond."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid    = "Named"
        Effect = "Allow"
        Action = [
          "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query",
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
          "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule",
          "kms:Decrypt", "kms:GenerateDataKey",
          "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig",
          "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:PutRetentionPolicy", "logs:GetLogEvents", "logs:GetLogGroupFields", "logs:StartQuery",
          "rds-db:connect",
          "s3:GetObject",
          "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
          "sns:Publish",
          "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:SendMessage",
        ]
        Resource = concat(
          ["${local.arn}:dynamodb:${local.here}:table/${local.prefix}-*"],
          ["${local.arn}:ecr:${local.here}:repository/${local.prefix}-*"],
          [for kind in ["listener/app", "listener-rule/app", "targetgroup"] : "${local.arn}:elasticloadbalancing:${local.here}:${kind}/${local.prefix}-*"],
          ["${local.arn}:kms:${local.here}:key/*"],
          ["${local.arn}:lambda:${local.here}:function:${local.prefix}-*"],
          [for group in concat(local.log_groups, ["RDSOSMetrics:*"]) : "${local.arn}:logs:${local.here}:log-group:${group}"],
          ["${local.arn}:logs:${local.here}:log-group:RDSOSMetrics"],
          ["${local.arn}:rds-db:${local.here}:dbuser:cluster-*/*"],
          ["${local.arn}:s3:::${local.names.access_log_prefix}-${local.account}/*"],
          [for name in local.secrets : "${local.arn}:secretsmanager:${local.here}:secret:${name}"],
          ["${local.arn}:sns:${local.here}:${local.prefix}-*"],
          [for prefix in [local.queue_prefix, local.prefix] : "${local.arn}:sqs:${local.here}:${prefix}-*"],
        )
      },
      {
        # None of these takes a resource, or none with a name of ours.
        Sid    = "Unnamed"
        Effect = "Allow"
        Action = [
          "cloudwatch:PutMetricData", "xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing",
          # CodeDeploy and the notifier look at alarms; Grafana reads metrics and traces.
          "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources",
          "xray:BatchGetTraces", "xray:GetTraceSummaries", "xray:GetTraceGraph", "xray:GetGroups", "xray:GetServiceGraph", "xray:GetTimeSeriesServiceStatistics", "ec2:DescribeRegions",
          "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
          "ecr:GetAuthorizationToken",
          "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
          "logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery",
          "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
      },
      ], local.authentication != "cognito" ? [] : [{
        # ECS changes rules that log in by Cognito: see no_data.tf.
        Sid      = "ClientOfTheLogin"
        Effect   = "Allow"
        Action   = ["cognito-idp:DescribeUserPoolClient"]
        Resource = aws_cognito_user_pool.this[0].arn
    }])
  })
}

locals {
  # The pipeline's secrets, by environment or for all; RDS's own, of owners of
  # clusters; and those that alarms are routed with, whatever their names. Secrets
  # Manager puts six letters after a name. Another one, such as a collector's, has to
  # begin with PRODUCT/.
  secrets = distinct(concat(
    ["${local.prefix}-*", "${local.prefix}/*", "${local.settings.product}/*", "rds!cluster-*"],
    [for name in concat([for d in values(try(local.settings.routing.destinations, {})) : d.secret], [try(local.settings.routing.heartbeat_secret, "")]) : "${name}-??????" if name != ""],
  ))
}
