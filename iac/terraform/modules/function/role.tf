resource "aws_iam_role" "this" {
  name                 = var.role
  description          = "What ${var.name} may do."
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

locals {
  # Lambda makes the network interfaces, with the function's role. Interfaces and
  # what is described have no name to limit them by, and Lambda asks for all of
  # these actions when it makes the function.
  interface_actions = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
  ]

  interface_statements = [for statement in [
    {
      Sid      = "LambdaMakesInterfaces"
      Effect   = "Allow"
      Action   = local.interface_actions
      Resource = "*"
    },
    {
      # Lambda may, the function's code may not ("Using Lambda execution
      # environment credentials", AWS Lambda developer guide: the key
      # lambda:SourceFunctionArn is set for the code alone).
      Sid       = "CodeMakesNone"
      Effect    = "Deny"
      Action    = local.interface_actions
      Resource  = "*"
      Condition = { Null = { "lambda:SourceFunctionArn" = "false" } }
    },
  ] : statement if var.vpc != null]
}

resource "aws_iam_role_policy" "this" {
  name = "function"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid      = "WriteOwnLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    }], local.interface_statements, var.statements)
  })
}
