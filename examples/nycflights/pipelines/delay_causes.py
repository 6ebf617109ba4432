"""insights.delay-causes: what delays go with, by carrier, weather and age of the aircraft; from three other domains' ports.

The inputs are read as any consumer reads them: by the read route, under this domain's contracts.
"""

import pyarrow as pa
import pyarrow.compute as pc

from delivery import arguments, deliver_table, run
from mesh_client import Mesh

PRODUCT = "insights.delay-causes"
PURPOSE = "analytics"

# A flight counts as late from here on, as the US Department of Transportation counts.
LATE_MINUTES = 15


def main() -> dict[str, int]:
    given = arguments(__doc__, data=False)
    mesh = Mesh.from_environment()
    flights = read(mesh, "operations.flights", "daily", ["scheduled_hour", "flight_date", "carrier", "origin", "tail_number", "departure_delay", "arrival_delay"])
    weather = read(mesh, "weather.hourly", "observations", ["station", "observed_at", "wind_gust", "wind_speed", "precipitation", "visibility"])
    aircraft = read(mesh, "fleet.aircraft", "registry", ["tail_number", "year_built"])
    return deliver_table(mesh, PRODUCT, "by-carrier", by_carrier(flights, weather, aircraft), given.again)


def read(mesh: Mesh, product: str, port: str, fields: list[str]) -> pa.Table:
    """The fields that this domain's contract names, of all rows."""
    return mesh.table(mesh.read_grant(product, port, PURPOSE)["iceberg"]).scan(selected_fields=tuple(fields)).to_arrow()


def by_carrier(flights: pa.Table, weather: pa.Table, aircraft: pa.Table) -> pa.Table:
    """Every flight is counted once: where weather or aircraft are not known, that is a group of its own."""
    skies = pa.table({"origin": weather["station"], "scheduled_hour": weather["observed_at"], "weather": sky(weather)})
    joined = flights.join(skies, ["origin", "scheduled_hour"], join_type="left outer").join(aircraft, "tail_number", join_type="left outer")
    if joined.num_rows != flights.num_rows:
        raise SystemExit(f"{flights.num_rows} flights became {joined.num_rows} by joining: an input holds a key twice")
    late = pc.greater_equal(joined["departure_delay"], LATE_MINUTES)
    groups = pa.table(
        {
            "carrier": joined["carrier"],
            "weather": pc.fill_null(joined["weather"], "unknown"),
            "aircraft_age": age_band(joined),
            "departure_delay": joined["departure_delay"],
            "arrival_delay": joined["arrival_delay"],
            "late": pc.fill_null(late, False).cast(pa.int64()),
            "cancelled": pc.is_null(joined["departure_delay"]).cast(pa.int64()),
        }
    ).group_by(["carrier", "weather", "aircraft_age"])
    totals = groups.aggregate([("carrier", "count"), ("late", "sum"), ("cancelled", "sum"), ("departure_delay", "mean"), ("arrival_delay", "mean")])
    names = {
        "carrier": "carrier",
        "weather": "weather",
        "aircraft_age": "aircraft_age",
        "carrier_count": "flights",
        "late_sum": "late_flights",
        "cancelled_sum": "cancelled_flights",
        "departure_delay_mean": "mean_departure_delay",
        "arrival_delay_mean": "mean_arrival_delay",
    }
    result = totals.select(list(names)).rename_columns(list(names.values()))
    return result.sort_by([("carrier", "ascending"), ("weather", "ascending"), ("aircraft_age", "ascending")])


def sky(weather: pa.Table) -> pa.ChunkedArray:
    """The worst that the hour brought: low visibility, rain, wind, or nothing of it. What was not measured does not count."""
    below = pc.fill_null(pc.less(weather["visibility"], 3.0), False)
    rain = pc.fill_null(pc.greater(weather["precipitation"], 0.0), False)
    wind = pc.or_(pc.fill_null(pc.greater(weather["wind_gust"], 25.0), False), pc.fill_null(pc.greater(weather["wind_speed"], 20.0), False))
    return pc.if_else(below, "low visibility", pc.if_else(rain, "rain", pc.if_else(wind, "wind", "fair")))


def age_band(joined: pa.Table) -> pa.ChunkedArray:
    """How old the aircraft was on the day of the flight."""
    age = pc.subtract(pc.year(joined["flight_date"]).cast(pa.int32()), joined["year_built"])
    band = pc.if_else(pc.less(age, 10), "under 10 years", pc.if_else(pc.less(age, 20), "10 to 19 years", "20 years and more"))
    return pc.fill_null(band, "unknown")


if __name__ == "__main__":
    run(main)
