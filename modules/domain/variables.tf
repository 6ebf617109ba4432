# What the platform team states of a domain.

variable "domain" {
  description = "Name of the domain, e.g. `operations`. Changing it makes another domain."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.domain)) && length(var.domain) <= 20
    error_message = "domain is 1 to 20 lower-case letters, digits and single hyphens, and starts with a letter."
  }

  validation {
    condition     = !contains(["platform", "artefacts", "manifests", "pipelines"], var.domain)
    error_message = "platform, artefacts, manifests and pipelines are names of the platform itself."
  }
}

variable "description" {
  description = "What the domain is about, for people who look for its products."
  type        = string

  validation {
    condition     = trimspace(var.description) != ""
    error_message = "description is not empty."
  }
}

variable "members" {
  description = "Who acts for the domain: principals (`issuer|subject`, e.g. `https://idp.example.org|alice`) and their roles there: owner, steward, producer, consumer, or a role that a policy asks approval of."
  type = list(object({
    principal = string
    roles     = list(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for member in var.members : can(regex("^https://[^| ]+[|][^ ]+$", member.principal)) && length(member.roles) > 0])
    error_message = "each of members has a principal `issuer|subject` with an https issuer, and at least one role."
  }

  validation {
    condition     = length(var.members) == length(distinct(var.members[*].principal))
    error_message = "each principal is listed once in members."
  }

  validation {
    condition     = anytrue([for member in var.members : contains(member.roles, "owner")])
    error_message = "one of members is an owner."
  }
}

variable "mesh" {
  description = "The platform: the outputs of `infra/`."
  type = object({
    name           = string
    account_id     = string
    function_roles = map(string)
  })

  validation {
    condition     = length(setsubtract(["broker", "iceberg", "provisioner", "sla-probe"], keys(var.mesh.function_roles))) == 0
    error_message = "mesh.function_roles names the roles of broker, iceberg, provisioner and sla-probe."
  }
}

variable "alert_email" {
  description = "Address that is told of broken freshness promises. It has to confirm the subscription. Null: none; subscribe to the topic by other means."
  type        = string
  default     = null
}

variable "bucket_lifecycle" {
  description = "Expires superseded object versions and abandoned uploads. Off where the endpoint is slow to create lifecycle rules."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Keeps a filled bucket from being destroyed and the key for 30 days. Off only for domains that may be thrown away."
  type        = bool
  default     = true
}
