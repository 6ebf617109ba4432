"""weather.station-status: a heartbeat of each weather station. Every run adds a file, and thereby makes it fresh."""

from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.compute as pc

import source
from delivery import arguments, deliver_files, run
from mesh_client import Mesh

PRODUCT = "weather.station-status"


def heartbeat(weather: pa.Table) -> pa.Table:
    """A row for each station: its newest observation, how many there are and which share of the hours they cover."""
    first, last = (moment.as_py() for moment in pc.min_max(weather["time_hour"]).values())
    hours = int((last - first).total_seconds() // 3600) + 1
    totals = weather.group_by("origin").aggregate([("time_hour", "max"), ("time_hour", "count")]).sort_by("origin")
    return pa.table(
        {
            "station": totals["origin"],
            "last_observation": totals["time_hour_max"],
            "observations": totals["time_hour_count"],
            "coverage": pc.round(pc.divide(totals["time_hour_count"].cast(pa.float64()), hours), 4),
        }
    )


def main() -> dict[str, int]:
    given = arguments(__doc__)
    now = datetime.now(timezone.utc)
    return deliver_files(Mesh.from_environment(), PRODUCT, "heartbeat", {f"stations-{now:%Y%m%dT%H%M%SZ}.json": heartbeat(source.read(given.data, "weather"))}, again=True)


if __name__ == "__main__":
    run(main)
