"""From the files of a figure rule to a drawn page: what all figures share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rectified import store, style
from rectified.session import start_log
from rectified.spec import Job


@dataclass(frozen=True)
class Result:
    """The files of one case and the job that made them."""

    files: dict[str, Path]

    @cached_property
    def job(self) -> Job:
        first = next(iter(self.files.values()))
        read = store.read_table if first.suffix == ".parquet" else store.read_arrays
        return Job.model_validate_json(read(first).attrs["spec"])

    def arrays(self, name: str) -> xr.Dataset:
        """The netCDF file of that name."""
        return store.read_arrays(self.files[f"{name}.nc"])

    def table(self, name: str) -> pd.DataFrame:
        """The Parquet file of that name."""
        return store.read_table(self.files[f"{name}.parquet"])

    @property
    def series(self) -> str:
        """Name of the case in the plotted data."""
        return f"{self.job.experiment}/{self.job.case}"


class PlottedData:
    """Collects what a figure shows, as one tidy table."""

    def __init__(self):
        self._parts: list[pd.DataFrame] = []

    def add(self, panel: str, series: str, **columns: Any) -> None:
        """Note arrays of equal length that one panel shows of one series."""
        frame = pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})
        self._parts.append(frame.assign(panel=panel, series=series))

    def table(self) -> pd.DataFrame:
        table = pd.concat(self._parts, ignore_index=True)
        return table[["panel", "series", *table.columns.drop(["panel", "series"])]]


Draw = Callable[[list[Result], dict, PlottedData], Figure]


def results_of(paths: list[str]) -> list[Result]:
    """Group the files of a figure or table by the case they belong to, in order."""
    groups: dict[Path, dict[str, Path]] = {}
    for path in map(Path, paths):
        groups.setdefault(path.parent, {})[path.name] = path
    return [Result(files) for files in groups.values()]


def make(snakemake: Any, draw: Draw) -> None:
    """Draw the figure of a rule, stamp it, and write it beside the data it shows."""
    start_log(snakemake.log[0])
    style.use()
    results = results_of(list(snakemake.input))
    entry = json.loads(snakemake.params.entry)
    data = PlottedData()
    figure = draw(results, entry, data)
    style.stamp(figure, snakemake.params.tier, max(getattr(r.job.settings, "seeds", 0) for r in results))
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    attributes = {"entry": snakemake.params.entry, "code": json.dumps(snakemake.params.code)}
    store.write_table(snakemake.output.data, data.table(), attributes)
