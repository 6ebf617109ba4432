"""Writes the rows of each version of a port as its format's writer does, and reads them under that version and every later one;
files under every earlier one as well.

Reads a JSON list of chains, and writes for each what was read: by PyIceberg through the table's metadata where it is a table, by PyArrow
with the schema of the version that reads where it is files.
"""

import json
import os
import sys
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO, _dataframe_to_data_files, schema_to_pyarrow
from pyiceberg.table import FileScanTask
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.types import (
    BinaryType, DateType, DecimalType, ListType, MapType, StructType, TimestampType, TimestamptzType,
)

EPOCH = datetime(1970, 1, 1)
EXACT = Context(prec=80)


def to_arrow(kind, value):
    """A value of the tests as PyArrow takes it."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        return {field.name: to_arrow(field.field_type, value[field.name]) for field in kind.fields}
    if isinstance(kind, ListType):
        return [to_arrow(kind.element_type, item) for item in value]
    if isinstance(kind, MapType):
        return [(to_arrow(kind.key_type, key), to_arrow(kind.value_type, item)) for key, item in value]
    if isinstance(kind, DecimalType):
        return EXACT.scaleb(Decimal(value), -kind.scale)
    if isinstance(kind, BinaryType):
        return value.encode()
    return value


def from_arrow(kind, value):
    """The same back."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        return {field.name: from_arrow(field.field_type, value[field.name]) for field in kind.fields}
    if isinstance(kind, ListType):
        return [from_arrow(kind.element_type, item) for item in value]
    if isinstance(kind, MapType):
        return [[from_arrow(kind.key_type, key), from_arrow(kind.value_type, item)] for key, item in value]
    if isinstance(kind, DecimalType):
        return str(int(EXACT.scaleb(value, kind.scale)))
    if isinstance(kind, BinaryType):
        return value.decode()
    if isinstance(kind, (TimestampType, TimestamptzType)):
        naive = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        return (naive - EPOCH) // timedelta(microseconds=1)
    if isinstance(kind, DateType):
        return (value - EPOCH.date()).days
    return value


def rows_of(schema, table):
    kinds = schema.as_struct()
    assert table.column_names == [field.name for field in kinds.fields], table.column_names
    return [from_arrow(kinds, row) for row in table.to_pylist()]


def read_chain(chain):
    io = PyArrowFileIO()
    tables = [TableMetadataUtil.parse_obj(table) for table in chain["tables"]]
    is_table = chain["format"] == "iceberg"
    files = []
    for number, (table, rows) in enumerate(zip(tables, chain["rows"])):
        schema = table.schema()
        arrow = schema_to_pyarrow(schema, include_field_ids=False)
        frame = pa.Table.from_pylist([to_arrow(schema.as_struct(), row) for row in rows], schema=arrow)
        if is_table:
            files.append(list(_dataframe_to_data_files(table, frame, io)))
            for file in files[-1]:
                # A manifest would say so, and there is none: no table here is partitioned.
                file.spec_id = 0
        else:
            folder = table.location.removeprefix("file://")
            os.makedirs(folder, exist_ok=True)
            files.append(f"{folder}/{number}.parquet")
            pq.write_table(frame, files[-1])
    for read, table in enumerate(tables):
        schema = table.schema()
        # Old files lie beside new ones, and who knows an old version reads both; a table is read by its schema of now.
        for written in range(read + 1 if is_table else len(tables)):
            told = {"written": written, "read": read, "rows": []}
            try:
                if is_table:
                    scan = ArrowScan(table, io, schema, AlwaysTrue())
                    frame = scan.to_table([FileScanTask(file) for file in files[written]])
                else:
                    arrow = schema_to_pyarrow(schema, include_field_ids=False)
                    frame = ds.dataset(files[written], schema=arrow).to_table()
                told["rows"] = rows_of(schema, frame)
            except Exception as error:
                told["error"] = f"{type(error).__name__}: {error}"
            yield told


json.dump([list(read_chain(chain)) for chain in json.load(sys.stdin)], sys.stdout)
