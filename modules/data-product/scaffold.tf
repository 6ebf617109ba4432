# A pipeline to start from, in the pipelines bucket under `<domain>/<product>/`. Its files are the team's: Terraform makes
# them once and never changes them. Only the hook, by which pipelines read and write ports, stays the platform's.

locals {
  product   = try(tostring(local.manifest.name), "")
  emit      = var.scaffold != "none"
  templates = local.emit ? coalesce(var.scaffold_dir, "${path.module}/scaffold/${var.scaffold}") : null

  scaffold = local.emit ? {
    domain      = local.domain
    product     = local.product
    product_id  = "${local.domain}.${local.product}"
    identifier  = replace("${local.domain}_${local.product}", "-", "_")
    description = try(join(" ", split("\n", trimspace(local.manifest.description))), "")
    inputs = [for input in local.inputs : merge(input, {
      identifier = replace(replace(input.port, "@", "_v"), "/[^a-z0-9]/", "_")
    })]
    # Ports that are served elsewhere (sql, http, kafka) have no pipeline here.
    ports = try([for port in local.manifest.outputPorts : {
      address    = "${local.domain}.${local.product}/${port.name}@${split(".", port.version)[0]}"
      identifier = replace("${port.name}_v${split(".", port.version)[0]}", "-", "_")
      fields = [for field in port.schema.fields : {
        name        = field.name
        type        = field.type
        required    = try(field.required, false)
        description = try(join(" ", split("\n", trimspace(field.description))), "")
      }]
    } if contains(["iceberg", "parquet", "csv", "json"], port.format)], [])
    api_url   = var.mesh.api_url
    token_url = var.mesh.token_url
    scope     = var.mesh.scope
  } : null

  # `__port__` in a template's name stands for each output port, `__product__` for the product; `.tftpl` is cut off.
  names = local.emit ? fileset(local.templates, "**") : toset([])
  files = merge(
    { for name in local.names : name => { template = name, port = null } if !strcontains(name, "__port__") },
    merge([for name in local.names : { for port in try(local.scaffold.ports, []) :
      replace(name, "__port__", port.identifier) => { template = name, port = port }
    } if strcontains(name, "__port__")]...),
  )
}

resource "aws_s3_object" "scaffold" {
  for_each = local.files

  bucket  = var.mesh.buckets["pipelines"]
  key     = "${local.domain}/${local.product}/${replace(trimsuffix(each.key, ".tftpl"), "__product__", local.scaffold.identifier)}"
  content = templatefile("${local.templates}/${each.value.template}", merge(local.scaffold, { port = each.value.port }))

  lifecycle {
    ignore_changes = [content, content_type, metadata, cache_control, content_encoding]
  }
}

resource "aws_s3_object" "hook" {
  for_each = local.emit ? fileset("${path.module}/scaffold/hooks", "*.py.tftpl") : toset([])

  bucket      = var.mesh.buckets["pipelines"]
  key         = "${local.domain}/${local.product}/${trimsuffix(each.key, ".tftpl")}"
  content     = templatefile("${path.module}/scaffold/hooks/${each.key}", local.scaffold)
  source_hash = md5(templatefile("${path.module}/scaffold/hooks/${each.key}", local.scaffold))
}
