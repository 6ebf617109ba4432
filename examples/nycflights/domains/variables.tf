# What the platform team states: which mesh, as whom, and who belongs to which domain.

variable "mesh" {
  description = "The platform: the outputs of `infra/`."
  type = object({
    name           = string
    account_id     = string
    function_roles = map(string)
  })
}

variable "members" {
  description = "Members of each domain: principals (`issuer|subject`) and their roles."
  type = map(list(object({
    principal = string
    roles     = list(string)
  })))

  validation {
    condition     = length(setsubtract(["operations", "weather", "fleet", "insights"], keys(var.members))) == 0
    error_message = "members names those of operations, weather, fleet and insights."
  }
}

variable "endpoint" {
  description = "Base URL of the mesh's API. Null: MESH_ENDPOINT."
  type        = string
  default     = null
}

variable "token_url" {
  description = "OAuth2 token endpoint. Null: MESH_TOKEN_URL."
  type        = string
  default     = null
}

variable "client_id" {
  description = "Id of a machine client of the domain `platform`. Null: MESH_CLIENT_ID."
  type        = string
  default     = null
}

variable "client_secret" {
  description = "The machine client's secret; kept in neither plan nor state. Null: MESH_CLIENT_SECRET."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "scope" {
  description = "Scope that the token must carry. Null: MESH_SCOPE."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Keeps filled buckets from being destroyed and keys for 30 days. Off, because these domains may be thrown away."
  type        = bool
  default     = false
}

variable "emulator_compatible" {
  description = "Lets the AWS provider work against an emulator, as in `infra/`."
  type        = bool
  default     = false
}
