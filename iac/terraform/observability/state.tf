# What the modules before this one have made.
locals {
  has_database = can(local.names.database.cluster)

  state = {
    bucket      = var.state_bucket
    region      = coalesce(var.state_region, local.region)
    assume_role = var.role_arn == null ? null : { role_arn = var.role_arn }
  }
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/network.tfstate" })
}

data "terraform_remote_state" "data" {
  count = local.has_database ? 1 : 0

  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/data.tfstate" })
}

data "terraform_remote_state" "events" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/events.tfstate" })
}

data "terraform_remote_state" "service" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/service.tfstate" })
}

locals {
  network  = data.terraform_remote_state.network.outputs
  database = one(data.terraform_remote_state.data[*].outputs)
  events   = data.terraform_remote_state.events.outputs
  service  = data.terraform_remote_state.service.outputs
}
