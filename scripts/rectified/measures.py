"""One number per seed of a case, by its name in a file of results: what claims are made of."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rectified import store
from rectified.errors import ConfigError
from rectified.results import Result

CLOSE = 1e-6  # relative; coordinates may be stored in single precision


def measured(result: Result, measure: str, at: Mapping, file: str | None = None) -> pd.Series:
    """A measure of a case by seed, NaN where the run diverged.

    It is a variable of a netCDF file or, if there is none, a column of a Parquet table, that goes by seed and by all
    coordinates of ``at``. Of what goes by epoch the last is taken, if ``at`` says nothing else.

    Args:
        at: coordinate or column → value, of text or of numbers equal to 1e-6.
        file: the only file to look at, without its ending.

    Raises:
        ConfigError: if there is none, or more than one, or if it has none or more than one value of a seed.
    """
    tables = {path: _table(path, measure) for path in result.files.values() if file in (None, path.stem)}
    found = {path: table for path, table in tables.items() if table is not None and {*at} <= {*table.columns}}
    found = {path: table for path, table in found.items() if path.suffix == ".nc"} or found
    if len(found) != 1:
        by = " and ".join(["seed", *at])
        names = ", ".join(path.name for path in found or result.files.values())
        raise ConfigError(f"{measure!r} by {by} must be in one file; it is in {'all' if found else 'none'} of: {names}")
    chosen = _chosen(next(iter(found.values())), measure, at)
    if measure == "diverged_at":
        return chosen
    return chosen.mask(chosen.index.isin(_diverged_seeds(result)))


def _table(path: Path, measure: str) -> pd.DataFrame | None:
    """The measure as a tidy table with a column of seeds, from netCDF or Parquet; None if the file has none by seed."""
    if path.suffix == ".nc":
        arrays = store.read_arrays(path)
        if measure not in arrays.data_vars or "seed" not in arrays[measure].dims:
            return None
        return arrays[measure].reset_coords(drop=True).to_dataframe().reset_index()
    table = store.read_table(path)
    return table if {"seed", measure} <= {*table.columns} else None


def _chosen(table: pd.DataFrame, measure: str, at: Mapping) -> pd.Series:
    """The one value of each seed."""
    for key, value in at.items():
        rows = table[[_equal(entry, value) for entry in table[key].tolist()]]
        if rows.empty:
            raise ConfigError(f"{measure!r} has no {key} {value!r}; allowed: {_examples(table[key])}")
        table = rows
    if "epoch" in table:
        table = table[table.epoch == table.epoch.max()]
    if table.seed.duplicated().any():
        left = [key for key in table.columns.drop(["seed", measure]) if table[key].nunique(dropna=False) > 1]
        raise ConfigError(f"{measure!r} has several values of a seed; `at` must choose among {', '.join(left)}")
    return table.set_index("seed")[measure].astype(float)


def _equal(entry: Any, value: Any) -> bool:
    if isinstance(entry, str) or isinstance(value, str):
        return entry == value
    return math.isclose(entry, value, rel_tol=CLOSE)


def _examples(column: pd.Series) -> str:
    values = column.unique().tolist()
    return ", ".join(map(str, values[:12])) + (", …" if len(values) > 12 else "")


def _diverged_seeds(result: Result) -> list[int]:
    """The seeds whose runs diverged, where the files of the case tell."""
    tables = (_table(path, "diverged_at") for path in result.files.values() if path.suffix == ".nc")
    return [seed for table in tables if table is not None for seed in table.seed[table.diverged_at >= 0]]
