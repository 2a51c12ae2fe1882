# Who may send events: a user pool that gives tokens to machines (client
# credentials) or lets people log in. It stands here, and not beside the load
# balancer, so that delivery can neither make clients nor change what a token
# says.
locals {
  authentication = local.settings.edge.authentication
  audience       = "https://${local.settings.edge.domain}"
  scope          = "events.write"
}

resource "aws_cognito_user_pool" "this" {
  count = local.authentication == "none" ? 0 : 1

  name                = "${local.prefix}-clients"
  deletion_protection = "ACTIVE"

  # Nobody signs up by themselves.
  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  mfa_configuration = "ON"

  software_token_mfa_configuration {
    enabled = true
  }

  password_policy {
    minimum_length                   = 14
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 1
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "admin_only"
      priority = 1
    }
  }
}

# Where tokens are asked for: https://DOMAIN.auth.REGION.amazoncognito.com/oauth2/token
# A pool with a domain answers nobody who comes by an interface endpoint ("Access
# Amazon Cognito using an interface endpoint", Amazon Cognito developer guide), so
# that tasks cannot read its keys: service is handed them.
resource "aws_cognito_user_pool_domain" "this" {
  count = local.authentication == "none" ? 0 : 1

  domain       = "${local.prefix}-${local.account}"
  user_pool_id = aws_cognito_user_pool.this[0].id
}

# What the tokens are for. Cognito puts no audience into a token of client
# credentials; the scope names it: IDENTIFIER/events.write.
resource "aws_cognito_resource_server" "this" {
  count = local.authentication == "jwt" ? 1 : 0

  identifier   = local.audience
  name         = local.names.service.name
  user_pool_id = aws_cognito_user_pool.this[0].id

  scope {
    scope_name        = local.scope
    scope_description = "Send events."
  }
}

# No client is made here, the load balancer's included, by which people log in: its
# secret would be in the state, which whoever plans reads. The load balancer asks
# Cognito for it. See README.md.
