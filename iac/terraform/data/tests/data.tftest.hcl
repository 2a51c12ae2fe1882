mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  state_bucket = "orders-state"
  migrate_package = {
    bucket = "prod-orders-packages-111122223333"
    key    = "migrate/0123456789abcdef0123456789abcdef01234567.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
}

override_data {
  target = data.terraform_remote_state.network
  values = {
    outputs = {
      private_subnet_ids  = ["subnet-1", "subnet-2", "subnet-3"]
      database_subnet_ids = ["subnet-7", "subnet-8", "subnet-9"]
      security_group_ids  = { database = "sg-database", functions = "sg-functions" }
      log_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/logs"
    }
  }
}

run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition = (
      aws_rds_cluster.this.cluster_identifier == "dev-orders-database" &&
      aws_rds_cluster.this.serverlessv2_scaling_configuration[0].min_capacity == 0 &&
      aws_rds_cluster.this.serverlessv2_scaling_configuration[0].max_capacity == 2 &&
      aws_rds_cluster.this.serverlessv2_scaling_configuration[0].seconds_until_auto_pause == 3600
    )
    error_message = "dev pauses when it is idle for an hour."
  }
  assert {
    condition     = !aws_rds_cluster.this.deletion_protection && aws_rds_cluster.this.backup_retention_period == 1 && length(aws_rds_cluster_instance.this) == 1
    error_message = "dev has one instance and may be deleted."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  assert {
    condition = (
      aws_rds_cluster.this.cluster_identifier == "prod-orders-database" && aws_rds_cluster.this.database_name == "orders" &&
      aws_rds_cluster.this.engine == "aurora-postgresql" && aws_rds_cluster.this.engine_version == "17.5" &&
      aws_rds_cluster.this.serverlessv2_scaling_configuration[0].min_capacity == 2 &&
      aws_rds_cluster.this.serverlessv2_scaling_configuration[0].max_capacity == 32
    )
    error_message = "The cluster is what the description says."
  }
  assert {
    condition     = length(aws_rds_cluster_instance.this) == 3 && alltrue([for i in aws_rds_cluster_instance.this : i.instance_class == "db.serverless" && !i.publicly_accessible])
    error_message = "A writer and two readers, none of them public."
  }
  assert {
    condition     = [for i in aws_rds_cluster_instance.this : i.promotion_tier] == [0, 1, 2]
    error_message = "The first reader takes over from the writer."
  }

  # Secrets

  assert {
    condition = (
      aws_rds_cluster.this.manage_master_user_password && aws_rds_cluster.this.master_password == null &&
      aws_rds_cluster.this.master_user_secret_kms_key_id == module.database_key.arn && aws_rds_cluster.this.iam_database_authentication_enabled
    )
    error_message = "RDS keeps the owner's password; Terraform has none."
  }
  assert {
    condition     = length(aws_secretsmanager_secret.consumer) == 0 && output.consumer_secret_arn == null
    error_message = "With IAM there is no consumers' secret."
  }

  # Encryption, and what is logged

  assert {
    condition     = aws_rds_cluster.this.storage_encrypted && aws_rds_cluster.this.kms_key_id == module.database_key.arn && aws_rds_cluster.this.performance_insights_kms_key_id == module.database_key.arn
    error_message = "Storage and insights are encrypted with the database's key."
  }
  assert {
    condition = tomap({ for p in aws_rds_cluster_parameter_group.this.parameter : p.name => p.value }) == tomap({
      "rds.force_ssl"                       = "1"
      "ssl_min_protocol_version"            = "TLSv1.2"
      "log_min_duration_statement"          = "500"
      "log_parameter_max_length"            = "0"
      "log_parameter_max_length_on_error"   = "0"
      "log_error_verbosity"                 = "terse"
      "log_statement"                       = "none"
      "log_lock_waits"                      = "1"
      "idle_in_transaction_session_timeout" = "60000"
      "shared_preload_libraries"            = "pg_stat_statements"
    }) && aws_rds_cluster_parameter_group.this.family == "aurora-postgresql17" && aws_rds_cluster_parameter_group.this.name == "prod-orders-database-aurora-postgresql17"
    error_message = "TLS for everybody; slow statements are logged, parameters never."
  }
  assert {
    condition = (
      aws_rds_cluster.this.enabled_cloudwatch_logs_exports == toset(["postgresql"]) &&
      aws_cloudwatch_log_group.postgresql.name == "/aws/rds/cluster/prod-orders-database/postgresql" &&
      aws_cloudwatch_log_group.postgresql.retention_in_days == 90 &&
      aws_cloudwatch_log_group.postgresql.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/logs"
    )
    error_message = "PostgreSQL's log is in CloudWatch, encrypted, for 90 days."
  }
  assert {
    condition     = aws_rds_cluster.this.performance_insights_enabled && aws_rds_cluster.this.database_insights_mode == "standard" && alltrue([for i in aws_rds_cluster_instance.this : i.monitoring_interval == 60])
    error_message = "Insights and enhanced monitoring are on."
  }

  # Being kept

  assert {
    condition = (
      aws_rds_cluster.this.deletion_protection && aws_rds_cluster.this.backup_retention_period == 35 && aws_rds_cluster.this.copy_tags_to_snapshot &&
      !aws_rds_cluster.this.skip_final_snapshot && !aws_rds_cluster.this.delete_automated_backups
    )
    error_message = "prod is kept from being deleted, and backed up for 35 days."
  }
  assert {
    condition     = aws_db_subnet_group.this.subnet_ids == toset(["subnet-7", "subnet-8", "subnet-9"]) && aws_rds_cluster.this.vpc_security_group_ids == toset(["sg-database"])
    error_message = "The database stands in its own subnets and group."
  }

  # Migrations

  assert {
    condition     = output.migrate_function == { name = "prod-orders-migrate", version = "1" }
    error_message = "The pipeline is told what to invoke."
  }
  assert {
    condition = alltrue([for s in local.migrate_statements : s.Resource != "*"]) && [for s in local.migrate_statements : s.Sid] == ["OwnersPassword", "DecryptSecrets"] && startswith(
      local.migrate_statements[0].Resource, "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-"
    )
    error_message = "Migrations read the owner's password, and nothing else."
  }
  assert {
    condition     = local.migrate_grant == { MIGRATE_GRANT_ROLE = local.db.user }
    error_message = "Migrations let the consumers' user in."
  }
}

run "prod_with_passwords" {
  command = plan
  variables { environment = "prod" }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        database = {
          name           = "orders", engine_version = "16.8", min_acu = 1, max_acu = 2, auto_pause_seconds = 3600, readers = 0
          authentication = "secret", user = "consumer", backup_retention_days = 7, deletion_protection = true
        }
        telemetry = { log_retention_days = 30 }
      }
      names                         = { prefix = "other-orders", database = { cluster = "prod-orders-database" }, migrate = { function = "prod-orders-migrate", log_group = "/aws/lambda/prod-orders-migrate", role = "prod-orders-migrate-function" } }
      tags                          = {}
      function_environment          = {}
      function_telemetry_statements = []
    }
  }

  assert {
    condition     = aws_secretsmanager_secret.consumer[0].name == "prod-orders-database-consumer" && aws_secretsmanager_secret.consumer[0].kms_key_id == module.database_key.arn
    error_message = "A place for the consumers' password, encrypted; what is in it Terraform does not know."
  }
  assert {
    condition     = local.migrate_grant == {} && [for s in local.migrate_statements : s.Sid] == ["OwnersPassword", "DecryptSecrets"]
    error_message = "Migrations neither make the user nor see its password."
  }
  assert {
    condition     = aws_rds_cluster_parameter_group.this.family == "aurora-postgresql16" && aws_rds_cluster.this.serverlessv2_scaling_configuration[0].seconds_until_auto_pause != 3600
    error_message = "The family follows the version; a cluster with a least capacity never pauses."
  }
}

run "prod_must_not_pause" {
  command = plan
  variables { environment = "prod" }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        database = {
          name           = "orders", engine_version = "17.5", min_acu = 0, max_acu = 2, auto_pause_seconds = 3600, readers = 0
          authentication = "iam", user = "consumer", backup_retention_days = 7, deletion_protection = true
        }
        telemetry = { log_retention_days = 30 }
      }
      names                         = { prefix = "other-orders", database = { cluster = "prod-orders-database" }, migrate = { function = "prod-orders-migrate", log_group = "/aws/lambda/prod-orders-migrate", role = "prod-orders-migrate-function" } }
      tags                          = {}
      function_environment          = {}
      function_telemetry_statements = []
    }
  }
  expect_failures = [aws_rds_cluster.this]
}

run "bad_variables" {
  command = plan
  variables {
    environment                  = "prod"
    state_bucket                 = "Not A Bucket"
    insights_mode                = "best"
    database_ca_file             = "/etc/ssl/cert.pem"
    migrate_timeout_seconds      = 1000
    signing_profile_version_arns = ["me"]
  }
  expect_failures = [var.state_bucket, var.insights_mode, var.database_ca_file, var.migrate_timeout_seconds, var.signing_profile_version_arns]
}
