locals {
  consumers = local.settings.consumers

  # A consumer with the sink postgres writes to the pipeline's database. How it
  # shows who it is: see consumer/postgres.
  database_environment = {
    for name, c in local.consumers : name => c.sink != "postgres" ? {} : merge(
      {
        DATABASE_HOST    = local.database.database.host
        DATABASE_PORT    = tostring(local.database.database.port)
        DATABASE_NAME    = local.settings.database.name
        DATABASE_USER    = local.settings.database.user
        DATABASE_AUTH    = local.settings.database.authentication
        DATABASE_CA_FILE = var.database_ca_file
      },
      local.settings.database.authentication == "secret" ? { DATABASE_SECRET_ARN = local.database.consumer_secret_arn } : {},
    )
  }

  # How it is set up, beside its own queue.
  environment = {
    for name in keys(local.consumers) : name => merge(module.pipeline.function_environment, local.database_environment[name], {
      OTEL_SERVICE_NAME        = "${local.settings.product}-${name}"
      OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=${local.settings.environment}"
      FRESHNESS                = "${local.settings.objectives.freshness_seconds}s"
    })
  }

  database_statements = {
    iam = [{
      Sid      = "Connect"
      Effect   = "Allow"
      Action   = ["rds-db:connect"]
      Resource = try("arn:${local.partition}:rds-db:${local.region}:${local.account}:dbuser:${local.database.database.resource_id}/${local.settings.database.user}", "")
    }]
    secret = [
      {
        Sid      = "ConsumersPassword"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = try(local.database.consumer_secret_arn, "")
      },
      {
        Sid       = "DecryptSecret"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = try(local.database.database_key_arn, "")
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
      },
    ]
  }[local.settings.database.authentication]
}

module "consumer" {
  source   = "../modules/consumer"
  for_each = local.consumers

  names           = local.names.consumers[each.key]
  settings        = each.value
  region          = local.region
  arn_prefix      = "arn:${local.partition}:sqs:${local.region}:${local.account}"
  topic_arn       = local.topic_arn
  message_key_arn = module.message_key.arn

  package = var.consumer_packages[each.key]

  environment = local.environment[each.key]
  statements  = concat(module.pipeline.function_telemetry_statements, [for s in local.database_statements : s if each.value.sink == "postgres"])

  vpc = {
    subnet_ids         = local.network.private_subnet_ids
    security_group_ids = [local.network.security_group_ids["functions"]]
  }

  log_retention_days       = local.settings.telemetry.log_retention_days
  log_key_arn              = local.network.log_key_arn
  permissions_boundary_arn = local.boundary_arn
  code_signing_config_arn  = one(aws_lambda_code_signing_config.this[*].arn)

  deploy = {
    role_arn       = aws_iam_role.codedeploy.arn
    canary_percent = local.settings.deploy.canary_percent
    canary_minutes = local.settings.deploy.canary_bake_minutes
    alarms         = var.rollback_alarms ? module.pipeline.rollback_alarms[each.key] : []
  }

  # The subscription names the topic by its ARN, which is known before it.
  depends_on = [aws_sns_topic.this]
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
