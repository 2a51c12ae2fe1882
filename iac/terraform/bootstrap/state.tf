# Where all states of the environment are. Locks are files beside them.
locals {
  state_bucket = "${local.prefix}-state-${local.account}"
}

module "state_key" {
  source = "../modules/key"

  name        = "${local.prefix}-state"
  description = "Terraform states of ${local.prefix}."
}

module "state" {
  source = "../modules/bucket"

  name    = local.state_bucket
  key_arn = module.state_key.arn
}

# Packages of functions, before Lambda takes them.
module "artifact_key" {
  source = "../modules/key"

  name        = "${local.prefix}-artifacts"
  description = "Images and packages of ${local.prefix}."
}

module "packages" {
  source = "../modules/bucket"

  name    = "${local.prefix}-packages-${local.account}"
  key_arn = module.artifact_key.arn
}
