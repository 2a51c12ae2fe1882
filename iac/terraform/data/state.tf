# What the module before this one has made.
data "terraform_remote_state" "network" {
  backend = "s3"

  config = {
    bucket      = var.state_bucket
    key         = "${local.prefix}/network.tfstate"
    region      = coalesce(var.state_region, local.region)
    assume_role = var.role_arn == null ? null : { role_arn = var.role_arn }
  }
}

locals {
  network = data.terraform_remote_state.network.outputs
}
