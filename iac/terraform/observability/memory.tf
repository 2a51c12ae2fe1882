# What the notifier could not deliver.
resource "aws_sqs_queue" "notifier_dlq" {
  name                      = local.notifier.dlq
  message_retention_seconds = 14 * 24 * 60 * 60

  kms_master_key_id                 = module.alarm_key.arn
  kms_data_key_reuse_period_seconds = 300

  # It is the dead-letter queue of a function and of subscriptions; of no queue.
  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })
}

resource "aws_sqs_queue_policy" "notifier_dlq" {
  queue_url = aws_sqs_queue.notifier_dlq.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "FromTheTopics"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.dlq_arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for name in local.heard : aws_sns_topic.alarms[name].arn] } }
      },
      {
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.dlq_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# What it has told whom: how to go on in a thread, and whether to. Without it
# messages are told anew; there is nothing in it to restore.
resource "aws_dynamodb_table" "notifier" {
  name         = local.notifier.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = module.alarm_key.arn
  }
}
