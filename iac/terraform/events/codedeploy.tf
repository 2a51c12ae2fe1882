# What CodeDeploy may do when it moves a function's alias.
resource "aws_iam_role" "codedeploy" {
  name                 = "${local.prefix}-codedeploy"
  description          = "CodeDeploy moves the aliases of the consumers of ${local.prefix}."
  permissions_boundary = local.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "codedeploy" {
  name = "move-aliases"
  role = aws_iam_role.codedeploy.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "MoveAliases"
        Effect = "Allow"
        Action = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"]
        Resource = flatten([for c in values(local.names.consumers) : [
          "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${c.function}",
          "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${c.function}:live",
        ]])
      },
      {
        Sid      = "WatchAlarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms"]
        Resource = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:*"
      },
    ]
  })
}
