mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  names = {
    queue       = "prod-intake-order-ledger"
    dlq         = "prod-intake-order-ledger-dlq"
    undelivered = "prod-intake-order-ledger-undelivered"
    function    = "prod-orders-ledger"
    log_group   = "/aws/lambda/prod-orders-ledger"
    role        = "prod-orders-ledger-function"
  }
  settings = {
    description                = "Writes each event as a row, exactly once."
    raw_delivery               = true
    filter_policy              = {}
    filter_scope               = "attributes"
    batch_size                 = 100
    batch_window_seconds       = 1
    max_concurrency            = 50
    memory_mb                  = 512
    architecture               = "arm64"
    timeout_seconds            = 30
    visibility_timeout_seconds = 181
    max_receive_count          = 5
    retention_days             = 4
    dlq_retention_days         = 14
  }
  topic_arn                = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
  message_key_arn          = "arn:aws:kms:eu-central-1:111122223333:key/messages"
  arn_prefix               = "arn:aws:sqs:eu-central-1:111122223333"
  region                   = "eu-central-1"
  package                  = { bucket = "packages", key = "ledger.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  environment              = { FRESHNESS = "60s" }
  vpc                      = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  log_retention_days       = 90
  log_key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/logs"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/prod-orders-boundary"
  deploy = {
    role_arn       = "arn:aws:iam::111122223333:role/prod-orders-codedeploy"
    canary_percent = 10
    canary_minutes = 10
    alarms         = ["prod-orders-rollback-ledger-errors", "prod-orders-rollback-ledger-items"]
  }
}

override_resource {
  target          = aws_sqs_queue.dlq
  override_during = plan
  values          = { url = "https://sqs.eu-central-1.amazonaws.com/111122223333/prod-intake-order-ledger-dlq" }
}

run "as_described" {
  command = plan

  # Queues

  assert {
    condition     = [aws_sqs_queue.this.name, aws_sqs_queue.dlq.name, aws_sqs_queue.undelivered.name] == ["prod-intake-order-ledger", "prod-intake-order-ledger-dlq", "prod-intake-order-ledger-undelivered"]
    error_message = "The three queues have their names."
  }
  assert {
    condition = aws_sqs_queue.this.visibility_timeout_seconds == 181 && jsondecode(aws_sqs_queue.this.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-central-1:111122223333:prod-intake-order-ledger-dlq", maxReceiveCount = 5
    }
    error_message = "A message is hidden for as long as the description derives, and given up after five deliveries."
  }
  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 345600 && aws_sqs_queue.dlq.message_retention_seconds == 1209600 && aws_sqs_queue.undelivered.message_retention_seconds == 1209600
    error_message = "Four days in the queue, fourteen in the dead-letter queues."
  }
  assert {
    condition = alltrue([for q in [aws_sqs_queue.this, aws_sqs_queue.dlq, aws_sqs_queue.undelivered] :
      q.max_message_size == 1048576 && q.kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/messages"
    ])
    error_message = "Room for what SNS takes in its envelope, encrypted with the key of messages."
  }
  assert {
    condition = jsondecode(aws_sqs_queue.dlq.redrive_allow_policy) == {
      redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-central-1:111122223333:prod-intake-order-ledger"]
    } && jsondecode(aws_sqs_queue.undelivered.redrive_allow_policy) == { redrivePermission = "denyAll" }
    error_message = "The dead-letter queue is that of one queue; the subscription's is that of none."
  }
  assert {
    condition = alltrue([for policy in [aws_sqs_queue_policy.this.policy, aws_sqs_queue_policy.undelivered.policy] :
      [for s in jsondecode(policy).Statement : [s.Principal, s.Action, s.Condition] if s.Effect == "Allow"] == [[
        { Service = "sns.amazonaws.com" }, "sqs:SendMessage", { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order" } }
      ]]
    ]) && length([for s in jsondecode(aws_sqs_queue_policy.dlq.policy).Statement : s if s.Effect == "Allow"]) == 0
    error_message = "SNS sends for the one topic; to the dead-letter queue nobody of another account or service does."
  }
  assert {
    condition = alltrue([for policy in [aws_sqs_queue_policy.this.policy, aws_sqs_queue_policy.dlq.policy, aws_sqs_queue_policy.undelivered.policy] :
      contains([for s in jsondecode(policy).Statement : jsonencode(s.Condition) if s.Effect == "Deny"], jsonencode({ Bool = { "aws:SecureTransport" = "false" } }))
    ])
    error_message = "Nothing without TLS."
  }

  # Subscription

  assert {
    condition = (
      aws_sns_topic_subscription.this.endpoint == "arn:aws:sqs:eu-central-1:111122223333:prod-intake-order-ledger" && aws_sns_topic_subscription.this.raw_message_delivery &&
      aws_sns_topic_subscription.this.filter_policy == null &&
      jsondecode(aws_sns_topic_subscription.this.redrive_policy).deadLetterTargetArn == "arn:aws:sqs:eu-central-1:111122223333:prod-intake-order-ledger-undelivered"
    )
    error_message = "Raw messages, unfiltered; what cannot be delivered is kept."
  }

  # Mapping

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.this.batch_size == 100 && aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 1 &&
      aws_lambda_event_source_mapping.this.scaling_config[0].maximum_concurrency == 50 &&
      aws_lambda_event_source_mapping.this.function_name == "arn:aws:lambda:eu-central-1:111122223333:function:mocked:live"
    )
    error_message = "Batches as described, failures by message, concurrency bounded, through the alias."
  }
}

run "filtered" {
  command = plan
  variables {
    settings = {
      description                = "Writes large orders."
      raw_delivery               = false
      filter_policy              = { total = [{ numeric = [">", 100] }] }
      filter_scope               = "body"
      batch_size                 = 10
      batch_window_seconds       = 0
      max_concurrency            = 2
      memory_mb                  = 256
      architecture               = "x86_64"
      timeout_seconds            = 30
      visibility_timeout_seconds = 180
      max_receive_count          = 3
      retention_days             = 4
      dlq_retention_days         = 14
    }
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.this.filter_policy) == { total = [{ numeric = [">", 100] }] } && aws_sns_topic_subscription.this.filter_policy_scope == "MessageBody"
    error_message = "The filter looks at bodies."
  }
  assert {
    condition     = !aws_sns_topic_subscription.this.raw_message_delivery
    error_message = "In SNS' envelope."
  }
}

run "bad_variables" {
  command = plan
  variables {
    topic_arn       = "orders"
    message_key_arn = "alias/aws/sqs"
    arn_prefix      = "arn:aws:sqs"
    region          = "Frankfurt"
  }
  expect_failures = [var.topic_arn, var.message_key_arn, var.arn_prefix, var.region]
}
