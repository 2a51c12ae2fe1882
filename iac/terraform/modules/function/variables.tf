variable "name" {
  description = "Name of the function."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name))
    error_message = "Must be letters, digits, hyphens and underscores, 64 at most."
  }
}

variable "description" {
  description = "One sentence on what the function does."
  type        = string

  validation {
    condition     = length(var.description) <= 256
    error_message = "Must have 256 characters at most."
  }
}

variable "role" {
  description = "Name of the function's role."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.role))
    error_message = "Must be letters, digits, hyphens and underscores, 64 at most."
  }
}

variable "log_group" {
  description = "Name of the function's log group."
  type        = string

  validation {
    condition     = startswith(var.log_group, "/aws/lambda/")
    error_message = "Must begin with /aws/lambda/."
  }
}

variable "log_retention_days" {
  description = "How long log lines are kept."
  type        = number

  validation {
    condition     = var.log_retention_days > 0
    error_message = "Must be more than 0: nothing is kept forever."
  }
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts log groups."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.log_key_arn))
    error_message = "Must be the ARN of a KMS key."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds the role."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "Must be the ARN of a managed policy."
  }
}

variable "package" {
  description = "The zip with the program, named bootstrap, in it: its place in S3, and the SHA-256 of the file in base64."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  })

  validation {
    condition     = length(var.package.bucket) > 2 && endswith(var.package.key, ".zip")
    error_message = "Must name a bucket, and a key that ends with .zip."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.sha256))
    error_message = "The sha256 must be base64 of 32 bytes: openssl dgst -sha256 -binary FILE | base64."
  }
}

variable "architecture" {
  description = "The processor that the program is built for: arm64 or x86_64."
  type        = string

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Must be arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "The function's memory in MB."
  type        = number

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Must be 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "How long an invocation may take."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "Must be 1 to 900."
  }
}

variable "environment" {
  description = "Environment variables. No secrets: whoever may look at the function sees them."
  type        = map(string)

  validation {
    condition     = !anytrue([for name in keys(var.environment) : can(regex("PASSWORD|TOKEN|PRIVATE_KEY", name))])
    error_message = "Must hold no secrets; pass the ARN of one in Secrets Manager."
  }
}

variable "statements" {
  description = "IAM statements beyond logs and network interfaces. Defaults to none."
  type        = any
  default     = []
}

variable "vpc" {
  description = "Subnets and security groups. Defaults to outside of the VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "Must have subnets and security groups."
  }
}

variable "dead_letter_queue_arn" {
  description = "ARN of the queue for asynchronous invocations that failed for good. Defaults to none."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_queue_arn == null || can(regex("^arn:aws[a-z-]*:sqs:", var.dead_letter_queue_arn))
    error_message = "Must be the ARN of an SQS queue."
  }
}

variable "reserved_concurrency" {
  description = "How many invocations run at once at most, out of the account's. Defaults to no reservation."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency >= -1
    error_message = "Must be a number from 0, or -1 for none."
  }
}

variable "code_signing_config_arn" {
  description = "ARN of the configuration that refuses unsigned packages. Defaults to none."
  type        = string
  default     = null

  validation {
    condition     = var.code_signing_config_arn == null || can(regex("^arn:aws[a-z-]*:lambda:", var.code_signing_config_arn))
    error_message = "Must be the ARN of a code signing configuration."
  }
}

variable "deploy" {
  description = "How CodeDeploy moves the alias: its role, the canary's share and time, and the alarms that roll back. Defaults to no CodeDeploy."
  type = object({
    role_arn       = string
    canary_percent = number
    canary_minutes = number
    alarms         = list(string)
  })
  default = null

  validation {
    condition     = var.deploy == null ? true : length(var.deploy.alarms) <= 10
    error_message = "CodeDeploy takes 10 alarms at most."
  }
}
