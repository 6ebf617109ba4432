"""Appends one day to the port `days` of the product that is named, in one commit."""

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pipelines"))

from delivery import deliver_table, run  # noqa: E402
from mesh_client import Mesh  # noqa: E402

FIRST = date(2013, 1, 1)


def main() -> dict[str, int]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("product", help="such as weather.summary")
    parser.add_argument("--day", type=int, default=0, help="which day of 2013, from 0")
    given = parser.parse_args()
    rows = pa.table({"day": [FIRST + timedelta(days=given.day)], "delay": pa.array([given.day], pa.int32())})
    return deliver_table(Mesh.from_environment(), given.product, "days", rows, again=True)


if __name__ == "__main__":
    run(main)
