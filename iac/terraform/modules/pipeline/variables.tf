variable "environment" {
  description = "Name of the environment: that of tracehaul.yaml, or of a file in environments/."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$", var.environment))
    error_message = "Must be lower-case letters, digits and hyphens, 10 at most, such as prod."
  }
  validation {
    condition     = fileexists("${coalesce(var.root, "${path.module}/../../../..")}/iac/terraform/pipelines/${var.environment}.json")
    error_message = "There is no iac/terraform/pipelines/${var.environment}.json: add environments/${var.environment}.yaml and run tracehaul generate."
  }
}

variable "root" {
  description = "Directory of tracehaul.yaml. Defaults to the root of this repository."
  type        = string
  default     = null

  validation {
    condition     = var.root == null || fileexists("${coalesce(var.root, ".")}/tracehaul.yaml")
    error_message = "Must be a directory that has a tracehaul.yaml."
  }
}
