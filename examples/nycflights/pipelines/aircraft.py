"""fleet.aircraft: the registry of the aircraft that flew from New York."""

import pyarrow as pa

import source
from delivery import arguments, deliver_table, run
from mesh_client import Mesh

PRODUCT = "fleet.aircraft"


def registry(planes: pa.Table) -> pa.Table:
    """A row for each registered aircraft."""
    names = {
        "tailnum": "tail_number",
        "year": "year_built",
        "type": "category",
        "manufacturer": "manufacturer",
        "model": "model",
        "engines": "engines",
        "engine": "engine_type",
        "seats": "seats",
        "speed": "cruising_speed",
    }
    return planes.select(list(names)).rename_columns(list(names.values()))


def main() -> dict[str, int]:
    given = arguments(__doc__)
    return deliver_table(Mesh.from_environment(), PRODUCT, "registry", registry(source.read(given.data, "planes")), given.again)


if __name__ == "__main__":
    run(main)
