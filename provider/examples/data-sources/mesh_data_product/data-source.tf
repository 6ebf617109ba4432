data "mesh_data_product" "weather" {
  id = "weather.hourly"
}

output "formats" {
  value = { for address, port in data.mesh_data_product.weather.ports : address => port.format }
}
