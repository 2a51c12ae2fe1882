variable "name" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "Must be lower-case letters, digits and hyphens, 63 at most."
  }
}

variable "key_arn" {
  description = "ARN of the key that encrypts the bucket."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "Must be the ARN of a KMS key."
  }
}

variable "old_version_days" {
  description = "How long versions are kept that were replaced or deleted. Defaults to 90 days."
  type        = number
  default     = 90

  validation {
    condition     = var.old_version_days >= 1
    error_message = "Must be 1 or more."
  }
}
