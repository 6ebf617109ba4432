"""fleet.reference: the codes of carriers and airports, and what they stand for."""

import pyarrow as pa

import source
from delivery import arguments, deliver_files, run
from mesh_client import Mesh

PRODUCT = "fleet.reference"


def airports(rows: pa.Table) -> pa.Table:
    """A row for each airport."""
    names = {
        "faa": "code",
        "name": "name",
        "lat": "latitude",
        "lon": "longitude",
        "alt": "altitude",
        "tz": "utc_offset",
        "dst": "daylight_saving",
        "tzone": "time_zone",
    }
    return rows.select(list(names)).rename_columns(list(names.values()))


def main() -> dict[str, int]:
    given = arguments(__doc__)
    mesh = Mesh.from_environment()
    delivered = deliver_files(mesh, PRODUCT, "airlines", {"airlines.csv": source.read(given.data, "airlines")}, given.again)
    return delivered | deliver_files(mesh, PRODUCT, "airports", {"airports.json": airports(source.read(given.data, "airports"))}, given.again)


if __name__ == "__main__":
    run(main)
