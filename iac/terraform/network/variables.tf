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

variable "endpoint_zones" {
  description = "In how many zones the interface endpoints have an address. Each costs by the hour; fewer than network.zones make the zone that has one a single point of failure. Defaults to all."
  type        = number
  default     = null

  validation {
    condition     = var.endpoint_zones == null ? true : var.endpoint_zones >= 1 && floor(var.endpoint_zones) == var.endpoint_zones
    error_message = "Must be a whole number from 1."
  }
}

variable "private_links" {
  description = "Further endpoint services by name, such as that of a telemetry back end: there is no other way out of the network. Defaults to none."
  type = map(object({
    service_name = string
    private_dns  = optional(bool, true)
  }))
  default = {}

  validation {
    condition     = alltrue([for link in var.private_links : startswith(link.service_name, "com.amazonaws.vpce.")])
    error_message = "Each service_name must begin with com.amazonaws.vpce."
  }
}

variable "database_clients" {
  description = "Security groups, by name, that may connect to the database beside the functions: a bastion's, a VPN's. Defaults to none."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.database_clients) : startswith(id, "sg-")])
    error_message = "Each must be the id of a security group."
  }
}

variable "verify_at_load_balancer" {
  description = "Whether the load balancer may reach Cognito, to read the keys that tokens are signed with: as verify_at_load_balancer of service. With edge.authentication: cognito it may anyway. Defaults to no."
  type        = bool
  default     = false
}

variable "execute_command" {
  description = "Whether there is an endpoint for sessions of ECS Exec: as execute_command of service. Defaults to no."
  type        = bool
  default     = false
}
