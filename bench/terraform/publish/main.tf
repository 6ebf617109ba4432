# One data product by the module, as a domain publishes it: for the figure `publish`.

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

# For pipeline scaffolds alone: nothing is asked of AWS here.
provider "aws" {
  region                      = "us-east-1"
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
  client_id     = var.client.client_id
  client_secret = var.client.client_secret
  acting_domain = var.domain
}

module "product" {
  source = "../../../modules/data-product"

  manifest = var.manifest
}
