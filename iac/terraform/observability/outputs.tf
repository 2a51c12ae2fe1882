output "alarm_topic_arns" {
  description = "ARNs of the topics that alarms are published to, by severity, and of the watchdog's."
  value       = local.inputs.alarm_topics
}

output "unconfirmed_watchdogs" {
  description = "Addresses that have not confirmed yet, and hear nothing: there must be none."
  value       = sort([for s in aws_sns_topic_subscription.watchdog : s.endpoint if s.pending_confirmation])
}

output "notifier" {
  description = "The function that takes alarms to people, the queue of what it could not deliver, and its table."
  value = {
    function = local.notifier.function
    version  = module.notifier.version
    dlq_url  = aws_sqs_queue.notifier_dlq.url
    table    = aws_dynamodb_table.notifier.name
  }
}

output "alarm_names" {
  description = "Names of all alarms."
  value       = local.alarms.alarm_names
}

output "rollback_alarm_names" {
  description = "Names of the alarms that roll deploys back, by component."
  value       = local.alarms.rollback_alarm_names
}

output "dashboards" {
  description = "Addresses of the dashboards in Grafana, by board, and the name of the one in CloudWatch."
  value       = merge({ grafana = {} }, local.dashboards)
}

output "grafana_role_arn" {
  description = "ARN of the role that Grafana reads AWS with. Null if it is not made here."
  value       = one(aws_iam_role.grafana[*].arn)
}
