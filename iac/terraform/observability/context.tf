# What every module here begins with: the description, and where it is applied.
module "pipeline" {
  source = "../modules/pipeline"

  environment = var.environment
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  settings  = module.pipeline.settings
  names     = module.pipeline.names
  prefix    = local.names.prefix
  region    = local.settings.region
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition

  # Made by bootstrap: what no role of the pipeline may ever go beyond.
  boundary_arn = "arn:${local.partition}:iam::${local.account}:policy/${local.prefix}-boundary"
}

# One environment's settings applied to another one's state would replace
# everything. This is the first thing that such a plan would replace, and it
# refuses.
resource "terraform_data" "environment" {
  triggers_replace = local.prefix

  lifecycle {
    prevent_destroy = true
  }
}
