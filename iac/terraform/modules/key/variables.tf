variable "name" {
  description = "Name of the key's alias, without alias/."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,200}$", var.name)) && !startswith(var.name, "aws")
    error_message = "Must be lower-case letters, digits and hyphens, and not begin with aws."
  }
}

variable "description" {
  description = "What the key encrypts."
  type        = string

  validation {
    condition     = length(var.description) > 0
    error_message = "Must say what the key encrypts."
  }
}

variable "statements" {
  description = "Statements of the key's policy for AWS services that use the key by themselves. Defaults to none."
  type        = any
  default     = []

  validation {
    condition     = alltrue([for s in var.statements : s.Effect == "Allow" && can(s.Principal.Service) && can(s.Condition)])
    error_message = "Each must allow a service, under a condition: roles get their rights by IAM."
  }
}
