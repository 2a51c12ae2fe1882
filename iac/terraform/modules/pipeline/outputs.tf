output "settings" {
  description = "The whole description with every default, in the shape of tracehaul.yaml, and the names below \"names\"."
  value       = local.settings

  precondition {
    condition     = length(local.stale) == 0
    error_message = "iac/terraform/pipelines/${var.environment}.json is not what the files say; run tracehaul generate. Different: ${join(", ", local.stale)}."
  }
  precondition {
    condition     = local.settings.environment == var.environment
    error_message = "iac/terraform/pipelines/${var.environment}.json describes ${local.settings.environment}; run tracehaul generate."
  }
}

output "names" {
  description = "Every name, by the keys of tracehaul pipeline names."
  value       = local.names
}

output "tags" {
  description = "The tags of every resource."
  value       = local.tags
}

output "rollback_alarms" {
  description = "Names of the alarms that roll a deploy back, by component: the service and each consumer."
  value       = local.rollback_alarms
}

output "service_environment" {
  description = "Environment variables that say where the service sends telemetry, and how much."
  value       = tomap(merge(local.common_environment, local.otel_service))
}

output "function_environment" {
  description = "The same for functions."
  value       = tomap(merge(local.common_environment, local.otel_function))
}

output "service_telemetry_statements" {
  description = "IAM statements that the service, or the collector beside it, needs to send telemetry."
  value       = [for s in local.telemetry_statements : s if local.export != "endpoint"]
}

output "function_telemetry_statements" {
  description = "The same for functions."
  value       = [for s in local.telemetry_statements : s if local.direct]
}
