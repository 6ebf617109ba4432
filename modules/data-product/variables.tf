# What a domain team states of a data product, besides its manifest.

variable "manifest" {
  description = "The product's manifest: path of a `dataproduct.yaml`, or its text."
  type        = string
  nullable    = false
}

variable "contracts" {
  description = "Whether a consumption contract is requested for each input from another domain."
  type        = bool
  default     = true
}

variable "contract_terms" {
  description = "Terms of the contracts, by input port: the fields that are used (all, unless given), the freshness to agree on (the port's promise, unless given, e.g. `60m`) and when the contract ends (never, unless given; RFC 3339)."
  type = map(object({
    fields           = optional(list(string))
    agreed_freshness = optional(string)
    expires_at       = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.contract_terms), keys(local.foreign_inputs))) == 0
    error_message = "contract_terms names ports that are not inputs from another domain: ${join(", ", setsubtract(keys(var.contract_terms), keys(local.foreign_inputs)))}."
  }
}

variable "scaffold" {
  description = "Pipeline to start from: `airflow` (a DAG), `dbt` (a dbt project) or `none`. It is put into the pipelines bucket once and is the team's from then on."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["airflow", "dbt", "none"], var.scaffold)
    error_message = "scaffold is airflow, dbt or none."
  }
}

variable "scaffold_dir" {
  description = "Folder of templates of one's own for the pipeline, in place of this module's `scaffold/airflow` or `scaffold/dbt`."
  type        = string
  default     = null
}

variable "mesh" {
  description = "The platform, for the scaffold: the outputs of `infra/`."
  type = object({
    api_url   = string
    token_url = string
    scope     = string
    buckets   = map(string)
  })
  default = null

  validation {
    condition     = var.scaffold == "none" || can(var.mesh.buckets["pipelines"])
    error_message = "mesh, with its pipelines bucket, is needed for a scaffold."
  }
}
