"""The only reader and writer of results: netCDF, Parquet and safetensors, written atomically.

Every file of a job carries the resolved spec it was made from, the digests of the code, and the versions of the
packages; the data of figures and tables carry their entry in config instead of the spec. None carries a time: the
same work gives the same bytes.
"""

import json
import os
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import safetensors
import safetensors.numpy
import xarray as xr

# Packages that are installed under another name than they are imported.
INSTALLED_AS = {"sklearn": "scikit-learn"}


def provenance(code: list[str], **what: str) -> dict[str, str]:
    """The attributes a result carries: what it was made from, the digests of its modules, package versions."""
    return {**what, "code": json.dumps(code), "versions": json.dumps(versions(code))}


def versions(code: list[str]) -> dict[str, str]:
    """Versions of Python and of the packages that this code imports, whatever else is installed.

    Args:
        code: lines of path, digest and imported packages, see ``digest.code``.
    """
    imported = {package for line in code for package in line.split()[2:]} | {"h5netcdf"}  # xarray's engine, here
    packages = sorted(INSTALLED_AS.get(package, package) for package in imported)
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside the path, then move it there in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_arrays(path: str | Path, data: xr.Dataset, attributes: Mapping[str, str]) -> None:
    """Write labelled arrays as netCDF."""
    data = data.assign_attrs(attributes)
    write_atomically(path, lambda file: data.to_netcdf(file, engine="h5netcdf"))


def read_arrays(path: str | Path) -> xr.Dataset:
    """Read labelled arrays from netCDF, whole."""
    with xr.open_dataset(path, engine="h5netcdf") as data:
        return data.load()


def write_table(path: str | Path, table: pd.DataFrame, attributes: Mapping[str, str]) -> None:
    """Write a tidy table as Parquet, the attributes in its schema."""
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **attributes})
    write_atomically(path, lambda file: pyarrow.parquet.write_table(arrow, file))


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a tidy table from Parquet; the attributes are in ``table.attrs``."""
    arrow = pyarrow.parquet.read_table(path)
    table = arrow.to_pandas()
    metadata = arrow.schema.metadata or {}
    table.attrs = {key.decode(): value.decode() for key, value in metadata.items() if key != b"pandas"}
    return table


def write_tensors(path: str | Path, tensors: Mapping[str, np.ndarray], attributes: Mapping[str, str]) -> None:
    """Write named arrays as safetensors; one metadata key holds all attributes, so that their order is fixed."""
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    metadata = {"attributes": json.dumps(dict(attributes))}
    write_atomically(path, lambda file: safetensors.numpy.save_file(contiguous, file, metadata))


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read named arrays and attributes from safetensors.

    Raises:
        safetensors.SafetensorError: if the file is damaged.
    """
    with safetensors.safe_open(path, framework="numpy") as file:
        attributes = json.loads((file.metadata() or {}).get("attributes", "{}"))
        return {name: file.get_tensor(name) for name in file.keys()}, attributes  # noqa: SIM118 (no mapping)
