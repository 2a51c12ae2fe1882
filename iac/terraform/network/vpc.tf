data "aws_availability_zones" "available" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, local.settings.network.zones)
  cidr  = local.settings.network.cidr

  # Three quarters of the range are private: tasks, functions and endpoints need
  # the addresses. The last quarter holds the public subnets, and at its end
  # those of the database, which Aurora spreads over three zones at most. With a
  # range of /22 the smallest of them are /27 (a load balancer needs that) and
  # /28.
  private_bits = local.settings.network.zones <= 3 ? 2 : 3
  subnets = {
    private  = { for i, zone in local.zones : zone => cidrsubnet(local.cidr, local.private_bits, i) }
    public   = { for i, zone in local.zones : zone => cidrsubnet(local.cidr, 5, 24 + i) }
    database = { for i, zone in slice(local.zones, 0, min(3, length(local.zones))) : zone => cidrsubnet(local.cidr, 6, 60 + i) }
  }
}

resource "aws_vpc" "this" {
  cidr_block           = local.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = local.prefix }
}

# Nothing uses the default security group; without rules, nothing can.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.prefix}-unused" }
}

# Nor does a subnet use the default ACL: a subnet that somebody adds by hand is
# cut off.
resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  tags = { Name = "${local.prefix}-unused" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = local.prefix }
}

resource "aws_subnet" "public" {
  for_each = local.subnets.public

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${local.prefix}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.subnets.private

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${local.prefix}-private-${each.key}" }
}

resource "aws_subnet" "database" {
  for_each = local.subnets.database

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${local.prefix}-database-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.prefix}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

# No route leads out of the private subnets: there is no NAT gateway. The
# gateway endpoint of S3 adds its own.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.prefix}-private" }
}

resource "aws_route_table" "database" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.prefix}-database" }
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

resource "aws_route_table_association" "database" {
  for_each = aws_subnet.database

  subnet_id      = each.value.id
  route_table_id = aws_route_table.database.id
}
