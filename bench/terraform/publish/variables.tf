variable "endpoint" {
  description = "Base URL of the mesh's API."
  type        = string
}

variable "token_url" {
  description = "OAuth2 token endpoint."
  type        = string
}

variable "scope" {
  description = "Scope that tokens must carry."
  type        = string
}

variable "domain" {
  description = "The domain that publishes."
  type        = string
}

variable "client" {
  description = "The domain's machine client."
  type = object({
    client_id     = string
    client_secret = string
  })
  sensitive = true
  ephemeral = true
}

variable "manifest" {
  description = "The product's manifest."
  type        = string
}
