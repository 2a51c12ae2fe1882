locals {
  tasks_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  })

  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.names.service.log_group}"
}

# What the program may do.
resource "aws_iam_role" "task" {
  name                 = local.names.service.task_role
  description          = "What ${local.names.service.name} may do."
  assume_role_policy   = local.tasks_trust
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role_policy" "task" {
  name = "service"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Publish"
          Effect   = "Allow"
          Action   = ["sns:Publish"]
          Resource = local.events.topic_arn
        },
        {
          Sid       = "EncryptMessages"
          Effect    = "Allow"
          Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
          Resource  = local.events.message_key_arn
          Condition = { StringEquals = { "kms:ViaService" = "sns.${local.region}.amazonaws.com" } }
        },
      ],
      module.pipeline.service_telemetry_statements,
      local.exec_statements,
    )
  })
}

locals {
  exec_statements = [for statement in [
    {
      # Takes no resource: the channels of a session have no names.
      Sid      = "ExecSessions"
      Effect   = "Allow"
      Action   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
      Resource = "*"
    },
    {
      Sid      = "ExecKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = one(module.exec_key[*].arn)
    },
    {
      # Takes no resource; the agent looks whether the group is encrypted.
      Sid      = "ExecFindLogs"
      Effect   = "Allow"
      Action   = ["logs:DescribeLogGroups"]
      Resource = "*"
    },
    {
      Sid      = "ExecLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/ecs/${local.prefix}-exec:*"
    },
  ] : statement if var.execute_command]
}

# What ECS may do to start a task.
resource "aws_iam_role" "execution" {
  name                 = local.names.service.execution_role
  description          = "ECS starts ${local.names.service.name}: image, logs, secrets."
  assume_role_policy   = local.tasks_trust
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Takes no resource: the token is the registry's.
          Sid      = "LogInToRegistry"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = "*"
        },
        {
          Sid      = "PullImages"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = concat(["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${local.names.service.repository}"], local.collector ? ["arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${local.prefix}-collector"] : [])
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${local.log_group_arn}:*"
        },
      ],
      [for arns in [try(values(var.collector.secrets), [])] : {
        Sid      = "CollectorSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = arns
      } if length(arns) > 0],
      [for key in [try(var.collector.secrets_key, null)] : {
        Sid       = "DecryptSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = key
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
      } if key != null],
    )
  })
}

# What ECS may do during a deployment: register tasks, and shift the weights of
# the listener's rule. The policy is AWS's, and follows what ECS comes to need.
resource "aws_iam_role" "load_balancer" {
  name                 = "${local.names.service.name}-load-balancer"
  description          = "ECS shifts requests between the versions of ${local.names.service.name}."
  permissions_boundary = local.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "load_balancer" {
  role       = aws_iam_role.load_balancer.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
}

# A rule whose weights are changed is written anew, with the login before it: whoever
# writes that must be able to look at the pool's client. ("Authenticate users using
# an Application Load Balancer", Elastic Load Balancing user guide.)
resource "aws_iam_role_policy" "load_balancer_login" {
  count = local.authentication == "cognito" ? 1 : 0

  name = "login"
  role = aws_iam_role.load_balancer.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "LookAtTheLogin"
      Effect   = "Allow"
      Action   = ["cognito-idp:DescribeUserPoolClient"]
      Resource = local.identity.user_pool_arn
    }]
  })
}
