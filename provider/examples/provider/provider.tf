# Everything may come from MESH_ENDPOINT, MESH_CLIENT_ID, MESH_CLIENT_SECRET, MESH_TOKEN_URL and MESH_SCOPE instead.
provider "mesh" {
  endpoint      = "https://mesh.example.org"
  client_id     = "operations-ci"
  client_secret = var.client_secret
  token_url     = "https://mesh.auth.eu-west-1.amazoncognito.com/oauth2/token"
}

variable "client_secret" {
  description = "The machine client's secret."
  type        = string
  sensitive   = true
}
