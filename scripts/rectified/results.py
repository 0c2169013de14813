"""The files of cases as figures and tables read them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr

from rectified import store
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
    def diverged(self) -> int:
        """How many networks of a trained case diverged."""
        return int((self.arrays("fields").diverged_at >= 0).sum()) if "fields.nc" in self.files else 0

    @property
    def series(self) -> str:
        """Name of the case in the plotted data."""
        return f"{self.job.experiment}/{self.job.case}"


def results_of(paths: list[str]) -> list[Result]:
    """Group the files of a figure or table by the case they belong to, in order."""
    groups: dict[Path, dict[str, Path]] = {}
    for path in map(Path, paths):
        groups.setdefault(path.parent, {})[path.name] = path
    return [Result(files) for files in groups.values()]
