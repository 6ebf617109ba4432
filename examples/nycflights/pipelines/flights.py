"""operations.flights: every departure from the New York airports in 2013, and the punctuality of each month."""

import pyarrow as pa
import pyarrow.compute as pc

import source
from delivery import arguments, deliver_files, deliver_table
from mesh_client import Mesh, told

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
    """A file for each month, with a row for each carrier and origin."""
    rows = flights.append_column("cancelled", pc.is_null(flights["dep_time"]).cast(pa.int64()))
    wanted = [("carrier", "count"), ("cancelled", "sum"), ("dep_delay", "mean"), ("arr_delay", "mean"), ("distance", "sum")]
    totals = rows.group_by(["year", "month", "carrier", "origin"]).aggregate(wanted)
    totals = totals.sort_by([("month", "ascending"), ("carrier", "ascending"), ("origin", "ascending")])
    first_days = source.date_of(totals.append_column("day", pa.array([1] * totals.num_rows, pa.int32())))
    summary = pa.table(
        {
            "month": first_days,
            "carrier": totals["carrier"],
            "origin": totals["origin"],
            "flights": totals["carrier_count"],
            "cancelled": totals["cancelled_sum"],
            "mean_departure_delay": totals["dep_delay_mean"],
            "mean_arrival_delay": totals["arr_delay_mean"],
            "distance": totals["distance_sum"],
        }
    )
    months = pc.unique(summary["month"]).to_pylist()
    return {f"{month:%Y-%m}.parquet": summary.filter(pc.equal(summary["month"], month)) for month in months}


def main() -> None:
    given = arguments(__doc__)
    mesh = Mesh.from_environment()
    flights = source.read(given.data, "flights")
    deliver_table(mesh, PRODUCT, "daily", daily(flights), given.again)
    deliver_files(mesh, PRODUCT, "monthly", monthly(flights), given.again)


if __name__ == "__main__":
    told(main)
