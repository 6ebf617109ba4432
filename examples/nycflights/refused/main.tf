# Plans one manifest, without registering anything: shows what the platform refuses, and how it says so.
#
#   terraform plan -var manifest=pii.yaml
#   terraform plan -var manifest=breaking.yaml

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
    mesh = {
      source  = "data-mesh/mesh"
      version = "~> 0.1"
    }
  }
}

variable "manifest" {
  description = "File name of a manifest in this folder."
  type        = string
}

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
  default     = "mesh/api"
}

variable "clients" {
  description = "Machine client of each domain, as in `products/`."
  type = map(object({
    client_id     = string
    client_secret = string
  }))
  sensitive = true
  ephemeral = true
}

locals {
  manifest = "${path.root}/${var.manifest}"
  domain   = yamldecode(file(local.manifest)).domain
}

# The module can put pipeline scaffolds into S3; none is wanted here, so that AWS is not asked for anything.
provider "aws" {
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "mesh" {
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.clients[local.domain].client_id
  client_secret = var.clients[local.domain].client_secret
  acting_domain = local.domain
}

module "product" {
  source = "../../../modules/data-product"

  manifest = local.manifest
}
