# Three queues: the one that is worked off, one for messages that the consumer
# gave up, one for messages that SNS could not put into the first.
locals {
  queue_arn       = "${var.arn_prefix}:${var.names.queue}"
  dlq_arn         = "${var.arn_prefix}:${var.names.dlq}"
  undelivered_arn = "${var.arn_prefix}:${var.names.undelivered}"

  # What SQS takes at most. SNS takes a quarter of it, but its envelope has each
  # quote and backslash of a message escaped, and a dead letter has its reason.
  max_message_bytes = 1048576

  day = 24 * 60 * 60
}

resource "aws_sqs_queue" "this" {
  name                       = var.names.queue
  max_message_size           = local.max_message_bytes
  visibility_timeout_seconds = var.settings.visibility_timeout_seconds
  message_retention_seconds  = var.settings.retention_days * local.day

  kms_master_key_id                 = var.message_key_arn
  kms_data_key_reuse_period_seconds = 300

  redrive_policy = jsonencode({
    deadLetterTargetArn = local.dlq_arn
    maxReceiveCount     = var.settings.max_receive_count
  })

  depends_on = [aws_sqs_queue.dlq]
}

resource "aws_sqs_queue" "dlq" {
  name                      = var.names.dlq
  max_message_size          = local.max_message_bytes
  message_retention_seconds = var.settings.dlq_retention_days * local.day

  kms_master_key_id                 = var.message_key_arn
  kms_data_key_reuse_period_seconds = 300

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
}

# The dead-letter queue of the subscription. It is that of no queue.
resource "aws_sqs_queue" "undelivered" {
  name                      = var.names.undelivered
  max_message_size          = local.max_message_bytes
  message_retention_seconds = var.settings.dlq_retention_days * local.day

  kms_master_key_id                 = var.message_key_arn
  kms_data_key_reuse_period_seconds = 300

  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })
}

locals {
  from_topic = {
    Sid       = "FromTheTopic"
    Effect    = "Allow"
    Principal = { Service = "sns.amazonaws.com" }
    Action    = "sqs:SendMessage"
    Condition = { ArnEquals = { "aws:SourceArn" = var.topic_arn } }
  }
  # A refusal for everybody: the one kind of statement with * for a principal.
  only_tls = {
    Sid       = "OnlyTLS"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in [local.from_topic, local.only_tls] : merge(s, { Resource = local.queue_arn })]
  })
}

# Who sends to this one is the consumer, by its role, and SQS itself.
resource "aws_sqs_queue_policy" "dlq" {
  queue_url = aws_sqs_queue.dlq.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.only_tls, { Resource = local.dlq_arn })]
  })
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in [local.from_topic, local.only_tls] : merge(s, { Resource = local.undelivered_arn })]
  })
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn            = var.topic_arn
  protocol             = "sqs"
  endpoint             = local.queue_arn
  raw_message_delivery = var.settings.raw_delivery

  filter_policy       = length(var.settings.filter_policy) > 0 ? jsonencode(var.settings.filter_policy) : null
  filter_policy_scope = length(var.settings.filter_policy) > 0 ? { attributes = "MessageAttributes", body = "MessageBody" }[var.settings.filter_scope] : null

  redrive_policy = jsonencode({ deadLetterTargetArn = local.undelivered_arn })

  depends_on = [aws_sqs_queue_policy.this, aws_sqs_queue_policy.undelivered]
}
