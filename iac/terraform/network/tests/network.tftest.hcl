mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition     = aws_vpc.this.cidr_block == "10.20.0.0/16" && aws_vpc.this.tags.Name == "dev-orders"
    error_message = "The VPC has the range and the name of the description."
  }
  assert {
    condition     = aws_cloudwatch_log_group.flow.name == "/vpc/dev-orders" && aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "Flow logs are kept as long as the description says."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  # Subnets

  assert {
    condition = (
      [for s in values(aws_subnet.private) : s.cidr_block] == ["10.22.0.0/18", "10.22.64.0/18", "10.22.128.0/18"] &&
      [for s in values(aws_subnet.public) : s.cidr_block] == ["10.22.192.0/21", "10.22.200.0/21", "10.22.208.0/21"] &&
      [for s in values(aws_subnet.database) : s.cidr_block] == ["10.22.240.0/22", "10.22.244.0/22", "10.22.248.0/22"]
    )
    error_message = "Three subnets of each kind, in one range each."
  }
  assert {
    condition     = keys(aws_subnet.private) == ["eu-central-1a", "eu-central-1b", "eu-central-1c"] && keys(aws_subnet.public) == keys(aws_subnet.private)
    error_message = "One subnet in each of three zones."
  }
  assert {
    condition     = !anytrue([for s in concat(values(aws_subnet.private), values(aws_subnet.public), values(aws_subnet.database)) : s.map_public_ip_on_launch])
    error_message = "Nothing gets a public address by being there."
  }

  # Ways in and out

  assert {
    condition     = aws_route.internet.route_table_id == aws_route_table.public.id && aws_route.internet.nat_gateway_id == null
    error_message = "The only route out is that of the public subnets; there is no NAT gateway."
  }
  assert {
    condition = toset(keys(aws_vpc_endpoint.interface)) == toset([
      "ecr.api", "ecr.dkr", "logs", "sns", "sqs", "secretsmanager", "kms", "xray", "monitoring", "sts",
    ])
    error_message = "Programs reach the services that they call, and no others."
  }
  assert {
    condition = alltrue([for e in values(aws_vpc_endpoint.interface) :
      e.private_dns_enabled && e.vpc_endpoint_type == "Interface" && length(e.subnet_ids) > 0
    ]) && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "Endpoints answer to the services' own names; S3's is a gateway."
  }

  # Endpoint policies

  assert {
    condition = alltrue(flatten([for e in values(aws_vpc_endpoint.interface) : [for s in jsondecode(e.policy).Statement :
      s.Principal == { AWS = "arn:aws:iam::111122223333:root" } && !contains(flatten([s.Action]), "*") && !anytrue([for a in flatten([s.Action]) : endswith(a, ":*")])
    ]]))
    error_message = "An interface endpoint is for this account, and for named actions."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_vpc_endpoint.interface["sns"].policy).Statement : s.Resource == ["arn:aws:sns:eu-central-1:111122223333:prod-orders-order"]]) && alltrue([
      for s in jsondecode(aws_vpc_endpoint.interface["sqs"].policy).Statement : s.Resource == ["arn:aws:sqs:eu-central-1:111122223333:prod-intake-order-*"]
    ])
    error_message = "Messages go to this pipeline's topic and queues."
  }
  assert {
    condition = toset([for name, e in aws_vpc_endpoint.interface : name if anytrue([for s in jsondecode(e.policy).Statement : contains(s.Resource, "*")])]) == toset(
      ["ecr.api", "monitoring", "sts", "xray"]
    )
    error_message = "Only actions that take no resource are allowed on all."
  }
  assert {
    condition = alltrue([for s in jsondecode(aws_vpc_endpoint.s3.policy).Statement : s.Action == "s3:GetObject" && s.Resource != "*"]) && alltrue([
      for s in jsondecode(aws_vpc_endpoint.s3.policy).Statement : can(s.Condition.StringEquals["aws:PrincipalAccount"]) if s.Sid != "ImageLayers"
    ])
    error_message = "From S3 images' layers and access logs are read; nothing is written."
  }

  # Security groups

  assert {
    condition = {
      for name, rule in aws_vpc_security_group_ingress_rule.connection : name => rule.from_port
      } == {
      "load-balancer to service" = 8080
      "service to endpoints"     = 443
      "functions to endpoints"   = 443
      "functions to database"    = 5432
    }
    error_message = "Who may talk to whom."
  }
  assert {
    condition     = toset([for r in values(aws_vpc_security_group_ingress_rule.internet) : r.from_port]) == toset([443, 80]) && toset(keys(aws_vpc_security_group_ingress_rule.internet)) == toset(["443", "80"])
    error_message = "From the internet: 443, and 80 to be redirected."
  }
  assert {
    condition     = alltrue([for r in values(aws_vpc_security_group_egress_rule.connection) : r.cidr_ipv4 == null]) && length(aws_vpc_security_group_egress_rule.cognito) == 0 && output.reaches == { cognito = false, sessions = false }
    error_message = "Nothing reaches addresses outside."
  }

  # Network ACLs

  assert {
    condition     = toset([for r in aws_network_acl.this["database"].ingress : "${r.cidr_block} ${r.from_port}"]) == toset(["10.22.0.0/18 5432", "10.22.64.0/18 5432", "10.22.128.0/18 5432"])
    error_message = "The database's subnets take PostgreSQL from the private ones."
  }
  assert {
    condition     = alltrue([for r in aws_network_acl.this["database"].egress : startswith(r.cidr_block, "10.22.") && r.from_port == 1024])
    error_message = "The database's subnets answer, and begin nothing."
  }
  assert {
    condition     = !anytrue([for r in aws_network_acl.this["public"].ingress : r.cidr_block == "0.0.0.0/0" && r.from_port < 1024 && !contains([80, 443], r.from_port)])
    error_message = "Of the well-known ports the public subnets take 80 and 443."
  }
  assert {
    condition     = alltrue([for acl in values(aws_network_acl.this) : alltrue([for r in concat(tolist(acl.ingress), tolist(acl.egress)) : r.protocol == "tcp" && r.action == "allow"])])
    error_message = "Nothing but TCP."
  }

  # Flow logs

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == module.log_key.arn
    error_message = "All traffic is logged, encrypted."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.flow.policy).Statement[0].Resource == "arn:aws:logs:eu-central-1:111122223333:log-group:/vpc/prod-orders:*"
    error_message = "Flow logs are written to their own log group."
  }
  assert {
    condition     = aws_iam_role.flow.permissions_boundary == "arn:aws:iam::111122223333:policy/prod-orders-boundary"
    error_message = "Roles are bounded."
  }
  assert {
    condition     = module.pipeline.tags["environment"] == "prod"
    error_message = "Resources are tagged with their environment."
  }
}

run "prod_with_more" {
  command = plan
  variables {
    environment      = "prod"
    endpoint_zones   = 1
    private_links    = { grafana = { service_name = "com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0" } }
    database_clients = { bastion = "sg-0fedcba9876543210" }
  }

  assert {
    condition     = aws_vpc_endpoint.private_link["grafana"].private_dns_enabled && aws_vpc_endpoint.private_link["grafana"].vpc_endpoint_type == "Interface"
    error_message = "Somebody else's service, by its own name."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.database_client["bastion"].from_port == 5432
    error_message = "A bastion reaches the database."
  }
  assert {
    condition     = length(local.endpoint_subnets) == 1
    error_message = "Endpoints in one zone."
  }
}

run "prod_with_tokens_checked_twice" {
  command = plan
  variables {
    environment             = "prod"
    verify_at_load_balancer = true
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.cognito[0].to_port == 443 && output.reaches == { cognito = true, sessions = false }
    error_message = "Only the load balancer reaches addresses outside, and only with HTTPS."
  }
  assert {
    condition     = anytrue([for r in aws_network_acl.this["public"].egress : r.cidr_block == "0.0.0.0/0" && r.from_port == 443])
    error_message = "The network ACL lets it."
  }
}

run "prod_with_exec" {
  command = plan
  variables {
    environment     = "prod"
    execute_command = true
  }

  assert {
    condition = toset(flatten([for s in jsondecode(aws_vpc_endpoint.interface["ssmmessages"].policy).Statement : s.Action])) == toset([
      "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ])
    error_message = "Sessions of ECS Exec have a way out, if they are on."
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 11 && contains(flatten([for s in jsondecode(aws_vpc_endpoint.interface["logs"].policy).Statement : s.Action]), "logs:DescribeLogGroups")
    error_message = "All else is as it is without them."
  }
}

run "bad_variables" {
  command = plan
  variables {
    environment      = "prod"
    endpoint_zones   = 0
    private_links    = { grafana = { service_name = "https://grafana.example.com" } }
    database_clients = { bastion = "10.0.0.1" }
  }
  expect_failures = [var.endpoint_zones, var.private_links, var.database_clients]
}
