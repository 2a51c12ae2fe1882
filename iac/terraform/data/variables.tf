variable "environment" {
  description = "The environment: that of tracehaul.yaml, or a file in environments/."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$", var.environment))
    error_message = "Must be lower-case letters, digits and hyphens, 10 at most, such as prod."
  }
}

variable "role_arn" {
  description = "ARN of the role to work with. Defaults to the credentials that Terraform finds."
  type        = string
  default     = null

  validation {
    condition     = var.role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.role_arn))
    error_message = "Must be the ARN of a role."
  }
}

variable "state_bucket" {
  description = "The bucket with the states of the modules before this one: that of -backend-config."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "Must be the name of a bucket."
  }
}

variable "state_region" {
  description = "The region of that bucket. Defaults to the pipeline's."
  type        = string
  default     = null

  validation {
    condition     = var.state_region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.state_region))
    error_message = "Must be an AWS region such as eu-central-1."
  }
}

variable "migrate_package" {
  description = "The zip with cmd/migrate, named bootstrap, and the authorities of RDS (database_ca_file): its place in S3, and its SHA-256 in base64. Defaults to no function: the migrations are run some other way."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  })
  default = null
}

variable "migrate_timeout_seconds" {
  description = "How long all migrations of one deploy may take. Defaults to 900 seconds, Lambda's most."
  type        = number
  default     = 900

  validation {
    condition     = var.migrate_timeout_seconds >= 1 && var.migrate_timeout_seconds <= 900
    error_message = "Must be 1 to 900."
  }
}

variable "database_ca_file" {
  description = "The authorities that sign RDS's certificates, in the packages: AWS's global-bundle.pem."
  type        = string
  default     = "/var/task/certs/rds-global-bundle.pem"

  validation {
    condition     = startswith(var.database_ca_file, "/var/task/")
    error_message = "Must be a file of the package, below /var/task/."
  }
}

variable "signing_profile_version_arns" {
  description = "ARNs of the AWS Signer profile versions whose packages are taken; all others are refused. Defaults to none: packages need no signature."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.signing_profile_version_arns : can(regex("^arn:aws[a-z-]*:signer:", arn))])
    error_message = "Each must be the ARN of a signing profile version."
  }
}

variable "insights_mode" {
  description = "CloudWatch Database Insights: standard keeps 7 days, advanced costs more and keeps 15 months."
  type        = string
  default     = "standard"

  validation {
    condition     = contains(["standard", "advanced"], var.insights_mode)
    error_message = "Must be standard or advanced."
  }
}
