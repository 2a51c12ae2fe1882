output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "alias_arn" {
  description = "ARN of the alias live."
  value       = aws_lambda_alias.live.arn
}

output "version" {
  description = "The version that the last apply published: what a deployment moves the alias to."
  value       = aws_lambda_function.this.version
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "deployment" {
  description = "What a deployment is started with: application, group, function, alias, the version to go to, and the alarms to look at before. Null without CodeDeploy."
  value = var.deploy == null ? null : {
    application = aws_codedeploy_app.this[0].name
    group       = aws_codedeploy_deployment_group.live[0].deployment_group_name
    function    = aws_lambda_function.this.function_name
    alias       = aws_lambda_alias.live.name
    version     = aws_lambda_function.this.version
    alarms      = var.deploy.alarms
  }
}
