"""Measures of a case: one number per replicate, from a variable of a file or a quantity.

A replicate is a seed or, in an ensemble, a network; a deterministic result has a single replicate.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rectified.errors import nearest
from reproduction.config.errors import ConfigError
from reproduction.exhibits import quantities
from reproduction.storage.results import KeptResult

CLOSE = 1e-6  # relative; coordinates may be stored in single precision
REPLICATES = ("seed", "network")
TIME_AXES = ("epoch", "record")
COMPUTED = "computed"  # index name of a single value without replicates

# Reductions of several values of a replicate to one; NaN propagates, so that a diverged run stays diverged.
REDUCTIONS: dict[str, Callable[[np.ndarray], float]] = {
    "smallest": np.min,
    "largest": np.max,
    "mean": np.mean,
    "median": np.median,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}


def measured(
    result: KeptResult, measure: str, at: Mapping, file: str | None = None, reduce: str | None = None
) -> pd.Series:
    """Return a measure of a case by seed or network, NaN where the run diverged; one value if there are neither.

    The measure is one of the quantities of the task, a variable of a netCDF file or, failing that, a column of a
    Parquet table, and has all coordinates of ``at``. Of a time axis, epoch or record, the last entry is used unless
    ``at`` selects another. A list in ``at`` pools its values: each, with every seed, is a replicate.

    Args:
        result: of the case.
        measure: name of the quantity, variable or column.
        at: coordinate or column → value or values; numbers match to a relative 1e-6.
        file: restricts the search to this file, without suffix.
        reduce: name of the reduction of the values that ``at`` leaves per replicate.

    Raises:
        ConfigError: if the measure is missing or ambiguous, or has not exactly one value per replicate.
    """
    table = _selected(_found(result, measure, at, file), measure, at)
    for time in TIME_AXES:
        if time in table and time not in at:
            table = table[table[time] == table[time].max()]
    replicate = next((name for name in REPLICATES if name in table and name not in at), None)
    pooled = [key for key, value in at.items() if isinstance(value, list)]
    by = [*pooled, *([replicate] if replicate else [])]
    chosen = _one_each(table, measure, by, reduce)
    if measure in ("diverged_at", "diverged") or replicate is None:
        return chosen
    return chosen.mask(chosen.index.get_level_values(replicate).isin(_diverged(result, replicate)))


def _found(result: KeptResult, measure: str, at: Mapping, file: str | None) -> xr.DataArray | pd.DataFrame:
    """Return the quantity, variable or table that contains the measure."""
    quantity = quantities.find(result.job.settings.task, measure) if file is None else None
    if quantity:
        return result.kept(("quantity", measure), lambda: quantity(result))
    sources = {name: _if_contained(name, source, measure, at) for name, source in _sources(result, file).items()}
    found = {name: source for name, source in sources.items() if source is not None}
    found = {name: source for name, source in found.items() if isinstance(source, xr.DataArray)} or found
    tasks = quantities.tasks_with(measure) if file is None and not found else []
    if tasks:
        raise ConfigError(f"{measure!r} is a quantity of cases of task {' or '.join(map(repr, tasks))}")
    if len(found) != 1:
        by = f" by {' and '.join(at)}" if at else ""
        names = ", ".join(found or sources)
        raise ConfigError(f"{measure!r}{by} must be in one file; it is in {'all' if found else 'none'} of: {names}")
    return next(iter(found.values()))


def _sources(result: KeptResult, file: str | None) -> dict[str, xr.Dataset | pd.DataFrame]:
    """Read the files of a case; the shards of an ensemble count as one."""
    paths = {name: path for name, path in result.files.items() if file in (None, path.stem)}
    if any(name.startswith("shard") for name in paths):
        return {"shards": result.ensemble}
    read = {".nc": result.arrays, ".parquet": result.table}
    return {name: read[path.suffix](path.stem) for name, path in paths.items()}


def _if_contained(name: str, source: xr.Dataset | pd.DataFrame, measure: str, at: Mapping):
    """Return the measure in a source, or None if it or one of the coordinates ``at`` is absent."""
    if isinstance(source, pd.DataFrame):
        return source if {measure, *at} <= {*source.columns} else None
    if measure not in source.data_vars or not {*at} <= {*source[measure].dims}:
        return None
    return source[measure]


def _selected(found: xr.DataArray | pd.DataFrame, measure: str, at: Mapping) -> pd.DataFrame:
    """Return a tidy table of the entries at the coordinates ``at``."""
    if isinstance(found, xr.DataArray):
        for key in [key for key in at if key in found.dims]:
            found = found.isel({key: _rows(found[key].to_numpy(), key, measure, at[key])})
        found = found.reset_coords(drop=True).rename(measure)
        if not found.dims:
            return pd.DataFrame({measure: [float(found)]})
        return found.to_dataframe().reset_index()
    for key, value in at.items():
        if key not in found:
            raise ConfigError(f"{measure!r} has no coordinate {key!r}; {nearest(key, found.columns)}")
        found = found.iloc[_rows(found[key].to_numpy(), key, measure, value)]
    return found


def _rows(entries: np.ndarray, key: str, measure: str, wanted: Any) -> np.ndarray:
    """Return the indices of the entries equal to the wanted value, or to one of the wanted values."""
    matches = [_equal(entries, value) for value in (wanted if isinstance(wanted, list) else [wanted])]
    for value, match in zip(wanted if isinstance(wanted, list) else [wanted], matches):
        if not match.any():
            raise ConfigError(f"{measure!r} has no {key} {value!r}; allowed: {_examples(entries)}")
    return np.flatnonzero(np.any(matches, axis=0))


def _equal(entries: np.ndarray, value: Any) -> np.ndarray:
    numeric = np.issubdtype(entries.dtype, np.number) or entries.dtype == bool
    if isinstance(value, str) or not numeric:
        return np.array([type(entry) is type(value) and entry == value for entry in entries.tolist()], dtype=bool)
    return np.isclose(entries.astype(float), float(value), rtol=CLOSE, atol=0)


def _examples(entries: np.ndarray) -> str:
    values = list(dict.fromkeys(entries.tolist()))
    return ", ".join(map(str, values[:12])) + (", …" if len(values) > 12 else "")


def _one_each(table: pd.DataFrame, measure: str, by: list[str], reduce: str | None) -> pd.Series:
    """Return one value per replicate."""
    if not by:
        table, by = table.assign(**{COMPUTED: 0}), [COMPUTED]
    if not table.duplicated(by).any():
        return table.set_index(by)[measure].astype(float)
    if reduce is None:
        left = [key for key in table.columns.drop([*by, measure]) if table[key].nunique(dropna=False) > 1]
        of = f" of a {by[-1]}" if by[-1] in REPLICATES else ""
        choice = f"select among {', '.join(left)} with `at`, or combine them with `reduce`"
        raise ConfigError(f"{measure!r} has several values{of}; {choice}")
    grouped = table.assign(**{measure: table[measure].astype(float)}).groupby(by, sort=False)[measure]
    return grouped.agg(lambda values: REDUCTIONS[reduce](values.to_numpy()))


def _diverged(result: KeptResult, replicate: str) -> list[int]:
    """Return the seeds or networks whose runs diverged, according to the files of the case."""
    for source in _sources(result, None).values():
        if isinstance(source, xr.Dataset) and "diverged_at" in source and replicate in source.diverged_at.dims:
            return source[replicate].to_numpy()[source.diverged_at.to_numpy() >= 0].tolist()
    return []
