"""Writing a port by a producer grant, once: what is there already is not written again."""

import argparse
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pyiceberg.exceptions import CommitStateUnknownException, ServerError, ServiceUnavailableError

from mesh_client import Mesh, Refused, s3_client, told


def arguments(purpose: str, data: bool = True) -> argparse.Namespace:
    """The arguments that every pipeline takes."""
    parser = argparse.ArgumentParser(description=purpose.splitlines()[0])
    if data:
        folder = os.environ.get("MESH_DATA_DIR")
        parser.add_argument("--data", type=Path, default=folder, required=folder is None, help="folder with the source, fetched if need be [default: $MESH_DATA_DIR]")
    parser.add_argument("--again", action="store_true", help="write even what is there already")
    return parser.parse_args()


def deliver_table(mesh: Mesh, product: str, port: str, rows: pa.Table, again: bool = False) -> dict[str, int]:
    """Appends rows to an Iceberg port in one commit, unless the table holds as many."""
    started = time.monotonic()
    grant = mesh.write_grant(product, port)
    table = mesh.table(grant["iceberg"])
    snapshot = table.current_snapshot()
    held = int(snapshot.summary["total-records"]) if snapshot else 0
    if held not in (0, rows.num_rows) and not again:
        raise Refused(f"{product}/{port} holds {held} rows where {rows.num_rows} are expected; --again appends all of them once more")
    write = again or held == 0
    if write:
        # The registered schema decides: a missing value in a required column or a foreign column ends here.
        wanted = table.schema().as_arrow()
        surplus = set(rows.column_names) - set(wanted.names)
        if surplus:
            raise Refused(f"{product}/{port} has no field {', '.join(sorted(surplus))}: add it to the manifest, or leave it out")
        append(mesh, grant, table, rows.select(wanted.names).cast(wanted))
    return report(product, port, grant, rows.num_rows, started, write)


def append(mesh: Mesh, grant: dict, table, rows: pa.Table) -> None:
    """One commit. Where no answer tells whether it was made, the table does: rows are never written twice."""
    for _ in range(3):
        before = table.current_snapshot()
        try:
            table.append(rows)
            return
        except (CommitStateUnknownException, ServerError, ServiceUnavailableError):
            table = mesh.table(grant["iceberg"])
            if table.current_snapshot() != before:
                return
    raise Refused("the catalogue does not take the commit: try again later")


def deliver_files(mesh: Mesh, product: str, port: str, files: dict[str, pa.Table], again: bool = False) -> dict[str, int]:
    """Puts files (name → rows) below a file port, in the port's format, unless files of the same names and sizes are there.
    Where names are fixed, writing again replaces."""
    started = time.monotonic()
    grant = mesh.write_grant(product, port)
    client, bucket = s3_client(grant["credentials"]), grant["credentials"]["bucket"]
    prefix = grant["data_prefix"].strip("/") + "/"
    bodies = {f"{prefix}{name}": encode(rows, grant["format"]) for name, rows in files.items()}
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    held = {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}
    write = again or any(held.get(key) != len(body) for key, body in bodies.items())
    if write:
        for key, body in bodies.items():
            client.put_object(Bucket=bucket, Key=key, Body=body)
    return report(product, port, grant, sum(rows.num_rows for rows in files.values()), started, write)


def encode(rows: pa.Table, format: str) -> bytes:
    """Rows as a file; JSON as one object a line, without missing values."""
    if format == "json":
        lines = ({name: value for name, value in row.items() if value is not None} for row in rows.to_pylist())
        return "".join(json.dumps(line, default=lambda value: value.isoformat()) + "\n" for line in lines).encode()
    out = io.BytesIO()
    {"parquet": pyarrow.parquet.write_table, "csv": pyarrow.csv.write_csv}[format](rows, out)
    return out.getvalue()


def report(product: str, port: str, grant: dict, rows: int, started: float, written: bool) -> dict[str, int]:
    """One line about one port: how many rows it holds now, and whether this run wrote them."""
    line = {"product": product, "port": port, "rows": rows, "seconds": round(time.monotonic() - started, 2), "written": written}
    print(json.dumps(line), flush=True)
    return {grant["port"]: rows}


def run(pipeline: Callable[[], dict[str, int]]) -> None:
    """Runs a pipeline, and prints at last the rows of all its ports by address."""
    told(lambda: print(json.dumps({"rows": pipeline()})))
