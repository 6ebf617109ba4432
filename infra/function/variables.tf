# What one function of the platform is made of.

variable "name" {
  description = "Name of the function and of its role."
  type        = string
}

variable "description" {
  description = "What the function does, in a line."
  type        = string
}

variable "package" {
  description = "Zip file with the executable `bootstrap`."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "no file ${var.package}: package the functions first."
  }
}

variable "artefacts_bucket" {
  description = "Bucket that keeps the package."
  type        = string
}

variable "artefacts_key" {
  description = "Object key of the package."
  type        = string
}

variable "architecture" {
  description = "Instruction set of the package: arm64 or x86_64."
  type        = string
}

variable "memory_mb" {
  description = "Memory in MB; processor time grows with it."
  type        = number
}

variable "timeout_seconds" {
  description = "Seconds after which an invocation is ended."
  type        = number
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "policy" {
  description = "What the function may do, as a JSON policy. Its own logs are added."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts the logs."
  type        = string
}

variable "reserved_concurrency" {
  description = "Reserved concurrent executions; -1 for none."
  type        = number
}
