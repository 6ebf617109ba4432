resource "mesh_consumption_contract" "flights" {
  port             = "operations.flights/daily@1"
  consumer_domain  = "insights"
  purpose          = "analytics"
  fields           = ["carrier", "tail_number"]
  agreed_freshness = "60m"
  contact          = "insights@example.org"
}

# `pending` until the domain `operations` approves it.
output "status" {
  value = mesh_consumption_contract.flights.status
}
