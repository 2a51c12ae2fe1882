# Runs the migrations before a deploy of the consumers, as the owner of the
# database. The pipeline invokes it and waits for its answer.
module "migrate" {
  source = "../modules/function"
  count  = var.migrate_package == null ? 0 : 1

  name        = local.names.migrate.function
  description = "Runs the migrations of ${local.cluster}."
  role        = local.names.migrate.role
  log_group   = local.names.migrate.log_group

  package         = var.migrate_package
  architecture    = "arm64"
  memory_mb       = 256
  timeout_seconds = var.migrate_timeout_seconds

  environment = merge(module.pipeline.function_environment, {
    OTEL_SERVICE_NAME        = "${local.settings.product}-migrate"
    OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=${local.settings.environment}"

    DATABASE_HOST       = aws_rds_cluster.this.endpoint
    DATABASE_PORT       = tostring(aws_rds_cluster.this.port)
    DATABASE_NAME       = local.db.name
    DATABASE_AUTH       = "secret"
    DATABASE_SECRET_ARN = local.owner_secret_arn
    DATABASE_CA_FILE    = var.database_ca_file
  }, local.migrate_grant)

  statements = concat(module.pipeline.function_telemetry_statements, local.migrate_statements)

  vpc = {
    subnet_ids         = local.network.private_subnet_ids
    security_group_ids = [local.network.security_group_ids["functions"]]
  }

  log_retention_days       = local.settings.telemetry.log_retention_days
  log_key_arn              = local.network.log_key_arn
  permissions_boundary_arn = local.boundary_arn
  code_signing_config_arn  = one(aws_lambda_code_signing_config.this[*].arn)
}

locals {
  # Whom to give the rights that a consumer needs. A user with a password is
  # made by hand: docs/migrate.md.
  migrate_grant = { for name, value in { MIGRATE_GRANT_ROLE = local.db.user } : name => value if local.db.authentication == "iam" }

  owner_secret_arn = aws_rds_cluster.this.master_user_secret[0].secret_arn

  migrate_statements = [
    {
      Sid      = "OwnersPassword"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = local.owner_secret_arn
    },
    {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = module.database_key.arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    },
  ]
}

# With authentication: secret, the consumers' password. Only the place is made
# here; whoever makes the user fills it, so that no state has it.
resource "aws_secretsmanager_secret" "consumer" {
  count = local.db.authentication == "secret" ? 1 : 0

  name                    = "${local.cluster}-consumer"
  description             = "User and password of the consumers of ${local.cluster}."
  kms_key_id              = module.database_key.arn
  recovery_window_in_days = 30
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
