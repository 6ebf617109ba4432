# What was registered. Status and findings move by themselves and are asked of the mesh instead.

output "products" {
  description = "Version and ports of each product."
  value = { for product in [module.flights, module.hourly, module.station_status, module.aircraft, module.reference, module.delay_causes] :
    product.id => { version = product.version, ports = sort(keys(product.ports)) }
  }
}

output "contracts" {
  description = "Id of the contract on each input of insights.delay-causes, by port."
  value       = { for port, contract in module.delay_causes.contracts : port => contract.id }
}
