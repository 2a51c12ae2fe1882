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

variable "github_repository" {
  description = "The repository on GitHub, owner/name, whose workflows deploy. Defaults to that of repository in tracehaul.yaml."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", coalesce(var.github_repository, "-")))
    error_message = "Must be owner/name."
  }
}

variable "create_oidc_provider" {
  description = "Whether to make GitHub's identity provider. An account has it once: off where it is there, as for the second environment of an account. Defaults to on."
  type        = bool
  default     = true
}
