output "database" {
  description = "How to reach the database: host, port, and the id that IAM policies name it by."
  value = {
    host        = aws_rds_cluster.this.endpoint
    port        = aws_rds_cluster.this.port
    resource_id = aws_rds_cluster.this.cluster_resource_id
  }
}

output "database_key_arn" {
  description = "ARN of the key that encrypts the database and its secrets."
  value       = module.database_key.arn
}

output "consumer_secret_arn" {
  description = "ARN of the consumers' secret, if they authenticate with one."
  value       = one(aws_secretsmanager_secret.consumer[*].arn)
}

output "owner_secret_arn" {
  description = "ARN of the secret of the database's owner, which RDS manages. Only the migrations read it."
  value       = local.owner_secret_arn
}

output "migrate_function" {
  description = "The function to invoke before a deploy of the consumers, and the version to invoke. Null without a package."
  value       = one([for m in module.migrate : { name = local.names.migrate.function, version = m.version }])
}
