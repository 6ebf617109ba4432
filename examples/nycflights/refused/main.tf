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

locals {
  manifest = "${path.root}/${var.manifest}"
}

# The module can put pipeline scaffolds into S3; none is wanted here, so that AWS is not asked for anything.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# A client of the manifest's domain: MESH_ENDPOINT, MESH_TOKEN_URL, MESH_SCOPE, MESH_CLIENT_ID, MESH_CLIENT_SECRET.
provider "mesh" {
  acting_domain = yamldecode(file(local.manifest)).domain
}

module "product" {
  source = "../../../modules/data-product"

  manifest = local.manifest
}
