mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  state_bucket = "orders-state"
  consumer_packages = {
    ledger = {
      bucket = "prod-orders-packages-111122223333"
      key    = "ledger/0123456789abcdef0123456789abcdef01234567.zip"
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }
}

override_data {
  target = data.terraform_remote_state.network
  values = {
    outputs = {
      private_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
      security_group_ids = { functions = "sg-functions" }
      log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/logs"
    }
  }
}

override_data {
  target = data.terraform_remote_state.data
  values = {
    outputs = {
      database            = { host = "orders.cluster-abc.eu-central-1.rds.amazonaws.com", port = 5432, resource_id = "cluster-ABC" }
      database_key_arn    = "arn:aws:kms:eu-central-1:111122223333:key/database"
      consumer_secret_arn = null
    }
  }
}

run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition     = aws_sns_topic.this.name == "dev-orders-order" && keys(module.consumer) == ["ledger"]
    error_message = "The topic and the consumers of dev."
  }
  assert {
    condition     = output.deployments.ledger.application == "dev-orders-ledger" && output.deployments.ledger.alias == "live"
    error_message = "Delivery is told what to deploy."
  }
}

# Before observability has made the alarms.
run "dev_first_apply" {
  command = plan
  variables {
    environment     = "dev"
    rollback_alarms = false
  }

  assert {
    condition     = length(output.deployments.ledger.alarms) == 0
    error_message = "There are no alarms yet."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  assert {
    condition     = aws_sns_topic.this.name == "prod-orders-order" && aws_sns_topic.this.kms_master_key_id == module.message_key.arn
    error_message = "The topic is encrypted with the key of messages."
  }
  assert {
    condition = jsondecode(aws_sns_topic_policy.this.policy).Statement == [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Nobody outside of the account does anything with the topic; nobody publishes without TLS."
  }
  assert {
    condition     = output.topic_arn == "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
    error_message = "The service is told the topic."
  }

  # CodeDeploy

  assert {
    condition = jsondecode(aws_iam_role_policy.codedeploy.policy).Statement[0].Resource == [
      "arn:aws:lambda:eu-central-1:111122223333:function:prod-orders-ledger",
      "arn:aws:lambda:eu-central-1:111122223333:function:prod-orders-ledger:live",
    ]
    error_message = "CodeDeploy moves the aliases of consumers, and no others."
  }
  assert {
    condition     = aws_iam_role.codedeploy.permissions_boundary == "arn:aws:iam::111122223333:policy/prod-orders-boundary"
    error_message = "Roles are bounded."
  }

  assert {
    condition     = output.deployments.ledger.alarms == tolist(["prod-orders-rollback-ledger-errors", "prod-orders-rollback-ledger-items"])
    error_message = "A consumer's own alarms roll its deployments back."
  }

  # What the consumer is given

  assert {
    condition = tomap(local.environment.ledger) == tomap({
      DATABASE_AUTH                       = "iam"
      DATABASE_CA_FILE                    = "/var/task/certs/rds-global-bundle.pem"
      DATABASE_HOST                       = "orders.cluster-abc.eu-central-1.rds.amazonaws.com"
      DATABASE_NAME                       = "orders"
      DATABASE_PORT                       = "5432"
      DATABASE_USER                       = "consumer"
      FRESHNESS                           = "60s"
      LOG_LEVEL                           = "info"
      OTEL_EXPORTER_OTLP_COMPRESSION      = "gzip"
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = "https://monitoring.eu-central-1.amazonaws.com/v1/metrics"
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT  = "https://xray.eu-central-1.amazonaws.com/v1/traces"
      OTEL_LOGS_EXPORTER                  = "none"
      OTEL_RESOURCE_ATTRIBUTES            = "deployment.environment.name=prod"
      OTEL_SERVICE_NAME                   = "orders-ledger"
      OTEL_TRACES_SAMPLER                 = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG             = "0.1"
    })
    error_message = "The program's environment, all of it: it connects by IAM, and counts what is later than promised."
  }
  assert {
    condition     = [for s in local.database_statements : "${s.Action[0]} ${s.Resource}"] == ["rds-db:connect arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/consumer"]
    error_message = "As one user of one cluster."
  }
  assert {
    condition     = length(aws_lambda_code_signing_config.this) == 0
    error_message = "Without signing profiles packages need no signature."
  }
}

# Other teams, a second consumer with a filter and a sink of its own, a database
# with passwords, signed packages.
run "prod_with_more" {
  command = plan
  variables {
    environment                  = "prod"
    signing_profile_version_arns = ["arn:aws:signer:eu-central-1:111122223333:/signing-profiles/orders/AbCdEfGhIj"]
    consumer_packages = {
      ledger = { bucket = "packages", key = "ledger.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
      mailer = { bucket = "packages", key = "mailer.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }

  override_data {
    target = data.terraform_remote_state.data
    values = {
      outputs = {
        database            = { host = "orders.cluster-abc.eu-central-1.rds.amazonaws.com", port = 5432, resource_id = "cluster-ABC" }
        database_key_arn    = "arn:aws:kms:eu-central-1:111122223333:key/database"
        consumer_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:consumer-AbCdEf"
      }
    }
  }
  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product    = "orders", environment = "prod", region = "eu-central-1", deploy = { canary_percent = 10, canary_bake_minutes = 10 }
        topic      = { subscriber_accounts = ["444455556666", "777788889999"] }
        database   = { name = "orders", user = "consumer", authentication = "secret" }
        objectives = { freshness_seconds = 60 }
        telemetry  = { log_retention_days = 30 }
        consumers = {
          ledger = {
            description     = "Rows.", sink = "postgres", raw_delivery = true, filter_policy = {}, filter_scope = "attributes", batch_size = 10, batch_window_seconds = 0
            max_concurrency = 10, memory_mb = 256, architecture = "arm64", timeout_seconds = 30, visibility_timeout_seconds = 180, max_receive_count = 5, retention_days = 4, dlq_retention_days = 14
          }
          mailer = {
            description     = "Mails.", sink = "custom", raw_delivery = false, filter_policy = {}, filter_scope = "body", batch_size = 10, batch_window_seconds = 0
            max_concurrency = 2, memory_mb = 256, architecture = "x86_64", timeout_seconds = 30, visibility_timeout_seconds = 180, max_receive_count = 5, retention_days = 4, dlq_retention_days = 14
          }
        }
      }
      names = {
        prefix = "other-orders", topic = "prod-orders-order", database = { cluster = "prod-orders-database" }
        consumers = {
          ledger = { queue = "prod-intake-order-ledger", dlq = "prod-intake-order-ledger-dlq", undelivered = "prod-intake-order-ledger-undelivered", function = "prod-orders-ledger", log_group = "/aws/lambda/prod-orders-ledger", role = "prod-orders-ledger-function" }
          mailer = { queue = "prod-intake-order-mailer", dlq = "prod-intake-order-mailer-dlq", undelivered = "prod-intake-order-mailer-undelivered", function = "prod-orders-mailer", log_group = "/aws/lambda/prod-orders-mailer", role = "prod-orders-mailer-function" }
        }
      }
      tags                          = {}
      rollback_alarms               = { ledger = ["prod-orders-rollback-ledger-errors"], mailer = ["prod-orders-rollback-mailer-errors"] }
      function_environment          = {}
      function_telemetry_statements = []
    }
  }

  assert {
    condition = [for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : s if s.Effect == "Allow"] == [
      for account in ["444455556666", "777788889999"] : {
        Sid       = "Subscriber${account}"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${account}:root" }
        Action    = "sns:Subscribe"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
        Condition = { StringEquals = { "sns:Protocol" = "sqs" }, StringLike = { "sns:Endpoint" = "arn:aws:sqs:*:${account}:*" } }
      }
    ]
    error_message = "Other accounts subscribe queues of their own."
  }
  assert {
    condition     = local.database_environment.ledger.DATABASE_SECRET_ARN == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:consumer-AbCdEf" && length(local.database_environment.mailer) == 0
    error_message = "A consumer with a sink of its own knows nothing of the database."
  }
  assert {
    condition     = [for s in local.database_statements : s.Sid] == ["ConsumersPassword", "DecryptSecret"] && local.database_statements[1].Resource == "arn:aws:kms:eu-central-1:111122223333:key/database"
    error_message = "With passwords: one secret, and its key."
  }
  assert {
    condition     = aws_lambda_code_signing_config.this[0].policies[0].untrusted_artifact_on_deployment == "Enforce"
    error_message = "With signing profiles everything else is refused."
  }
}

run "a_package_is_missing" {
  command = plan
  variables {
    environment       = "prod"
    consumer_packages = {}
  }
  expect_failures = [var.consumer_packages]
}
