"""weather.hourly: the weather at the New York airports, hour by hour."""

import pyarrow as pa

import source
from delivery import arguments, deliver_table, run
from mesh_client import Mesh

PRODUCT = "weather.hourly"


def observations(weather: pa.Table) -> pa.Table:
    """A row for each station and hour; year, month, day and hour of the source are `observed_at` by the local clock."""
    names = {
        "origin": "station",
        "time_hour": "observed_at",
        "temp": "temperature",
        "dewp": "dew_point",
        "humid": "humidity",
        "wind_dir": "wind_direction",
        "wind_speed": "wind_speed",
        "wind_gust": "wind_gust",
        "precip": "precipitation",
        "pressure": "pressure",
        "visib": "visibility",
    }
    return weather.select(list(names)).rename_columns(list(names.values()))


def main() -> dict[str, int]:
    given = arguments(__doc__)
    return deliver_table(Mesh.from_environment(), PRODUCT, "observations", observations(source.read(given.data, "weather")), given.again)


if __name__ == "__main__":
    run(main)
