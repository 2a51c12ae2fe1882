# X-Ray keeps spans in CloudWatch Logs when Transaction Search is on, and may write
# them there for this account ("Enable Transaction Search", Amazon CloudWatch user
# guide). Its log groups, aws/spans and the other one, are X-Ray's to make.
resource "aws_cloudwatch_log_resource_policy" "spans" {
  count = var.first_in_account && local.settings.telemetry.export == "cloudwatch" ? 1 : 0

  policy_name = "${local.prefix}-spans"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "XRayWritesSpans"
      Effect    = "Allow"
      Principal = { Service = "xray.amazonaws.com" }
      Action    = "logs:PutLogEvents"
      Resource = [for group in ["aws/spans", "/aws/application-signals/data"] :
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${group}:*"
      ]
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:xray:${local.region}:${local.account}:*" }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })
}
