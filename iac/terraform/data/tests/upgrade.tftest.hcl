# RDS brings in minor versions by itself. The cluster is applied here as RDS has
# left it, with a later version, and planned again by the description.
mock_provider "aws" {
  source = "../modules/mocks"
}

variables {
  environment  = "prod"
  state_bucket = "orders-state"
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

run "upgraded_by_rds" {
  plan_options {
    target = [aws_rds_cluster.this]
  }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        database = {
          name           = "orders", engine_version = "17.7", min_acu = 2, max_acu = 32, auto_pause_seconds = 3600, readers = 2
          authentication = "iam", user = "consumer", backup_retention_days = 35, deletion_protection = true
        }
        telemetry = { log_retention_days = 90 }
      }
      names                         = { prefix = "prod-orders", database = { cluster = "prod-orders-database" }, migrate = { function = "prod-orders-migrate", log_group = "/aws/lambda/prod-orders-migrate", role = "prod-orders-migrate-function" } }
      tags                          = {}
      function_environment          = {}
      function_telemetry_statements = []
    }
  }

  assert {
    condition     = aws_rds_cluster.this.engine_version == "17.7"
    error_message = "The state has what runs."
  }
}

run "applied_again" {
  command = plan

  plan_options {
    target = [aws_rds_cluster.this]
  }

  assert {
    condition     = local.db.engine_version == "17.5" && aws_rds_cluster.this.engine_version == "17.7"
    error_message = "An apply takes no minor version back."
  }
}

run "major_version_by_description_alone" {
  command = plan

  plan_options {
    target = [aws_rds_cluster.this]
  }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        database = {
          name           = "orders", engine_version = "18.1", min_acu = 2, max_acu = 32, auto_pause_seconds = 3600, readers = 2
          authentication = "iam", user = "consumer", backup_retention_days = 35, deletion_protection = true
        }
        telemetry = { log_retention_days = 90 }
      }
      names                         = { prefix = "prod-orders", database = { cluster = "prod-orders-database" }, migrate = { function = "prod-orders-migrate", log_group = "/aws/lambda/prod-orders-migrate", role = "prod-orders-migrate-function" } }
      tags                          = {}
      function_environment          = {}
      function_telemetry_statements = []
    }
  }
  expect_failures = [aws_rds_cluster.this]
}
