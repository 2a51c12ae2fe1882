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

variable "image_tag" {
  description = "The version to run: the full SHA of a commit, which is the tag of its image, and service.version in all telemetry."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{40}$", var.image_tag))
    error_message = "Must be the 40 hexadecimal digits of a commit."
  }
}

variable "jwks" {
  description = "With edge.authentication: jwt, the public keys of the user pool, as JSON: curl of jwks_uri, an output of bootstrap. The service checks tokens with them; the network has no way to Cognito. Read anew at every deploy, so that new keys are known. Defaults to none."
  type        = string
  default     = ""

  validation {
    condition     = var.jwks == "" ? true : try(length(jsondecode(var.jwks).keys) > 0, false)
    error_message = "Must be a JSON Web Key Set: {\"keys\": [...]} with a key at least."
  }
}

variable "verify_at_load_balancer" {
  description = "Whether the load balancer checks tokens as well, before the service does; with edge.authentication: cognito it alone has people log in. AWS has documented that ECS cannot shift the weights of a rule that does anything but forward: try a canary and a rollback where they may fail first. Defaults to no: the service checks tokens."
  type        = bool
  default     = false
}

variable "rollback_alarms" {
  description = "Whether deployments are watched by the alarms that roll back. Those are made by observability, after this module: off for the very first apply of an environment, and never again. Defaults to on."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the load balancer is kept from being deleted. Defaults to yes."
  type        = bool
  default     = true
}

variable "execute_command" {
  description = "Whether people may run commands in the tasks (ECS Exec), if IAM lets them. It needs a root file system that can be written to, which the service does without otherwise. Defaults to no."
  type        = bool
  default     = false
}

variable "waf_count_rules" {
  description = "Rules of AWS's common rule set that count and do not block. Bodies of events are larger than the 8 KiB of SizeRestrictions_BODY. Defaults to that one."
  type        = set(string)
  default     = ["SizeRestrictions_BODY"]

  validation {
    condition     = alltrue([for name in var.waf_count_rules : can(regex("^[A-Za-z_]+$", name))])
    error_message = "Each must be the name of a rule, such as SizeRestrictions_BODY."
  }
}

variable "collector" {
  description = "With telemetry.export: collector, the sidecar: its image by digest, from the repository that bootstrap makes for it, since the tasks reach no other registry; a file of iac/collector without .yaml; the ARNs of secrets by the environment variable that the file reads; the key that encrypts them; and more variables, or others than those that the module sets. Defaults to none."
  type = object({
    image       = string
    config      = string
    secrets     = optional(map(string), {})
    secrets_key = optional(string)
    environment = optional(map(string), {})
    memory_mib  = optional(number, 128)
  })
  default = null

  validation {
    condition     = var.collector == null ? true : can(regex("\\.dkr\\.ecr\\..*@sha256:[0-9a-f]{64}$", var.collector.image))
    error_message = "The image must be in ECR and named by its digest: ...@sha256:..."
  }
  validation {
    condition     = var.collector == null ? true : fileexists("${path.module}/../../collector/${var.collector.config}.yaml")
    error_message = "The config must be one of cloudwatch, grafana and dynatrace, or another file of iac/collector."
  }
  validation {
    condition     = var.collector == null ? true : alltrue([for arn in values(var.collector.secrets) : can(regex("^arn:aws[a-z-]*:secretsmanager:", arn))])
    error_message = "Secrets must be ARNs of Secrets Manager."
  }
}

variable "albspans_package" {
  description = "The zip with the function that turns access logs into spans, named bootstrap: its place in S3, and its SHA-256 in base64. Defaults to no function; the service then hangs its spans under none of the load balancer's, and module observability asks for edge.alb_spans: false."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  })
  default = null
}
