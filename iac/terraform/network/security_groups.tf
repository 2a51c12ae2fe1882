# Who may talk to whom, in one place. All groups stand here, so that two modules
# can name each other's without waiting for each other.
#
#   internet -> load balancer -> service -----> endpoints
#                                functions --> endpoints, database
locals {
  groups = {
    load-balancer = "The load balancer: takes HTTPS from the internet."
    service       = "Tasks of the service."
    functions     = "Functions in the VPC: consumers, migrations, ALB spans."
    database      = "The Aurora cluster."
    endpoints     = "Interface endpoints of AWS services."
  }

  # From, to and port of every connection between groups.
  connections = {
    "load-balancer to service" = { from = "load-balancer", to = "service", port = local.service_port }
    "service to endpoints"     = { from = "service", to = "endpoints", port = 443 }
    "functions to endpoints"   = { from = "functions", to = "endpoints", port = 443 }
    "functions to database"    = { from = "functions", to = "database", port = 5432 }
  }
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${local.prefix}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.prefix}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "connection" {
  for_each = local.connections

  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "connection" {
  for_each = local.connections

  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# 80 is there to redirect, or, without a domain, to serve.
resource "aws_vpc_security_group_ingress_rule" "internet" {
  for_each = toset(local.settings.edge.domain == "" ? ["80"] : ["443", "80"])

  security_group_id = aws_security_group.this["load-balancer"].id
  description       = "Clients"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# The load balancer logs people in at the user pool, or, if it checks tokens, reads
# the keys there. Else it reaches nothing outside.
locals {
  cognito = local.settings.edge.authentication == "cognito" || local.settings.edge.authentication == "jwt" && var.verify_at_load_balancer
}

resource "aws_vpc_security_group_egress_rule" "cognito" {
  count = local.cognito ? 1 : 0

  security_group_id = aws_security_group.this["load-balancer"].id
  description       = "Cognito"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Layers of images, and access logs, by the gateway endpoint.
resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = toset(["service", "functions"])

  security_group_id = aws_security_group.this[each.value].id
  description       = "S3"
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "database_client" {
  for_each = var.database_clients

  security_group_id            = aws_security_group.this["database"].id
  referenced_security_group_id = each.value
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
