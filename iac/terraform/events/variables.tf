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

variable "consumer_packages" {
  description = "The zip of each consumer, with its program named bootstrap, by the consumer's name: its place in S3, and its SHA-256 in base64."
  type = map(object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  }))

  validation {
    condition     = toset(keys(var.consumer_packages)) == toset(keys(module.pipeline.settings.consumers))
    error_message = "Must have exactly the consumers of the description: ${join(", ", keys(module.pipeline.settings.consumers))}."
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

variable "rollback_alarms" {
  description = "Whether deployments are watched by the alarms that roll back. Those are made by observability, after this module: off for the very first apply of an environment, and never again. Defaults to on."
  type        = bool
  default     = true
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
