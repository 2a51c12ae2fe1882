# What delivery may change.
#
# The wildcards in actions are here, and nowhere else: Terraform calls some dozens
# of actions of each service to make, change and delete what it manages, and other
# ones with the next version of the provider. What bounds them is the resource:
# everything of the pipeline has the pipeline's name. Where AWS knows no names (a
# VPC, a key, a certificate), the actions are written out, and bounded by the tags
# that every module sets, and by the region: deploy_unnamed.tf, deploy_network.tf
# and deploy_keys.tf. And roles: whatever delivery makes stays within the boundary
# (boundary.tf), and delivery cannot touch its own.
locals {
  arn  = "arn:${local.partition}"
  here = "${local.region}:${local.account}"

  queue_prefix = "${local.settings.environment}-${local.settings.service.name}-${local.settings.topic.event}"

  log_groups = [
    "/vpc/${local.prefix}*",
    "/ecs/${local.prefix}*",
    "/aws/ecs/containerinsights/${local.names.cluster}/*",
    "/aws/lambda/${local.prefix}-*",
    "/aws/rds/cluster/${local.prefix}-*",
    "aws-waf-logs-${local.prefix}-*",
  ]

  deploy_policies = {
    artifacts = concat(local.read_state, [
      {
        Sid      = "WriteStates"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject"] # deleted are locks
        Resource = "${module.state.arn}/*"
      },
      {
        # The state of bootstrap is an administrator's.
        Sid      = "NotThisState"
        Effect   = "Deny"
        Action   = ["s3:PutObject", "s3:DeleteObject"]
        Resource = "${module.state.arn}/${local.prefix}/bootstrap.tfstate*"
      },
      {
        Sid      = "Packages"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"]
        Resource = "${module.packages.arn}/*"
      },
      {
        Sid      = "EncryptThem"
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource = [module.state_key.arn, module.artifact_key.arn]
      },
      {
        # Takes no resource: the token is the registry's.
        Sid      = "LogInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = "*"
      },
      {
        Sid      = "PushImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
        Resource = [for name in values(local.repositories) : "${local.arn}:ecr:${local.here}:repository/${name}"]
      },
      {
        Sid      = "RunMigrations"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = local.migrate_arns
      },
    ])

    named = [
      {
        Sid    = "ByName"
        Effect = "Allow"
        Action = ["cloudwatch:*", "codedeploy:*", "dynamodb:*", "ecs:*", "elasticloadbalancing:*", "lambda:*", "logs:*", "rds:*", "s3:*", "sns:*", "sqs:*", "wafv2:*"]
        Resource = concat(
          ["${local.arn}:cloudwatch:${local.here}:alarm:${local.prefix}-*", "${local.arn}:cloudwatch::${local.account}:dashboard/${local.prefix}*"],
          [for kind in ["application:${local.prefix}-*", "deploymentgroup:${local.prefix}-*/*", "deploymentconfig:${local.prefix}-*"] : "${local.arn}:codedeploy:${local.here}:${kind}"],
          ["${local.arn}:dynamodb:${local.here}:table/${local.prefix}-*"],
          [for kind in ["cluster/${local.names.cluster}", "service/${local.names.cluster}/*", "service-deployment/${local.names.cluster}/*", "service-revision/${local.names.cluster}/*", "task-definition/${local.prefix}-*:*"] : "${local.arn}:ecs:${local.here}:${kind}"],
          [for kind in ["loadbalancer/app", "listener/app", "listener-rule/app", "targetgroup"] : "${local.arn}:elasticloadbalancing:${local.here}:${kind}/${local.prefix}-*"],
          ["${local.arn}:lambda:${local.here}:function:${local.prefix}-*"],
          [for group in local.log_groups : "${local.arn}:logs:${local.here}:log-group:${group}"],
          [for kind in ["cluster", "db", "subgrp", "cluster-pg", "pg", "cluster-snapshot"] : "${local.arn}:rds:${local.here}:${kind}:${local.prefix}-*"],
          # What a cluster and its instances are made with if nothing else is said.
          # AWS lets nobody change a default.
          [for kind in ["og:default:aurora-postgresql-*", "pg:default.aurora-postgresql*", "cluster-pg:default.aurora-postgresql*"] : "${local.arn}:rds:${local.here}:${kind}"],
          [for suffix in ["", "/*"] : "${local.arn}:s3:::${local.names.access_log_prefix}-${local.account}${suffix}"],
          ["${local.arn}:sns:${local.here}:${local.prefix}-*"],
          [for prefix in [local.queue_prefix, local.prefix] : "${local.arn}:sqs:${local.here}:${prefix}-*"],
          ["${local.arn}:wafv2:${local.here}:regional/webacl/${local.prefix}-*"],
          # A web ACL is made with the rules of AWS, which have no account.
          ["${local.arn}:wafv2:${local.region}:*:regional/managedruleset/*"],
        )
      },
      {
        Sid    = "SecretsButNotTheirValues"
        Effect = "Allow"
        Action = ["secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "secretsmanager:UpdateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource"]
        # RDS makes the secret of a cluster's owner for whoever makes the cluster.
        Resource = [for name in ["${local.prefix}-*", "rds!cluster-*"] : "${local.arn}:secretsmanager:${local.here}:secret:${name}"]
      },
    ]

    unnamed = local.deploy_unnamed
    others  = local.deploy_others
    network = local.deploy_network
    keys    = local.deploy_keys

    roles = [
      {
        Sid       = "RolesWithinTheBoundary"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary"]
        Resource  = "${local.arn}:iam::${local.account}:role/${local.prefix}-*"
        Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
      },
      {
        Sid      = "KeepRoles"
        Effect   = "Allow"
        Action   = ["iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy"]
        Resource = "${local.arn}:iam::${local.account}:role/${local.prefix}-*"
      },
      {
        Sid       = "GiveRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = "${local.arn}:iam::${local.account}:role/${local.prefix}-*"
        Condition = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "codedeploy.amazonaws.com", "monitoring.rds.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
      },
      {
        Sid       = "ServicesOwnRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateServiceLinkedRole"]
        Resource  = "${local.arn}:iam::${local.account}:role/aws-service-role/*"
        Condition = { StringEquals = { "iam:AWSServiceName" = ["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com", "rds.amazonaws.com", "wafv2.amazonaws.com"] } }
      },
      {
        # Not its own: neither what it may do, nor who may be it.
        Sid      = "HandsOffOneself"
        Effect   = "Deny"
        Action   = ["iam:CreateRole", "iam:DeleteRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", "iam:PassRole"]
        Resource = [for name in keys(local.subjects) : "${local.arn}:iam::${local.account}:role/${local.prefix}-${name}"]
      },
      {
        Sid      = "HandsOffTheBoundary"
        Effect   = "Deny"
        Action   = ["iam:DeleteRolePermissionsBoundary"]
        Resource = "${local.arn}:iam::${local.account}:role/*"
      },
    ]
  }
}

resource "aws_iam_policy" "deploy" {
  for_each = local.deploy_policies

  name        = "${local.prefix}-deploy-${each.key}"
  description = "What delivery of ${local.prefix} may change: ${each.key}."

  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = aws_iam_policy.deploy

  role       = aws_iam_role.github["deploy"].name
  policy_arn = each.value.arn
}
