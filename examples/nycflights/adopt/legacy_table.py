"""A table as a domain may have had it before the mesh: made with the domain's own rights, outside of any product.

Makes it once, and tells its snapshot and files; `--table` looks at another entry of the catalogue instead.
"""

import argparse
import json
from datetime import datetime, timezone

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NoSuchTableError

LEGACY = "legacy_stations"
STATIONS = pa.table(
    {
        "station": pa.array(["EWR", "JFK", "LGA"], pa.string()),
        "opened": pa.array([datetime(1928, 10, 1, tzinfo=timezone.utc), datetime(1948, 7, 1, tzinfo=timezone.utc), datetime(1939, 12, 2, tzinfo=timezone.utc)], pa.timestamp("us", tz="UTC")),
        "elevation": pa.array([{"metres": 5.5, "source": "survey"}, {"metres": 4.0, "source": "survey"}, {"metres": 6.4, "source": None}]),
    }
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where the local cloud is")
    parser.add_argument("--region", required=True)
    parser.add_argument("--bucket", required=True, help="the domain's bucket")
    parser.add_argument("--database", required=True, help="the domain's catalogue database")
    parser.add_argument("--table", help="look at this table, and make none")
    given = parser.parse_args()
    # Credentials of the local cloud, which opens to no other.
    keys = {"access-key-id": "test", "secret-access-key": "test", "region": given.region, "endpoint": given.endpoint}
    properties = {f"{service}.{key}": value for service in ("glue", "s3") for key, value in keys.items()}
    catalogue = load_catalog("legacy", type="glue", **properties)
    name = (given.database, given.table or LEGACY)
    try:
        table = catalogue.load_table(name)
    except NoSuchTableError:
        if given.table:
            raise
        table = catalogue.create_table(name, STATIONS.schema, location=f"s3://{given.bucket}/_legacy/legacy-stations")
        table.append(STATIONS)
    files = sorted(task.file.file_path for task in table.scan().plan_files())
    snapshot = table.current_snapshot()
    print(json.dumps({"table": name[1], "rows": table.scan().to_arrow().num_rows, "snapshot": snapshot.snapshot_id, "files": files}))


if __name__ == "__main__":
    main()
