output "topic_arn" {
  description = "ARN of the topic: what the service publishes to, and other teams subscribe to."
  value       = local.topic_arn
}

output "message_key_arn" {
  description = "ARN of the key that encrypts messages: the service needs it to publish."
  value       = module.message_key.arn
}

output "deployments" {
  description = "By consumer, what a deployment is started with: application, group, function, alias, the version that this apply published, and the alarms to look at before."
  value       = { for name, consumer in module.consumer : name => consumer.deployment }
}
