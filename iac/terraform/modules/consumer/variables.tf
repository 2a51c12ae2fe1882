variable "names" {
  description = "The consumer's names: queue, dlq, undelivered, function, log_group, role."
  type = object({
    queue       = string
    dlq         = string
    undelivered = string
    function    = string
    log_group   = string
    role        = string
  })
}

variable "settings" {
  description = "The consumer's settings, as in consumers.NAME of tracehaul.yaml with every default."
  type        = any

  validation {
    condition     = can(var.settings.batch_size) && can(var.settings.visibility_timeout_seconds)
    error_message = "Must be a consumer of the resolved description."
  }
}

variable "topic_arn" {
  description = "ARN of the topic that the queue is subscribed to."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sns:", var.topic_arn))
    error_message = "Must be the ARN of an SNS topic."
  }
}

variable "message_key_arn" {
  description = "ARN of the key that encrypts messages."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.message_key_arn))
    error_message = "Must be the ARN of a KMS key."
  }
}

variable "arn_prefix" {
  description = "What the ARN of every queue begins with: arn:PARTITION:sqs:REGION:ACCOUNT."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}$", var.arn_prefix))
    error_message = "Must be like arn:aws:sqs:eu-central-1:111122223333."
  }
}

variable "region" {
  description = "The region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Must be an AWS region such as eu-central-1."
  }
}

variable "package" {
  description = "The zip with the program: see modules/function."
  type = object({
    bucket  = string
    key     = string
    version = optional(string)
    sha256  = string
  })
}

variable "environment" {
  description = "Environment variables beside DEAD_LETTER_QUEUE_URL."
  type        = map(string)
}

variable "statements" {
  description = "IAM statements beside those for the queues: telemetry, the database."
  type        = any
  default     = []
}

variable "vpc" {
  description = "Subnets and security groups of the function."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "log_retention_days" {
  description = "How long log lines are kept."
  type        = number
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts log groups."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds the role."
  type        = string
}

variable "code_signing_config_arn" {
  description = "ARN of the configuration that refuses unsigned packages. Defaults to none."
  type        = string
  default     = null
}

variable "deploy" {
  description = "How CodeDeploy moves the alias: see modules/function."
  type = object({
    role_arn       = string
    canary_percent = number
    canary_minutes = number
    alarms         = list(string)
  })
}
