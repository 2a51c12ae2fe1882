# What the modules before this one have made.
locals {
  authentication = local.settings.edge.authentication

  state = {
    bucket      = var.state_bucket
    region      = coalesce(var.state_region, local.region)
    assume_role = var.role_arn == null ? null : { role_arn = var.role_arn }
  }
}

data "terraform_remote_state" "bootstrap" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/bootstrap.tfstate" })
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/network.tfstate" })
}

data "terraform_remote_state" "events" {
  backend = "s3"
  config  = merge(local.state, { key = "${local.prefix}/events.tfstate" })
}

locals {
  repository_url = data.terraform_remote_state.bootstrap.outputs.repository_urls["service"]

  # With telemetry.export: collector.
  collector_repository_url = try(data.terraform_remote_state.bootstrap.outputs.repository_urls["collector"], "")

  identity = data.terraform_remote_state.bootstrap.outputs.identity
  network  = data.terraform_remote_state.network.outputs
  events   = data.terraform_remote_state.events.outputs
}
