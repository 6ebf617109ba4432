# Tool and provider versions that this module needs.

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
