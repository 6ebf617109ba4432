"""Reads a port as any consumer does, and counts its rows.

    python consumer/read_port.py operations.flights daily --purpose analytics
    python consumer/read_port.py operations.flights/daily@1
    python consumer/read_port.py fleet.aircraft registry --neighbour reference/airlines/v1/data/airlines.csv

Files come by pre-signed URLs over plain HTTP, Iceberg tables by PyIceberg with credentials that the catalogue vends.
With --neighbour, what lies beside the port in the same bucket is tried with those same credentials, and must be denied.
"""

import argparse
import io
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pipelines"))

from mesh_client import Mesh, Refused, s3_client, told  # noqa: E402

TIMEOUT_SECONDS = 60

# What really lies beside each port in its bucket, by the port's folder.
NEIGHBOURS = {
    "flights/daily": "flights/monthly/v1/data/2013-01.parquet",
    "flights/monthly": "flights/daily/v1/data/",
    "hourly/observations": "station-status/heartbeat/v1/data/",
    "station-status/heartbeat": "hourly/observations/v1/data/",
    "aircraft/registry": "reference/airlines/v1/data/airlines.csv",
    "reference/airlines": "reference/airports/v1/data/airports.json",
    "reference/airports": "reference/airlines/v1/data/airlines.csv",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("product", help="such as operations.flights, or a whole address such as operations.flights/daily@1")
    parser.add_argument("port", nargs="?", help="such as daily")
    parser.add_argument("--purpose", help="what the data is wanted for; the contract's unless given")
    parser.add_argument("--neighbour", nargs="?", const="", metavar="KEY", help="try what lies beside the port; must be denied")
    given = parser.parse_args()
    product, port, major = address(given.product, given.port, parser)
    started = time.monotonic()
    mesh = Mesh.from_environment()
    grant = mesh.read_grant(product, port, given.purpose, major)
    if grant.get("iceberg"):
        rows, credentials, snapshot = read_table(mesh, grant)
    else:
        rows, credentials, snapshot = read_files(grant), grant["credentials"], None
    result = {"product": product, "port": port, "rows": rows, "seconds": round(time.monotonic() - started, 2)}
    result |= {"files": len(grant.get("files", [])), "contract": grant.get("contract"), "freshness": grant["freshness"]}
    if snapshot is not None:
        result["snapshot"] = snapshot
    if given.neighbour is not None:
        result["denied"] = try_neighbours(credentials, product.split(".")[1], port, given.neighbour)
    print(json.dumps(result))


def address(product: str, port: str | None, parser: argparse.ArgumentParser) -> tuple[str, str, str | None]:
    """Product, port and, if given, major."""
    if port is None:
        product, _, port = product.partition("/")
    port, _, major = port.partition("@")
    if product.count(".") != 1 or not port:
        parser.error("name a product and a port, such as `operations.flights daily`")
    return product, port, major or None


def read_table(mesh: Mesh, grant: dict) -> tuple[int, dict, int | None]:
    """All rows by PyIceberg, counted as they come, the credentials that the catalogue vended for the table, and the snapshot read."""
    table = mesh.table(grant["iceberg"])
    rows = sum(batch.num_rows for batch in table.scan().to_arrow_batch_reader())
    vended = table.io.properties
    bucket, _, folder = table.location().removeprefix("s3://").partition("/")
    snapshot = table.current_snapshot()
    return rows, {
        "access_key_id": vended["s3.access-key-id"],
        "secret_access_key": vended["s3.secret-access-key"],
        "session_token": vended["s3.session-token"],
        "region": vended.get("s3.region") or vended["client.region"],
        "endpoint": vended.get("s3.endpoint"),
        "bucket": bucket,
        "prefix": folder,
    }, snapshot.snapshot_id if snapshot else None


def read_files(grant: dict) -> int:
    """The rows of all files, each fetched by its pre-signed URL without any other credentials."""
    return sum(count(fetch(file), grant["format"]) for file in grant.get("files", []))


def fetch(file: dict) -> bytes:
    with urllib.request.urlopen(file["url"], timeout=TIMEOUT_SECONDS) as response:
        body = response.read()
    if len(body) != file["size"]:
        raise Refused(f"{file['name']} has {len(body)} bytes where the mesh names {file['size']}")
    return body


def count(body: bytes, format: str) -> int:
    if format == "parquet":
        return pyarrow.parquet.read_metadata(io.BytesIO(body)).num_rows
    if format == "csv":
        return pyarrow.csv.read_csv(io.BytesIO(body)).num_rows
    return sum(1 for line in body.splitlines() if json.loads(line))


def try_neighbours(credentials: dict, product: str, port: str, key: str) -> list[str]:
    """Reads and lists beside the port and writes into it. What was denied; a refusal of this program if anything was not."""
    client, bucket, own = s3_client(credentials), credentials["bucket"], credentials["prefix"].strip("/")
    key = key or NEIGHBOURS.get(f"{product}/{port}") or f"{product}/{port}-of-another/v1/data/"
    # The credentials do work: a denial below says something.
    client.list_objects_v2(Bucket=bucket, Prefix=f"{own}/", MaxKeys=1)
    folder = key.rsplit("/", 1)[0] + "/"
    attempts: list[tuple[str, Callable[[], object]]] = [
        (f"list {folder}", lambda: client.list_objects_v2(Bucket=bucket, Prefix=folder)),
        ("list the bucket", lambda: client.list_objects_v2(Bucket=bucket)),
        (f"write {own}/data/", lambda: client.put_object(Bucket=bucket, Key=f"{own}/data/intruder", Body=b"")),
    ]
    if not key.endswith("/"):
        attempts.insert(0, (f"read {key}", lambda: client.get_object(Bucket=bucket, Key=key)))
    return [denied(what, attempt) for what, attempt in attempts]


def denied(what: str, attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return what
        raise
    raise Refused(f"`{what}` was not denied: the credentials reach beyond their port")


if __name__ == "__main__":
    told(main)
