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

variable "actions_enabled" {
  description = "Whether alarms tell anybody. Off for the first apply of an environment, until its metrics have begun: an alarm whose metric is missing may be on. Their states, and rollbacks, do not depend on it. Defaults to on."
  type        = bool
  default     = true
}

variable "notifier_package" {
  description = "The zip with cmd/notifier, named bootstrap, and pipeline.json of the environment beside it: its place in S3, and its SHA-256 in base64."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  })

  validation {
    condition     = endswith(var.notifier_package.key, ".zip") && can(regex("^[A-Za-z0-9+/]{43}=$", var.notifier_package.sha256))
    error_message = "Must have a key that ends with .zip, and a sha256 that is base64 of 32 bytes: openssl dgst -sha256 -binary FILE | base64."
  }
}

variable "pagerduty_url" {
  description = "Where PagerDuty takes events; in Europe, https://events.eu.pagerduty.com/v2/enqueue. Defaults to the one in the United States."
  type        = string
  default     = null

  validation {
    condition     = var.pagerduty_url == null || can(regex("^https://[^/]+/", var.pagerduty_url))
    error_message = "Must be an address such as https://events.eu.pagerduty.com/v2/enqueue."
  }
}

variable "slack_api_url" {
  description = "The address of Slack's Web API. Defaults to https://slack.com/api."
  type        = string
  default     = null

  validation {
    condition     = var.slack_api_url == null || can(regex("^https://[^/]+/", var.slack_api_url))
    error_message = "Must be an address such as https://slack.com/api."
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

variable "grafana" {
  description = "What Grafana needs for the data sources of dashboards in tracehaul.yaml, beyond their uids. principals, external_id and authentication (default, ec2_iam_role, grafana_assume_role): who it is in AWS. prometheus, tempo, loki: addresses, and the user where they ask for one. postgres: a user that can read and no more, RDS's authorities (PEM), and Grafana Cloud's network into the VPC. existing: kinds that are there already. Defaults to no data sources: others make them."
  type = object({
    principals     = optional(set(string), [])
    external_id    = optional(string)
    authentication = optional(string, "default")
    prometheus     = optional(object({ url = string, user = optional(string), interval = optional(string, "60s") }))
    tempo          = optional(object({ url = string, user = optional(string) }))
    loki           = optional(object({ url = string, user = optional(string) }))
    postgres       = optional(object({ user = optional(string, "grafana"), authorities = string, network = optional(string) }))
    existing       = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.grafana == null ? true : module.pipeline.settings.dashboards.grafana_url != ""
    error_message = "There is no dashboards.grafana_url in the description."
  }
  validation {
    condition     = var.grafana == null ? true : length(setsubtract(var.grafana.existing, ["cloudwatch", "prometheus", "tempo", "xray", "loki", "postgres"])) == 0
    error_message = "existing must be among cloudwatch, prometheus, tempo, xray, loki, postgres."
  }
  validation {
    condition = var.grafana == null ? true : alltrue([
      for kind in ["prometheus", "tempo", "loki", "postgres"] :
      module.pipeline.settings.dashboards["${kind}_uid"] == "" || contains(var.grafana.existing, kind) || var.grafana[kind] != null
    ])
    error_message = "Each of prometheus, tempo, loki and postgres whose uid is in the description must be given, or be in existing."
  }
  validation {
    condition = var.grafana == null ? true : alltrue([
      for kind in ["cloudwatch", "xray"] :
      module.pipeline.settings.dashboards["${kind}_uid"] == "" || contains(var.grafana.existing, kind) || length(var.grafana.principals) > 0
    ])
    error_message = "principals must say who reads CloudWatch and X-Ray, or both must be in existing."
  }
  validation {
    condition     = var.grafana == null ? true : alltrue([for arn in var.grafana.principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|role/.+)$", arn))])
    error_message = "Each of principals must be the ARN of a role, or of an account: arn:aws:iam::ACCOUNT:root."
  }
  validation {
    condition = var.grafana == null ? true : var.grafana.external_id != null || alltrue([
      for arn in var.grafana.principals : strcontains(arn, ":${data.aws_caller_identity.this.account_id}:")
    ])
    error_message = "A principal of another account needs an external_id."
  }
  validation {
    condition     = var.grafana == null ? true : contains(["default", "ec2_iam_role", "grafana_assume_role"], var.grafana.authentication)
    error_message = "authentication must be default, ec2_iam_role (Amazon Managed Grafana) or grafana_assume_role (Grafana Cloud)."
  }
  validation {
    condition     = var.grafana == null ? true : alltrue([for kind in ["prometheus", "tempo", "loki"] : var.grafana[kind] == null ? true : startswith(var.grafana[kind].url, "https://")])
    error_message = "Addresses must begin with https://."
  }
  validation {
    condition     = try(var.grafana.postgres, null) == null ? true : strcontains(var.grafana.postgres.authorities, "-----BEGIN CERTIFICATE-----")
    error_message = "The authorities must be certificates in PEM: those of AWS's global-bundle.pem."
  }
}
