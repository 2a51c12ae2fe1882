module "function" {
  source = "../function"

  name        = var.names.function
  description = var.settings.description
  role        = var.names.role
  log_group   = var.names.log_group

  package                 = var.package
  architecture            = var.settings.architecture
  memory_mb               = var.settings.memory_mb
  timeout_seconds         = var.settings.timeout_seconds
  environment             = merge(var.environment, { DEAD_LETTER_QUEUE_URL = aws_sqs_queue.dlq.url })
  vpc                     = var.vpc
  code_signing_config_arn = var.code_signing_config_arn
  deploy                  = var.deploy

  log_retention_days       = var.log_retention_days
  log_key_arn              = var.log_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  statements = concat([
    {
      # Lambda polls the queue with the function's role.
      Sid      = "WorkOff"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
      Resource = local.queue_arn
    },
    {
      Sid      = "PutAside"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = local.dlq_arn
    },
    {
      Sid       = "ReadAndWriteMessages"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.message_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "sqs.${var.region}.amazonaws.com" } }
    },
  ], var.statements)
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn = local.queue_arn
  function_name    = module.function.alias_arn

  batch_size                         = var.settings.batch_size
  maximum_batching_window_in_seconds = var.settings.batch_window_seconds

  # A message that fails comes again alone; its neighbours are done.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.settings.max_concurrency
  }

  depends_on = [aws_sqs_queue.this]
}
