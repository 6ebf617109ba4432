# Which mesh, and each domain's machine client.

variable "endpoint" {
  description = "Base URL of the mesh's API: the output `api_url` of `infra/`."
  type        = string
}

variable "token_url" {
  description = "OAuth2 token endpoint: the output `token_url` of `infra/`."
  type        = string
}

variable "scope" {
  description = "Scope that tokens must carry: the output `scope` of `infra/`."
  type        = string
  default     = "mesh/api"
}

variable "clients" {
  description = "Machine client of each domain; kept in neither plan nor state."
  type = map(object({
    client_id     = string
    client_secret = string
  }))
  sensitive = true
  ephemeral = true
}

variable "pipelines" {
  description = "For a pipeline scaffold of delay-causes: the outputs of `infra/`. Null: no scaffold, since the pipelines of this example exist."
  type = object({
    api_url   = string
    token_url = string
    scope     = string
    buckets   = map(string)
  })
  default = null
}

variable "emulator_compatible" {
  description = "Lets the AWS provider work against an emulator, as in `infra/`."
  type        = bool
  default     = false
}
