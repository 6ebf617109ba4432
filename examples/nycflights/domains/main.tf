# The domains of the example, as the platform team makes them: who belongs to each, and the envelope of its data.

locals {
  domains = {
    operations = "Flights from the New York airports: what departed, when, and how late."
    weather    = "What the weather stations at the New York airports observed."
    fleet      = "The aircraft that fly from New York, and what codes stand for."
    insights   = "Answers made from other domains' data."
  }
}

module "domain" {
  source   = "../../../modules/domain"
  for_each = local.domains

  domain              = each.key
  description         = each.value
  members             = var.members[each.key]
  mesh                = var.mesh
  deletion_protection = var.deletion_protection
}
