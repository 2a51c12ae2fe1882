# Network ACLs have no memory: what answers needs a rule of its own. They are the
# second lock; security_groups.tf is the first, and finer.
locals {
  service_port = local.settings.service.port

  # Ports that connections come back to.
  ephemeral = { from = 1024, to = 65535 }

  acls = {
    public = {
      subnets = aws_subnet.public
      ingress = concat(
        [for port in [443, 80] : { from = port, to = port, cidr = "0.0.0.0/0" }],
        # Answers of the tasks, and of Cognito, whose keys the load balancer reads.
        [merge(local.ephemeral, { cidr = "0.0.0.0/0" })],
      )
      egress = concat(
        [merge(local.ephemeral, { cidr = "0.0.0.0/0" })], # answers to clients, requests to tasks
        local.cognito ? [{ from = 443, to = 443, cidr = "0.0.0.0/0" }] : [],
      )
    }
    private = {
      subnets = aws_subnet.private
      ingress = concat(
        [for cidr in values(local.subnets.public) : { from = local.service_port, to = local.service_port, cidr = cidr }],
        # To the endpoints, from the other zones.
        [for cidr in values(local.subnets.private) : { from = 443, to = 443, cidr = cidr }],
        # Answers: of S3, whose addresses are public ones, and of everything else.
        [merge(local.ephemeral, { cidr = "0.0.0.0/0" })],
      )
      egress = concat(
        [{ from = 443, to = 443, cidr = "0.0.0.0/0" }], # endpoints, and S3 by its gateway; no route leads further
        [for cidr in values(local.subnets.database) : { from = 5432, to = 5432, cidr = cidr }],
        [merge(local.ephemeral, { cidr = local.cidr })],
      )
    }
    database = {
      subnets = aws_subnet.database
      ingress = [for cidr in values(local.subnets.private) : { from = 5432, to = 5432, cidr = cidr }]
      egress  = [for cidr in values(local.subnets.private) : merge(local.ephemeral, { cidr = cidr })]
    }
  }
}

resource "aws_network_acl" "this" {
  for_each = local.acls

  vpc_id     = aws_vpc.this.id
  subnet_ids = [for subnet in each.value.subnets : subnet.id]

  dynamic "ingress" {
    for_each = each.value.ingress

    content {
      rule_no    = 100 + 10 * ingress.key
      action     = "allow"
      protocol   = "tcp"
      from_port  = ingress.value.from
      to_port    = ingress.value.to
      cidr_block = ingress.value.cidr
    }
  }

  dynamic "egress" {
    for_each = each.value.egress

    content {
      rule_no    = 100 + 10 * egress.key
      action     = "allow"
      protocol   = "tcp"
      from_port  = egress.value.from
      to_port    = egress.value.to
      cidr_block = egress.value.cidr
    }
  }

  tags = { Name = "${local.prefix}-${each.key}" }
}
