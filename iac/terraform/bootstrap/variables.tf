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

variable "first_in_account" {
  description = "Whether this is the first environment of its account and region, which makes what there is once: GitHub's identity provider, and X-Ray's right to write spans. Defaults to yes."
  type        = bool
  default     = true
}
