# Tool and provider versions, and as whom each domain speaks to the mesh.
#
# Real domains have a root of their own each, with one `provider "mesh"` and their own client. Here they share one, so that
# the whole example is applied at once.

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

# For pipeline scaffolds alone. Without one nothing is asked of AWS, and no credentials are needed.
provider "aws" {
  region                      = var.pipelines == null ? "us-east-1" : null
  access_key                  = var.pipelines == null ? "unused" : null
  secret_key                  = var.pipelines == null ? "unused" : null
  s3_use_path_style           = var.emulator_compatible
  skip_credentials_validation = var.pipelines == null || var.emulator_compatible
  skip_metadata_api_check     = var.pipelines == null || var.emulator_compatible
  skip_requesting_account_id  = true
}

provider "mesh" {
  alias         = "operations"
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.clients["operations"].client_id
  client_secret = var.clients["operations"].client_secret
  acting_domain = "operations"
}

provider "mesh" {
  alias         = "weather"
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.clients["weather"].client_id
  client_secret = var.clients["weather"].client_secret
  acting_domain = "weather"
}

provider "mesh" {
  alias         = "fleet"
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.clients["fleet"].client_id
  client_secret = var.clients["fleet"].client_secret
  acting_domain = "fleet"
}

provider "mesh" {
  alias         = "insights"
  endpoint      = var.endpoint
  token_url     = var.token_url
  scope         = var.scope
  client_id     = var.clients["insights"].client_id
  client_secret = var.clients["insights"].client_secret
  acting_domain = "insights"
}
