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

variable "github_owner_id" {
  description = "The number of the repository's owner, of which GitHub's subjects have one if the repository is made, renamed or moved after 15 July 2026: gh api repos/OWNER/NAME --jq .owner.id. Goes with github_repository_id. Defaults to subjects without numbers."
  type        = string
  default     = null

  validation {
    condition     = var.github_owner_id == null || can(regex("^[1-9][0-9]*$", coalesce(var.github_owner_id, "-")))
    error_message = "Must be a number, such as 583231."
  }
  validation {
    condition     = (var.github_owner_id == null) == (var.github_repository_id == null)
    error_message = "github_owner_id and github_repository_id go together: set both, or neither."
  }
}

variable "github_repository_id" {
  description = "The number of the repository: gh api repos/OWNER/NAME --jq .id. Goes with github_owner_id. Defaults to subjects without numbers."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository_id == null || can(regex("^[1-9][0-9]*$", coalesce(var.github_repository_id, "-")))
    error_message = "Must be a number, such as 1296269."
  }
}

variable "login_client_id" {
  description = "With edge.authentication: cognito, the ID of the load balancer's client of the user pool, by which people log in: see README.md. Defaults to none, as at first there is no pool to make it in; the module service then cannot be applied."
  type        = string
  default     = null

  validation {
    condition     = var.login_client_id == null || can(regex("^[a-z0-9]{1,128}$", coalesce(var.login_client_id, "-")))
    error_message = "Must be the ID of a client, such as 1h57kf5cpq17m0eml12example: lower-case letters and digits."
  }
}

variable "first_in_account" {
  description = "Whether this is the first environment of its account and region, which makes what there is once: GitHub's identity provider, and X-Ray's right to write spans. Defaults to yes."
  type        = bool
  default     = true
}
