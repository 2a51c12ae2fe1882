locals {
  topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account}:${local.names.topic}"
}

# Messages, in the topic and in all queues.
module "message_key" {
  source = "../modules/key"

  name        = "${local.prefix}-messages"
  description = "Messages of ${local.prefix}, in the topic and its queues."

  # SNS encrypts what it puts into a queue. It may do so for this topic alone.
  statements = [{
    Sid       = "TheTopicWritesToQueues"
    Effect    = "Allow"
    Principal = { Service = "sns.amazonaws.com" }
    Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
    Resource  = "*"
    Condition = { ArnEquals = { "aws:SourceArn" = local.topic_arn } }
  }]
}

resource "aws_sns_topic" "this" {
  name              = local.names.topic
  kms_master_key_id = module.message_key.arn
}

# Within the account IAM decides who publishes: the service's task role, and
# nobody else. This is about other accounts, and about TLS.
resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        # A team's account may subscribe queues of its own, and no others'.
        for account in local.settings.topic.subscriber_accounts : {
          Sid       = "Subscriber${account}"
          Effect    = "Allow"
          Principal = { AWS = "arn:${local.partition}:iam::${account}:root" }
          Action    = "sns:Subscribe"
          Resource  = local.topic_arn
          Condition = {
            StringEquals = { "sns:Protocol" = "sqs" }
            StringLike   = { "sns:Endpoint" = "arn:${local.partition}:sqs:*:${account}:*" }
          }
        }
      ],
      [{
        # A refusal for everybody: the one kind of statement with * for a
        # principal.
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })
}
