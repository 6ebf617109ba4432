resource "mesh_domain" "operations" {
  name        = "operations"
  description = "Departures and arrivals of the New York airports."

  members = [
    { principal = "https://idp.example.org|alice", roles = ["owner"] },
    { principal = "https://idp.example.org|operations-ci", roles = ["producer", "consumer"] },
  ]
}
