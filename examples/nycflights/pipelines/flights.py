"""operations.flights: every departure from the New York airports in 2013, as a table and as monthly files."""

import pyarrow as pa
import pyarrow.compute as pc

import source
from delivery import arguments, deliver_files, deliver_table, run
from mesh_client import Mesh

PRODUCT = "operations.flights"


def daily(flights: pa.Table) -> pa.Table:
    """A row for each scheduled departure. `scheduled_departure` is exact, because minutes are the same in every zone here;
    the HHMM times stay as the airports' clocks showed them."""
    minutes = flights["minute"].cast(pa.int64()).cast(pa.duration("s"))
    past_the_hour = pc.multiply(minutes, pa.scalar(60, pa.int64()))
    return pa.table(
        {
            "flight_date": source.date_of(flights),
            "scheduled_departure": pc.add(flights["time_hour"], past_the_hour).cast(source.HOUR),
            "scheduled_hour": flights["time_hour"],
            "departure_time": flights["dep_time"],
            "departure_delay": flights["dep_delay"],
            "scheduled_arrival_time": flights["sched_arr_time"],
            "arrival_time": flights["arr_time"],
            "arrival_delay": flights["arr_delay"],
            "carrier": flights["carrier"],
            "flight_number": flights["flight"],
            "tail_number": flights["tailnum"],
            "origin": flights["origin"],
            "destination": flights["dest"],
            "air_time": flights["air_time"],
            "distance": flights["distance"],
        }
    )


def monthly(flights: pa.Table) -> dict[str, pa.Table]:
    """The same rows in a file for each month, for those who read no Iceberg."""
    rows = daily(flights)
    files = {}
    for year, month in sorted((row["year"], row["month"]) for row in flights.group_by(["year", "month"]).aggregate([]).to_pylist()):
        of_month = pc.and_(pc.equal(flights["year"], year), pc.equal(flights["month"], month))
        files[f"{year}-{month:02}.parquet"] = rows.filter(of_month)
    return files


def main() -> dict[str, int]:
    given = arguments(__doc__)
    mesh = Mesh.from_environment()
    flights = source.read(given.data, "flights")
    delivered = deliver_table(mesh, PRODUCT, "daily", daily(flights), given.again)
    return delivered | deliver_files(mesh, PRODUCT, "monthly", monthly(flights), given.again)


if __name__ == "__main__":
    run(main)
