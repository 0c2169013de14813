"""Results of cases, as read by figures and tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from reproduction.config.job import Job
from reproduction.storage import store
from reproduction.storage.shards import joined


@dataclass(frozen=True)
class Result:
    """Files of one case, and the job that made them."""

    files: dict[str, Path]

    @cached_property
    def job(self) -> Job:
        first = next(iter(self.files.values()))
        read = store.read_table if first.suffix == ".parquet" else store.read_arrays
        return Job.model_validate_json(read(first).attrs["spec"])

    def arrays(self, name: str) -> xr.Dataset:
        """Read a netCDF file of the case by its name without suffix."""
        return store.read_arrays(self.files[f"{name}.nc"])

    def table(self, name: str) -> pd.DataFrame:
        """Read a Parquet file of the case by its name without suffix."""
        return store.read_table(self.files[f"{name}.parquet"])

    @cached_property
    def ensemble(self) -> xr.Dataset:
        """The concatenated shards of a trained ensemble."""
        shards = [store.read_arrays(path) for name, path in self.files.items() if name.startswith("shard")]
        return joined(shards, "network")

    @property
    def healthy(self) -> np.ndarray:
        """[networks], true where training did not diverge."""
        arrays = self.arrays("fields") if "fields.nc" in self.files else self.ensemble
        return arrays.diverged_at.to_numpy() < 0

    @property
    def diverged(self) -> int:
        """Number of networks whose training diverged."""
        return int((~self.healthy).sum())

    @property
    def series(self) -> str:
        """Name of the case in the plotted data."""
        return f"{self.job.experiment}/{self.job.case}"


class KeptResult(Result):
    """A result that caches the files it reads, for repeated queries."""

    @cached_property
    def _kept(self) -> dict:
        return {}

    def arrays(self, name: str) -> xr.Dataset:
        return self.kept(("arrays", name), lambda: super(KeptResult, self).arrays(name))

    def table(self, name: str) -> pd.DataFrame:
        return self.kept(("table", name), lambda: super(KeptResult, self).table(name))

    def kept(self, key: tuple[str, str], make: Callable[[], Any]) -> Any:
        """Return the cached value of a key; compute it on first use."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def results_of(paths: list[str]) -> list[Result]:
    """Group the files of a figure or table by case, in order."""
    groups: dict[Path, dict[str, Path]] = {}
    for path in map(Path, paths):
        groups.setdefault(path.parent, {})[path.name] = path
    return [Result(files) for files in groups.values()]
