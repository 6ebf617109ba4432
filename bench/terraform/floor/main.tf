# Resources that do nothing: what Terraform itself takes.

terraform {
  required_version = ">= 1.11.0"
}

variable "resources" {
  description = "How many."
  type        = number
}

resource "terraform_data" "this" {
  count = var.resources

  input = count.index
}
