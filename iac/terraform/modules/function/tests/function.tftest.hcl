mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                     = "prod-orders-ledger"
  description              = "Writes rows."
  role                     = "prod-orders-ledger-function"
  log_group                = "/aws/lambda/prod-orders-ledger"
  log_retention_days       = 90
  log_key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/logs"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/prod-orders-boundary"
  package                  = { bucket = "packages", key = "ledger.zip", version = "v1", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  architecture             = "arm64"
  memory_mb                = 512
  timeout_seconds          = 30
  environment              = { FRESHNESS = "60s" }
}

run "in_the_vpc_with_a_canary" {
  command = plan
  variables {
    vpc                     = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
    statements              = [{ Effect = "Allow", Action = ["sqs:SendMessage"], Resource = "arn:aws:sqs:eu-central-1:111122223333:dlq" }]
    code_signing_config_arn = "arn:aws:lambda:eu-central-1:111122223333:code-signing-config:csc-0123456789abcdef0"
    deploy = {
      role_arn       = "arn:aws:iam::111122223333:role/codedeploy"
      canary_percent = 0.5
      canary_minutes = 10
      alarms         = ["prod-orders-rollback-ledger-errors"]
    }
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.architectures == tolist(["arm64"]) && aws_lambda_function.this.publish
    error_message = "A version for each package, on Amazon Linux 2023."
  }
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"]) && aws_lambda_function.this.code_signing_config_arn == var.code_signing_config_arn
    error_message = "In the VPC, with signed code."
  }
  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "Text" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/prod-orders-ledger"
    error_message = "Lines are as the program writes them."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 90 && aws_cloudwatch_log_group.this.kms_key_id == var.log_key_arn
    error_message = "Logs are encrypted, and kept for 90 days."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn && jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "The role is Lambda's, and bounded."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Resource if s.Effect == "Allow"] == [
      "arn:aws:logs:eu-central-1:111122223333:log-group:mocked:*", "*", "arn:aws:sqs:eu-central-1:111122223333:dlq",
    ]
    error_message = "Its own logs, network interfaces, and what was asked for."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Condition if s.Effect == "Deny"] == [{ Null = { "lambda:SourceFunctionArn" = "false" } }]
    error_message = "The code itself makes no network interfaces."
  }
  assert {
    condition     = aws_lambda_alias.live.name == "live"
    error_message = "Runbooks look for the alias live."
  }
  assert {
    condition = (
      aws_codedeploy_deployment_config.canary[0].traffic_routing_config[0].time_based_canary[0].percentage == 1 &&
      aws_codedeploy_deployment_config.canary[0].traffic_routing_config[0].time_based_canary[0].interval == 10 &&
      aws_codedeploy_deployment_group.live[0].deployment_config_name == "prod-orders-ledger-canary"
    )
    error_message = "Half a percent is CodeDeploy's one."
  }
  assert {
    condition = (
      aws_codedeploy_deployment_group.live[0].alarm_configuration[0].alarms == toset(["prod-orders-rollback-ledger-errors"]) &&
      aws_codedeploy_deployment_group.live[0].alarm_configuration[0].enabled && !aws_codedeploy_deployment_group.live[0].alarm_configuration[0].ignore_poll_alarm_failure &&
      contains(aws_codedeploy_deployment_group.live[0].auto_rollback_configuration[0].events, "DEPLOYMENT_STOP_ON_ALARM")
    )
    error_message = "An alarm rolls the deployment back."
  }
}

run "outside_of_the_vpc" {
  command = plan
  variables { dead_letter_queue_arn = "arn:aws:sqs:eu-central-1:111122223333:notifier-dlq" }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && aws_lambda_function.this.dead_letter_config[0].target_arn == var.dead_letter_queue_arn
    error_message = "No VPC, but a dead-letter queue."
  }
  assert {
    condition     = length(jsondecode(aws_iam_role_policy.this.policy).Statement) == 1 && length(aws_codedeploy_app.this) == 0 && output.deployment == null
    error_message = "No interfaces, no CodeDeploy."
  }
}

run "all_at_once" {
  command = plan
  variables {
    deploy = { role_arn = "arn:aws:iam::111122223333:role/codedeploy", canary_percent = 100, canary_minutes = 10, alarms = [] }
  }

  assert {
    condition     = aws_codedeploy_deployment_group.live[0].deployment_config_name == "CodeDeployDefault.LambdaAllAtOnce" && length(aws_codedeploy_deployment_config.canary) == 0
    error_message = "A canary of everything is none."
  }
  assert {
    condition     = !aws_codedeploy_deployment_group.live[0].alarm_configuration[0].enabled
    error_message = "Without alarms nothing is watched."
  }
}

run "bad_variables" {
  command = plan
  variables {
    log_retention_days = 0
    architecture       = "mips"
    package            = { bucket = "packages", key = "ledger.tar", sha256 = "abc" }
    environment        = { DATABASE_PASSWORD = "swordfish" }
    timeout_seconds    = 901
  }
  expect_failures = [var.log_retention_days, var.architecture, var.package, var.environment, var.timeout_seconds]
}
