# The data products of the example: a manifest each, and the contracts that insights needs.

module "flights" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.operations }

  manifest = "${path.root}/../manifests/operations/flights/dataproduct.yaml"
}

module "hourly" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.weather }

  manifest = "${path.root}/../manifests/weather/hourly/dataproduct.yaml"
}

module "station_status" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.weather }

  manifest = "${path.root}/../manifests/weather/station-status/dataproduct.yaml"
}

module "aircraft" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.fleet }

  manifest = "${path.root}/../manifests/fleet/aircraft/dataproduct.yaml"
}

module "reference" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.fleet }

  manifest = "${path.root}/../manifests/fleet/reference/dataproduct.yaml"
}

# Asks for a contract on each of its inputs. Naming the fields in use keeps others free to change: who removes one of
# these learns from the plan that insights would break.
module "delay_causes" {
  source    = "../../../modules/data-product"
  providers = { aws = aws, mesh = mesh.insights }

  manifest  = "${path.root}/../manifests/insights/delay-causes/dataproduct.yaml"
  contracts = true
  contract_terms = {
    "operations.flights/daily@1" = {
      fields = ["flight_date", "scheduled_hour", "carrier", "origin", "tail_number", "departure_delay", "arrival_delay"]
    }
    "weather.hourly/observations@1" = {
      fields           = ["station", "observed_at", "wind_speed", "wind_gust", "precipitation", "visibility"]
      agreed_freshness = "24h"
    }
    "fleet.aircraft/registry@1" = {
      fields = ["tail_number", "year_built"]
    }
  }

  scaffold = var.pipelines == null ? "none" : "airflow"
  mesh     = var.pipelines

  # Contracts are asked on ports that exist. In one's own root the upstream products exist already.
  depends_on = [module.flights, module.hourly, module.aircraft]
}
