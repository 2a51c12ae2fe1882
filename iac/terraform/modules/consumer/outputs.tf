output "queue_arn" {
  description = "ARN of the queue."
  value       = local.queue_arn
}

output "dlq_url" {
  description = "URL of the dead-letter queue."
  value       = aws_sqs_queue.dlq.url
}

output "deployment" {
  description = "What a deployment of the function is started with."
  value       = module.function.deployment
}
