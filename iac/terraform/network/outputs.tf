output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Ids of the public subnets: for the load balancer, and nothing else."
  value       = [for subnet in aws_subnet.public : subnet.id]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets: for tasks and functions."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "database_subnet_ids" {
  description = "Ids of the database's subnets."
  value       = [for subnet in aws_subnet.database : subnet.id]
}

output "security_group_ids" {
  description = "Ids of the security groups: load-balancer, service, functions, database, endpoints."
  value       = { for name, group in aws_security_group.this : name => group.id }
}

output "reaches" {
  description = "What there is a way to beside the services that all need: cognito for the load balancer, sessions of ECS Exec for tasks."
  value       = { cognito = local.cognito, sessions = var.execute_command }
}

output "log_key_arn" {
  description = "ARN of the key of all log groups."
  value       = module.log_key.arn
}
