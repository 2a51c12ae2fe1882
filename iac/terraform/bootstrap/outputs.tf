output "state_bucket" {
  description = "The bucket for -backend-config and state_bucket."
  value       = module.state.name
}

output "state_keys" {
  description = "By module, the key for -backend-config."
  value       = { for name in ["bootstrap", "network", "data", "events", "service", "observability"] : name => "${local.prefix}/${name}.tfstate" }
}

output "packages_bucket" {
  description = "The bucket for packages of functions."
  value       = module.packages.name
}

output "repository_urls" {
  description = "Addresses of the image repositories: service and, with a sidecar, collector."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "role_arns" {
  description = "ARNs of the roles of workflows: deploy and plan."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "identity" {
  description = "What verifies a token: issuer, keys, audience and scope; and where clients get one. Null without authentication."
  value = one([for pool in aws_cognito_user_pool.this : {
    user_pool_id     = pool.id
    user_pool_arn    = pool.arn
    user_pool_domain = aws_cognito_user_pool_domain.this[0].domain
    issuer           = "https://cognito-idp.${local.region}.amazonaws.com/${pool.id}"
    jwks_uri         = "https://cognito-idp.${local.region}.amazonaws.com/${pool.id}/.well-known/jwks.json"
    token_endpoint   = "https://${aws_cognito_user_pool_domain.this[0].domain}.auth.${local.region}.amazoncognito.com/oauth2/token"
    audience         = local.audience
    scope            = "${local.audience}/${local.scope}"
    login_client_id  = var.login_client_id
  }])
}

output "jwks_uri" {
  description = "Where the keys of the user pool are: what the variable jwks of service is made of. Empty without authentication."
  value       = try("https://cognito-idp.${local.region}.amazonaws.com/${aws_cognito_user_pool.this[0].id}/.well-known/jwks.json", "")
}
