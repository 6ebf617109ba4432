# Tool and provider versions, and how the AWS provider talks to AWS or to an emulator of it.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# Credentials, region and endpoint come from the environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …).
provider "aws" {
  max_retries                 = var.emulator_compatible ? 2 : null
  s3_use_path_style           = var.emulator_compatible
  skip_credentials_validation = var.emulator_compatible
  skip_metadata_api_check     = var.emulator_compatible

  dynamic "default_tags" {
    for_each = length(var.tags) > 0 ? [var.tags] : []
    content {
      tags = default_tags.value
    }
  }
}
