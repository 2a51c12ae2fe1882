# The function that makes the load balancer's spans of its access log: see
# docs/albspans.md. S3 tells it of every new file, each five minutes' of a node of
# the load balancer.
locals {
  albspans_dlq_arn = local.alb_spans ? "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.names.albspans.dlq}" : null

  # The sampler is the service's, so that both decide alike on each trace.
  albspans_environment = merge(module.pipeline.function_environment, {
    OTEL_SERVICE_NAME        = "${local.settings.product}-albspans"
    OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=${local.settings.environment}"
    ALB_SERVICE_NAME         = "${local.settings.product}-load-balancer"
  })
}

module "albspans" {
  source = "../modules/function"
  count  = local.alb_spans ? 1 : 0

  name        = local.names.albspans.function
  description = "Makes spans of the access log of ${local.names.load_balancer}."
  role        = local.names.albspans.role
  log_group   = local.names.albspans.log_group

  package         = var.albspans_package
  architecture    = "arm64"
  memory_mb       = 512 # and with it about a third of a processor
  timeout_seconds = 900 # a file of a busy node has a million lines
  environment     = local.albspans_environment

  dead_letter_queue_arn = local.albspans_dlq_arn

  statements = concat(module.pipeline.function_telemetry_statements, [
    {
      Sid      = "ReadAccessLogs"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "${local.access_log_arn}/AWSLogs/${local.account}/*"
    },
    {
      Sid      = "PutAside"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = local.albspans_dlq_arn
    },
    {
      Sid       = "EncryptLetters"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = local.events.message_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
    },
  ])

  vpc = {
    subnet_ids         = local.network.private_subnet_ids
    security_group_ids = [local.network.security_group_ids["functions"]]
  }

  log_retention_days       = local.settings.telemetry.log_retention_days
  log_key_arn              = local.network.log_key_arn
  permissions_boundary_arn = local.boundary_arn

  depends_on = [aws_sqs_queue.albspans_dlq]
}

# What S3 said of files that were given up: the alarm spans-lost is on while one is
# here. Somebody gives it to the function again, see docs/runbooks/spans-lost.md.
resource "aws_sqs_queue" "albspans_dlq" {
  count = local.alb_spans ? 1 : 0

  name                      = local.names.albspans.dlq
  message_retention_seconds = 14 * 24 * 60 * 60

  kms_master_key_id                 = local.events.message_key_arn
  kms_data_key_reuse_period_seconds = 300

  # It is the dead-letter queue of a function, and of no queue.
  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })
}

resource "aws_sqs_queue_policy" "albspans_dlq" {
  count = local.alb_spans ? 1 : 0

  queue_url = aws_sqs_queue.albspans_dlq[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = local.albspans_dlq_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# A file that was not read to its end, or whose spans nobody took, is read again.
# Its spans have the same ids each time.
resource "aws_lambda_function_event_invoke_config" "albspans" {
  count = local.alb_spans ? 1 : 0

  function_name                = local.names.albspans.function
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  depends_on = [module.albspans]
}

resource "aws_lambda_permission" "access_logs" {
  count = local.alb_spans ? 1 : 0

  statement_id   = "access-logs"
  function_name  = local.names.albspans.function
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = local.access_log_arn
  source_account = local.account

  depends_on = [module.albspans]
}

resource "aws_s3_bucket_notification" "access_logs" {
  count = local.alb_spans ? 1 : 0

  bucket = aws_s3_bucket.access_logs.id

  lambda_function {
    lambda_function_arn = module.albspans[0].arn
    events              = ["s3:ObjectCreated:*"]
    # No narrower: the day's folder stands before the name, by which other logs of
    # a load balancer differ. The function leaves those alone.
    filter_prefix = "AWSLogs/${local.account}/elasticloadbalancing/${local.region}/"
    filter_suffix = ".log.gz"
  }

  depends_on = [aws_lambda_permission.access_logs]
}
