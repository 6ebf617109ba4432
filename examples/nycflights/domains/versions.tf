# Tool and provider versions, and as whom the platform team speaks to AWS and to the mesh.

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

# Credentials, region and endpoint come from the environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …).
provider "aws" {
  max_retries                 = var.emulator_compatible ? 2 : null
  s3_use_path_style           = var.emulator_compatible
  skip_credentials_validation = var.emulator_compatible
  skip_metadata_api_check     = var.emulator_compatible
}

# What is null here comes from the environment: MESH_ENDPOINT, MESH_TOKEN_URL, MESH_CLIENT_ID, MESH_CLIENT_SECRET.
provider "mesh" {
  endpoint      = var.endpoint
  token_url     = var.token_url
  client_id     = var.client_id
  client_secret = var.client_secret
  scope         = var.scope
  acting_domain = "platform"
}
