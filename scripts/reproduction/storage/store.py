"""Reading and writing of results as netCDF, Parquet and safetensors; writes are atomic.

The attributes of every file of a job contain the resolved spec, the digests of the code and the package versions; those
of the data of figures and tables contain their config entry instead of the spec. No file contains a time, so that the
same work gives the same bytes.
"""

import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import safetensors
import safetensors.numpy
import xarray as xr
from safetensors import SafetensorError

from reproduction.storage.atomic_write import stamp, write_atomically
from reproduction.storage.errors import DamagedFile

# import name → distribution name, where they differ
INSTALLED_AS = {"sklearn": "scikit-learn", "skfem": "scikit-fem"}


def provenance(code: list[str], **what: str) -> dict[str, str]:
    """Return the attributes of a result: its inputs, the digests of its modules, package versions.

    Args:
        code: as in ``versions``.
        what: further attributes, such as the spec.
    """
    return {**what, "code": json.dumps(code), "versions": json.dumps(versions(code))}


def versions(code: list[str]) -> dict[str, str]:
    """Return the versions of Python and of the packages that this code imports.

    Args:
        code: lines of path, digest and imported packages, as from ``code_digest.code``.
    """
    imported = {package for line in code for package in line.split()[2:]} | {"h5netcdf"}  # engine of xarray
    packages = sorted(INSTALLED_AS.get(package, package) for package in imported)
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


@contextmanager
def _reading(path: str | Path, kind: str) -> Iterator[None]:
    """Convert library errors about a file into DamagedFile; errors of the system, which have an errno, pass through.

    Args:
        path: of the file.
        kind: its format, for the message.

    Raises:
        DamagedFile: if a library finds the file invalid.
    """
    seen = stamp(path)
    try:
        yield
    except (OSError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise DamagedFile(path, f"is damaged: not a complete {kind} file", seen) from error


def read_attributes(path: str | Path) -> dict[str, str]:
    """Read the attributes of a result of any of the three formats.

    Raises:
        DamagedFile: if the file cannot be read.
    """
    match Path(path).suffix:
        case ".nc":
            with _reading(path, "netCDF"), xr.open_dataset(path, engine="h5netcdf") as data:
                return dict(data.attrs)
        case ".parquet":
            with _reading(path, "Parquet"):
                return _metadata(pyarrow.parquet.read_schema(path))
    return read_tensors(path)[1]


def write(path: str | Path, data: xr.Dataset | pd.DataFrame, attributes: Mapping[str, str]) -> None:
    """Write a result: labelled arrays as netCDF, a table as Parquet."""
    writer = write_arrays if isinstance(data, xr.Dataset) else write_table
    writer(path, data, attributes)


def write_arrays(path: str | Path, data: xr.Dataset, attributes: Mapping[str, str]) -> None:
    """Write labelled arrays as netCDF, encoded in memory because HDF5 crashes on a full disk."""
    content = data.assign_attrs(attributes).to_netcdf(engine="h5netcdf")
    write_atomically(path, lambda file: file.write_bytes(content))


def read_arrays(path: str | Path) -> xr.Dataset:
    """Read labelled arrays from netCDF into memory.

    Raises:
        DamagedFile: if the file cannot be read.
    """
    with _reading(path, "netCDF"), xr.open_dataset(path, engine="h5netcdf") as data:
        return data.load()


def write_table(path: str | Path, table: pd.DataFrame, attributes: Mapping[str, str]) -> None:
    """Write a tidy table as Parquet, with the attributes in its schema."""
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **attributes})
    write_atomically(path, lambda file: pyarrow.parquet.write_table(arrow, file))


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a tidy table from Parquet, with the attributes in ``table.attrs``.

    Raises:
        DamagedFile: if the file cannot be read.
    """
    with _reading(path, "Parquet"):
        arrow = pyarrow.parquet.read_table(path)
        table = arrow.to_pandas()
        table.attrs = _metadata(arrow.schema)
    return table


def _metadata(schema: pyarrow.Schema) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (schema.metadata or {}).items() if key != b"pandas"}


def write_tensors(path: str | Path, tensors: Mapping[str, np.ndarray], attributes: Mapping[str, str]) -> None:
    """Write named arrays as safetensors; all attributes are in one metadata key, so that their order is fixed."""
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    metadata = {"attributes": json.dumps(dict(attributes))}
    write_atomically(path, lambda file: safetensors.numpy.save_file(contiguous, file, metadata))


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read named arrays and attributes from safetensors.

    Raises:
        DamagedFile: if the file cannot be read.
    """
    with _reading(path, "safetensors"), safetensors.safe_open(path, framework="numpy") as file:
        attributes = json.loads((file.metadata() or {}).get("attributes", "{}"))
        return {name: file.get_tensor(name) for name in file.keys()}, attributes  # noqa: SIM118 (no mapping)
