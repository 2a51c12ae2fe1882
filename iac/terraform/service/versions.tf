terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.34"
    }
  }

  # bucket, key and region come with terraform init: see README.md. No encrypt: the
  # bucket encrypts with the key of states, encrypt alone would ask for AES256.
  backend "s3" {
    use_lockfile = true
  }
}

provider "aws" {
  region = module.pipeline.settings.region

  default_tags {
    tags = module.pipeline.tags
  }

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]

    content {
      role_arn = assume_role.value
    }
  }
}
