mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

mock_provider "grafana" {
  override_during = plan
}

variables {
  state_bucket = "orders-state"
  notifier_package = {
    bucket = "prod-orders-packages-111122223333"
    key    = "notifier/0123456789abcdef0123456789abcdef01234567.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
}

override_data {
  target = data.terraform_remote_state.network
  values = { outputs = { log_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/logs" } }
}

override_data {
  target = data.terraform_remote_state.data
  values = { outputs = { database = { host = "orders.cluster-abc.eu-central-1.rds.amazonaws.com", port = 5432 } } }
}

override_data {
  target = data.terraform_remote_state.events
  values = { outputs = { deployments = { ledger = {} } } }
}

override_data {
  target = data.terraform_remote_state.service
  values = {
    outputs = {
      load_balancer = "app/prod-orders-intake/0123456789abcdef"
      target_groups = { a = "targetgroup/prod-orders-intake-a/0123456789abcdef", b = "targetgroup/prod-orders-intake-b/fedcba9876543210" }
      alb_spans     = true
      certificate   = "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
    }
  }
}

override_data {
  target = data.aws_secretsmanager_secret.routing["orders/slack"]
  values = {
    arn        = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/slack-AbCdEf"
    kms_key_id = "arn:aws:kms:eu-central-1:111122223333:key/secrets"
  }
}

override_data {
  target = data.aws_secretsmanager_secret.routing["orders/pagerduty"]
  values = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/pagerduty-GhIjKl", kms_key_id = "" }
}

run "dev" {
  command = plan
  variables {
    environment     = "dev"
    actions_enabled = false
  }

  assert {
    condition     = length(module.alarms_dev) == 1 && length(module.alarms_staging) == 0 && length(module.alarms_prod) == 0
    error_message = "The alarms of dev, and no others."
  }
  assert {
    condition     = length(module.dashboards_dev) == 1 && length(module.dashboards_staging) == 0 && length(module.dashboards_prod) == 0
    error_message = "The dashboards of dev, and no others."
  }
  assert {
    condition     = contains(output.alarm_names, "dev-orders-heartbeat-missing") && alltrue([for name in output.alarm_names : startswith(name, "dev-orders-")])
    error_message = "Alarms are named by the environment."
  }
  assert {
    condition     = output.rollback_alarm_names == module.pipeline.rollback_alarms
    error_message = "The alarms that service and events roll back on are those that are made here."
  }
  assert {
    condition     = !local.inputs.actions_enabled
    error_message = "The first apply tells nobody."
  }
  assert {
    condition     = keys(data.aws_secretsmanager_secret.routing) == ["orders/slack"]
    error_message = "Dev has one destination."
  }
  assert {
    condition     = aws_xray_sampling_rule.this.rule_name == "dev-orders" && aws_xray_sampling_rule.this.fixed_rate == 1
    error_message = "Every trace of dev."
  }
  assert {
    condition     = length(grafana_data_source.this) == 0 && length(aws_iam_role.grafana) == 0 && output.grafana_role_arn == null
    error_message = "Without the variable grafana others make the data sources."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  # Topics

  assert {
    condition = { for name, topic in aws_sns_topic.alarms : name => topic.name } == {
      page     = "prod-orders-alarms-page"
      ticket   = "prod-orders-alarms-ticket"
      notice   = "prod-orders-alarms-notice"
      watchdog = "prod-orders-alarms-watchdog"
    }
    error_message = "A topic for each severity, and the watchdog's."
  }
  assert {
    condition     = alltrue([for topic in aws_sns_topic.alarms : topic.kms_master_key_id == module.alarm_key.arn])
    error_message = "Messages about alarms are encrypted with a key of their own."
  }
  assert {
    condition = alltrue([for name, policy in aws_sns_topic_policy.alarms : jsondecode(policy.policy).Statement == [
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:prod-orders-alarms-${name}"
        Condition = {
          StringEquals = { "aws:SourceAccount" = "111122223333" }
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:prod-orders-*" }
        }
      },
      {
        Sid       = "OnlyAlarms"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:prod-orders-alarms-${name}"
        Condition = { ArnNotLike = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:prod-orders-*" } }
      },
      {
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:eu-central-1:111122223333:prod-orders-alarms-${name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]])
    error_message = "Alarms of this pipeline publish, and nobody else; nothing without TLS."
  }
  assert {
    condition     = { for address, s in aws_sns_topic_subscription.watchdog : address => "${s.protocol} ${s.endpoint}" } == { "orders-watchdog@example.com" = "email orders-watchdog@example.com" }
    error_message = "The watchdog writes mails, past the notifier."
  }

  # The notifier

  assert {
    condition     = keys(aws_sns_topic_subscription.notifier) == ["notice", "page", "ticket"] && keys(aws_lambda_permission.alarms) == ["notice", "page", "ticket"]
    error_message = "The notifier hears everything but its own failure."
  }
  assert {
    condition = alltrue([for s in aws_sns_topic_subscription.notifier :
      s.protocol == "lambda" && jsondecode(s.redrive_policy).deadLetterTargetArn == "arn:aws:sqs:eu-central-1:111122223333:prod-orders-notifier-dlq"
    ])
    error_message = "What cannot be handed over is kept."
  }
  assert {
    condition     = alltrue([for p in aws_lambda_permission.alarms : p.function_name == "prod-orders-notifier" && p.principal == "sns.amazonaws.com" && p.action == "lambda:InvokeFunction"])
    error_message = "The topics invoke it."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.notifier.maximum_retry_attempts == 2
    error_message = "A message is tried twice more: see docs/notifier.md."
  }
  assert {
    condition     = aws_sqs_queue.notifier_dlq.name == "prod-orders-notifier-dlq" && aws_sqs_queue.notifier_dlq.message_retention_seconds == 1209600 && aws_sqs_queue.notifier_dlq.kms_master_key_id == module.alarm_key.arn
    error_message = "Dead letters are encrypted, and kept for a fortnight."
  }
  assert {
    condition     = [for s in jsondecode(aws_sqs_queue_policy.notifier_dlq.policy).Statement : "${s.Effect} ${s.Action}"] == ["Allow sqs:SendMessage", "Deny sqs:*"]
    error_message = "The topics write to it; nobody without TLS."
  }
  assert {
    condition = (
      aws_dynamodb_table.notifier.name == "prod-orders-notifier" && aws_dynamodb_table.notifier.billing_mode == "PAY_PER_REQUEST" &&
      aws_dynamodb_table.notifier.hash_key == "pk" && aws_dynamodb_table.notifier.range_key == "sk" &&
      aws_dynamodb_table.notifier.ttl[0].attribute_name == "expires" && aws_dynamodb_table.notifier.ttl[0].enabled &&
      aws_dynamodb_table.notifier.server_side_encryption[0].kms_key_arn == module.alarm_key.arn
    )
    error_message = "The table is as docs/notifier.md says, and encrypted."
  }
  assert {
    condition = jsonencode({ for s in local.notifier_statements : s.Sid => s.Resource }) == jsonencode({
      Remember       = "arn:aws:dynamodb:eu-central-1:111122223333:table/prod-orders-notifier"
      DecryptTable   = module.alarm_key.arn
      ReadSecrets    = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/pagerduty-GhIjKl", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/slack-AbCdEf"]
      DescribeAlarms = "*"
      AskLogs = [
        "arn:aws:logs:eu-central-1:111122223333:log-group:/ecs/prod-orders-intake:*",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-notifier:*",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-ledger:*",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-albspans:*",
      ]
      ReadAnswers    = "*"
      PutAside       = "arn:aws:sqs:eu-central-1:111122223333:prod-orders-notifier-dlq"
      EncryptLetters = module.alarm_key.arn
      DecryptSecrets = ["arn:aws:kms:eu-central-1:111122223333:key/secrets"]
    })
    error_message = "The notifier may do what it does: its table, its secrets, its queue, questions about this pipeline's logs."
  }

  assert {
    condition     = local.notifier_environment.OTEL_SERVICE_NAME == "orders-notifier" && !can(local.notifier_environment.PAGERDUTY_URL)
    error_message = "It tells who it is, and takes PagerDuty's address by itself."
  }

  # Sampling

  assert {
    condition     = aws_xray_sampling_rule.this.fixed_rate == 0.1 && aws_xray_sampling_rule.this.service_name == "orders-*"
    error_message = "A tenth of the traces, as the programs do."
  }

  # The order of things

  assert {
    condition     = terraform_data.log_groups.input == tolist(["/aws/lambda/prod-orders-albspans", "/aws/lambda/prod-orders-ledger", "/aws/lambda/prod-orders-notifier", "/ecs/prod-orders-intake"])
    error_message = "Metric filters stand on these."
  }
  assert {
    condition     = output.dashboards.cloudwatch == "prod-orders-deploy" && keys(output.dashboards.grafana) == ["alarms", "consumers", "cost", "database", "deploy", "pipeline"]
    error_message = "All dashboards."
  }
}

run "a_consumer_without_a_log_group" {
  command = plan
  variables { environment = "prod" }

  override_data {
    target = data.terraform_remote_state.events
    values = { outputs = { deployments = {} } }
  }

  expect_failures = [terraform_data.log_groups]
}

run "a_domain_without_a_certificate" {
  command = plan
  variables { environment = "staging" }

  override_data {
    target = data.terraform_remote_state.service
    values = {
      outputs = {
        load_balancer = "app/staging-orders-intake/0123456789abcdef"
        target_groups = { a = "targetgroup/staging-orders-intake-a/0123456789abcdef", b = "targetgroup/staging-orders-intake-b/fedcba9876543210" }
        alb_spans     = true
        certificate   = null
      }
    }
  }

  expect_failures = [terraform_data.log_groups]
}

run "no_function_for_the_load_balancers_spans" {
  command = plan
  variables { environment = "staging" }

  override_data {
    target = data.terraform_remote_state.service
    values = {
      outputs = {
        load_balancer = "app/staging-orders-intake/0123456789abcdef"
        target_groups = { a = "targetgroup/staging-orders-intake-a/0123456789abcdef", b = "targetgroup/staging-orders-intake-b/fedcba9876543210" }
        alb_spans     = false
        certificate   = "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
      }
    }
  }

  expect_failures = [terraform_data.log_groups]
}

run "bad_variables" {
  command = plan
  variables {
    environment      = "prod"
    role_arn         = "deploy"
    state_region     = "Frankfurt"
    pagerduty_url    = "http://events.pagerduty.com/v2/enqueue"
    slack_api_url    = "slack.com"
    notifier_package = { bucket = "packages", key = "notifier.zip", sha256 = "0123456789abcdef" }

    signing_profile_version_arns = ["arn:aws:iam::111122223333:role/signer"]
  }
  expect_failures = [var.role_arn, var.state_region, var.pagerduty_url, var.slack_api_url, var.notifier_package, var.signing_profile_version_arns]
}
