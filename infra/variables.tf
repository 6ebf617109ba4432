# Everything that differs between one mesh and another, and between a real account and an emulator.

variable "name" {
  description = "Name of the mesh: prefix of every resource's name. Changing it makes another mesh."
  type        = string
  default     = "mesh"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 16
    error_message = "name is 1 to 16 lower-case letters, digits and single hyphens, and starts with a letter."
  }

  validation {
    condition     = !can(regex("aws|amazon|cognito", var.name))
    error_message = "Cognito refuses domain prefixes with aws, amazon or cognito in them: choose another name."
  }
}

variable "tags" {
  description = "Tags put on every resource that takes tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

# Functions

variable "artefacts_dir" {
  description = "Folder that holds one `<function>.zip` for each function, with an executable `bootstrap` inside."
  type        = string

  validation {
    condition     = !endswith(var.artefacts_dir, "/")
    error_message = "artefacts_dir has no trailing slash."
  }
}

variable "architecture" {
  description = "Instruction set that the functions were built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrent executions by function, e.g. `{ broker = 200 }`. None by default: accounts with a low quota refuse any."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for function, executions in var.reserved_concurrency : contains(keys(local.functions), function) && executions >= 0 && floor(executions) == executions])
    error_message = "reserved_concurrency maps functions of the platform to whole numbers."
  }
}

variable "log_level" {
  description = "Filter of the functions' logs, as the RUST_LOG variable takes it."
  type        = string
  default     = "info"
}

variable "log_retention_days" {
  description = "Days that the logs of functions and of the API are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of the retentions that CloudWatch Logs offers (1, 3, 5, 7, 14, 30, 60, 90, … 3653)."
  }
}

variable "sla_probe_schedule" {
  description = "How often freshness promises are probed: a `rate(…)` or `cron(…)` expression of EventBridge Scheduler."
  type        = string
  default     = "rate(5 minutes)"

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sla_probe_schedule))
    error_message = "sla_probe_schedule is rate(…) or cron(…)."
  }
}

variable "sweep_schedule" {
  description = "How often products whose envelope or search document lags their registration are driven again: a `rate(…)` or `cron(…)` expression."
  type        = string
  default     = "rate(5 minutes)"

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sweep_schedule))
    error_message = "sweep_schedule is rate(…) or cron(…)."
  }
}

# API and identity

variable "throttling" {
  description = "Requests that the API lets through: steady rate (per second) and burst."
  type = object({
    rate  = optional(number, 200)
    burst = optional(number, 400)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.rate > 0 && var.throttling.burst > 0 && floor(var.throttling.burst) == var.throttling.burst
    error_message = "throttling.rate and throttling.burst are positive, burst a whole number."
  }
}

variable "api_url" {
  description = "Public base URL of the API, e.g. of a custom domain in front of it. `{api_id}` in it stands for the API's id. Null: the API's own endpoint."
  type        = string
  default     = null

  validation {
    condition     = var.api_url == null ? true : can(regex("^https?://[^ ]+[^/ ]$", var.api_url))
    error_message = "api_url is an http or https URL without a trailing slash."
  }
}

variable "issuer" {
  description = "OIDC issuer whose tokens are accepted, with the scope that they must carry. Null: a Cognito user pool is made."
  type = object({
    issuer   = string
    jwks_uri = string
    scope    = string
  })
  default = null

  validation {
    condition     = var.issuer == null ? true : alltrue([for url in [var.issuer.issuer, var.issuer.jwks_uri] : can(regex("^https?://", url))]) && var.issuer.scope != ""
    error_message = "issuer.issuer and issuer.jwks_uri are URLs, and issuer.scope is not empty."
  }

  validation {
    condition     = var.issuer == null || var.token_url != null
    error_message = "token_url is needed with an issuer: clients learn from the platform where to get their tokens."
  }
}

variable "cognito_endpoint" {
  description = "Base URL below which the user pool's signing keys are found (`<endpoint>/<pool id>/.well-known/jwks.json`). Null: the region's Cognito endpoint."
  type        = string
  default     = null
}

variable "token_url" {
  description = "OAuth2 token endpoint that machine clients use. Null: that of the Cognito user pool."
  type        = string
  default     = null
}

# Search

variable "search_endpoint" {
  description = "Base URL of an existing OpenSearch. Null: an OpenSearch domain is made (that takes about ten minutes)."
  type        = string
  default     = null

  validation {
    condition     = var.search_endpoint == null ? true : can(regex("^https?://[^ ]+[^/ ]$", var.search_endpoint))
    error_message = "search_endpoint is an http or https URL without a trailing slash."
  }
}

variable "search_auth" {
  description = "How functions authenticate to the search endpoint: `sigv4` (requests signed by their role) or `none`."
  type        = string
  default     = "sigv4"

  validation {
    condition     = contains(["sigv4", "none"], var.search_auth) && (var.search_endpoint != null || var.search_auth == "sigv4")
    error_message = "search_auth is sigv4 or none, and sigv4 for the OpenSearch domain that this configuration makes."
  }
}

variable "search_domain" {
  description = "Size of the OpenSearch domain, where one is made. Three data nodes spread over three zones; one node is for trials."
  type = object({
    engine_version = optional(string, "OpenSearch_2.19")
    instance_type  = optional(string, "r7g.large.search")
    instance_count = optional(number, 3)
    volume_gb      = optional(number, 50)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 2, 3, 6, 9], var.search_domain.instance_count) && var.search_domain.volume_gb >= 10
    error_message = "search_domain.instance_count is 1, 2, 3, 6 or 9, and search_domain.volume_gb at least 10."
  }
}

# Storage

variable "minimum_notice_days" {
  description = "How many days before its last day a port that is being left is announced, at least."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.minimum_notice_days >= 1 && floor(var.minimum_notice_days) == var.minimum_notice_days
    error_message = "Write a whole number of days, 1 or more."
  }
}

variable "s3_endpoint" {
  description = "S3 endpoint that clients of the mesh use. Empty on AWS."
  type        = string
  default     = ""
  nullable    = false
}

variable "deletion_protection" {
  description = "Keeps tables, the user pool and filled buckets from being destroyed. Off only for meshes that may be thrown away."
  type        = bool
  default     = true
}

variable "bucket_lifecycle" {
  description = "Expires superseded object versions and abandoned uploads in the platform's buckets. Off where the endpoint is slow to create lifecycle rules."
  type        = bool
  default     = true
}

# Operation

variable "alarm_actions" {
  description = "ARNs told when an alarm of the platform fires and when it ends, e.g. of an SNS topic."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "runbooks_url" {
  description = "Where operators find the runbooks that alarms point at: the URL of `docs/runbooks` in your source control, say."
  type        = string
  default     = "docs/runbooks"
  nullable    = false

  validation {
    condition     = var.runbooks_url != "" && !endswith(var.runbooks_url, "/")
    error_message = "runbooks_url is not empty and has no trailing slash."
  }
}

variable "emulator_compatible" {
  description = "Lets the AWS provider work against an emulator: path-style S3 addresses, no credential or metadata check, few retries. What is created stays the same."
  type        = bool
  default     = false
}
