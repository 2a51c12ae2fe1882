# The topics that alarms are published to: one for each severity, and one for what
# watches the way to people, past everything that may be broken then.
locals {
  sns_arn     = "arn:${local.partition}:sns:${local.region}:${local.account}"
  sqs_arn     = "arn:${local.partition}:sqs:${local.region}:${local.account}"
  topic_names = local.names.alarm_topics
  alarm_arns  = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${local.prefix}-*"

  # The notifier hears of everything but its own failure.
  heard = [for name in sort(keys(local.topic_names)) : name if name != "watchdog"]
}

module "alarm_key" {
  source = "../modules/key"

  name        = "${local.prefix}-alarms"
  description = "Messages about alarms of ${local.prefix}, and what the notifier remembers."

  statements = [
    {
      # CloudWatch has no role: it publishes as itself, for one alarm at a time.
      Sid       = "AlarmsPublish"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = "*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = local.alarm_arns }
      }
    },
    {
      # SNS puts what it cannot deliver into the notifier's queue.
      Sid       = "TopicsWriteToTheQueue"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = "*"
      Condition = { ArnEquals = { "aws:SourceArn" = [for name in local.heard : "${local.sns_arn}:${local.topic_names[name]}"] } }
    },
  ]
}

resource "aws_sns_topic" "alarms" {
  for_each = local.topic_names

  name              = each.value
  kms_master_key_id = module.alarm_key.arn
}

resource "aws_sns_topic_policy" "alarms" {
  for_each = aws_sns_topic.alarms

  arn = each.value.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "${local.sns_arn}:${each.value.name}"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account }
          ArnLike      = { "aws:SourceArn" = local.alarm_arns }
        }
      },
      {
        # Nobody else, whatever IAM allows them: a message that no alarm has sent
        # would ring all the same. Who comes without a source is refused, too.
        Sid       = "OnlyAlarms"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "${local.sns_arn}:${each.value.name}"
        Condition = { ArnNotLike = { "aws:SourceArn" = local.alarm_arns } }
      },
      {
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = "${local.sns_arn}:${each.value.name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# Each address gets a mail, and hears nothing until it has confirmed: see
# unconfirmed_watchdogs in the outputs.
resource "aws_sns_topic_subscription" "watchdog" {
  for_each = toset(local.settings.routing.watchdog_emails)

  topic_arn = aws_sns_topic.alarms["watchdog"].arn
  protocol  = "email"
  endpoint  = each.value
}
