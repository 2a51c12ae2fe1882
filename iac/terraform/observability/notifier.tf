# The function that takes alarms to people: see docs/notifier.md.
locals {
  notifier = local.names.notifier
  dlq_arn  = "${local.sqs_arn}:${local.notifier.dlq}"

  # Names of secrets in Secrets Manager. Their values are nobody's here.
  secret_names = toset(concat(
    [for d in values(local.settings.routing.destinations) : d.secret],
    [for name in [local.settings.routing.heartbeat_secret] : name if name != ""],
  ))

  # Log groups that an alarm's description may name.
  described_log_groups = concat(
    [local.names.service.log_group, local.notifier.log_group],
    [for c in local.names.consumers : c.log_group],
    local.albspans_log_groups,
  )
  albspans_log_groups = [for f in [try(local.names.albspans, null)] : f.log_group if f != null]
}

data "aws_secretsmanager_secret" "routing" {
  for_each = local.secret_names

  name = each.value
}

locals {
  # Secrets with a key of their own need it to be read; those of AWS's do not.
  secret_keys = toset([for s in data.aws_secretsmanager_secret.routing : s.kms_key_id if can(regex("^arn:aws[a-z-]*:kms:", s.kms_key_id))])
}

module "notifier" {
  source = "../modules/function"

  name        = local.notifier.function
  description = "Takes alarms of ${local.prefix} to people."
  role        = local.notifier.role
  log_group   = local.notifier.log_group

  package                 = var.notifier_package
  architecture            = "arm64"
  memory_mb               = 256
  timeout_seconds         = 60
  dead_letter_queue_arn   = local.dlq_arn
  code_signing_config_arn = one(aws_lambda_code_signing_config.this[*].arn)

  environment = local.notifier_environment
  statements  = concat(module.pipeline.function_telemetry_statements, local.notifier_statements)

  log_retention_days       = local.settings.telemetry.log_retention_days
  log_key_arn              = local.network.log_key_arn
  permissions_boundary_arn = local.boundary_arn

  depends_on = [aws_sqs_queue.notifier_dlq]
}

locals {
  notifier_environment = merge(
    module.pipeline.function_environment,
    {
      OTEL_SERVICE_NAME        = "${local.settings.product}-notifier"
      OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=${local.settings.environment}"
      # Heartbeats are counted from a line at info: it takes no level above.
      LOG_LEVEL = local.settings.telemetry.log_level == "debug" ? "debug" : "info"
    },
    { for name, value in { PAGERDUTY_URL = var.pagerduty_url, SLACK_API_URL = var.slack_api_url } : name => value if value != null },
  )

  notifier_statements = concat(
    [
      {
        Sid      = "Remember"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"]
        Resource = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.notifier.table}"
      },
      {
        # DynamoDB asks KMS for the table's key on behalf of who calls
        # ("Authorizing use of your KMS key", DynamoDB developer guide).
        Sid       = "DecryptTable"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = module.alarm_key.arn
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${local.region}.amazonaws.com" } }
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for s in data.aws_secretsmanager_secret.routing : s.arn]
      },
      {
        # Composite alarms are described to who may describe all
        # ("DescribeAlarms", CloudWatch API reference).
        Sid      = "DescribeAlarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms"]
        Resource = "*"
      },
      {
        Sid      = "AskLogs"
        Effect   = "Allow"
        Action   = ["logs:StartQuery"]
        Resource = [for group in local.described_log_groups : "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${group}:*"]
      },
      {
        # Neither takes a resource: a query has an id that nobody can guess.
        Sid      = "ReadAnswers"
        Effect   = "Allow"
        Action   = ["logs:GetQueryResults", "logs:StopQuery"]
        Resource = "*"
      },
      {
        Sid      = "PutAside"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = local.dlq_arn
      },
      {
        Sid       = "EncryptLetters"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = module.alarm_key.arn
        Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
      },
    ],
    [for keys in [sort(local.secret_keys)] : {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = keys
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    } if length(keys) > 0],
  )
}

# What its dead letters, and the log, count on: see alarms/notify.
resource "aws_lambda_function_event_invoke_config" "notifier" {
  function_name                = local.notifier.function
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  depends_on = [module.notifier]
}

resource "aws_sns_topic_subscription" "notifier" {
  for_each = toset(local.heard)

  topic_arn = aws_sns_topic.alarms[each.value].arn
  protocol  = "lambda"
  endpoint  = module.notifier.arn

  # A message that SNS cannot hand over at all waits beside those that the
  # function gave up: nobody has heard of it either.
  redrive_policy = jsonencode({ deadLetterTargetArn = local.dlq_arn })

  depends_on = [aws_sqs_queue_policy.notifier_dlq, aws_lambda_permission.alarms]
}

resource "aws_lambda_permission" "alarms" {
  for_each = toset(local.heard)

  statement_id  = "alarms-${each.value}"
  function_name = local.notifier.function
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alarms[each.value].arn

  depends_on = [module.notifier]
}

resource "aws_lambda_code_signing_config" "this" {
  count = length(var.signing_profile_version_arns) > 0 ? 1 : 0

  description = "Packages of functions of ${local.prefix}."

  allowed_publishers {
    signing_profile_version_arns = var.signing_profile_version_arns
  }

  policies {
    untrusted_artifact_on_deployment = "Enforce"
  }
}
