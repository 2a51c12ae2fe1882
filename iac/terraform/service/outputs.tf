output "load_balancer" {
  description = "End of the load balancer's ARN, app/NAME/ID: what alarms name it by."
  value       = aws_lb.this.arn_suffix
}

output "target_groups" {
  description = "Ends of the ARNs of the target groups a and b."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn_suffix }
}

output "certificate" {
  description = "ARN of the domain's certificate. Null without a domain."
  value       = one(aws_acm_certificate.this[*].arn)
}

output "alb_spans" {
  description = "Whether there is a function for the load balancer's spans, with a log group that alarms look at."
  value       = local.alb_spans
}

output "address" {
  description = "Where clients send events."
  value       = local.tls ? "https://${local.domain}/v1/events" : "http://${aws_lb.this.dns_name}/v1/events"
}

output "access_log_bucket" {
  description = "Name of the bucket with the access logs."
  value       = local.access_log_bucket
}

output "deployment" {
  description = "What to compare after a deploy: the task definition that was asked for, with the one that serves; and the alarms to look at before."
  value = {
    cluster         = local.names.cluster
    service         = local.names.service.name
    task_definition = aws_ecs_task_definition.this.arn
    alarms          = var.rollback_alarms ? module.pipeline.rollback_alarms[local.service.name] : []
  }
}
