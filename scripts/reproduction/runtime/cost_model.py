"""Predicted time and memory of jobs, scaled from benchmarks of a finished run.

``workflow/costs.tsv`` contains these benchmarks, one row per job, with the settings of its case. The cost of another
job is that of the measured job with the nearest settings, times the ratio of their work (operations to leading order).
Times are wall-clock times, so no other load should run during the measurement. CPU time is not used, because Snakemake
samples it too rarely: up to half a minute is missing at the end of a job.
"""

import csv
import json
import math
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import mean, median

from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.config.task import Task
from reproduction.runtime import benchmark_files
from reproduction.runtime.benchmark_files import SHARED, SUFFIX

START = 2.0  # seconds of every job before its work begins, mostly imports
TABLE = Path("workflow/costs.tsv")


@dataclass(frozen=True)
class Measured:
    """One row of the table: a measured job.

    Attributes:
        job: stem of its benchmark in the folder of results.
        work: operations, as counted by ``Task.work``.
        seconds: of one core.
        megabytes: peak memory.
        settings: of its case that differ from the defaults.
    """

    job: str
    work: float
    seconds: float
    megabytes: float
    settings: dict

    @classmethod
    def from_row(cls, row: dict[str, str]) -> "Measured":
        """Return a measured job from a row of text."""
        numbers = {key: float(row[key]) for key in ("work", "seconds", "megabytes")}
        return cls(row["job"], **numbers, settings=json.loads(row["settings"]))


@dataclass(frozen=True)
class Cost:
    """Time and memory of one job.

    Attributes:
        seconds: of one core.
        megabytes: peak memory.
    """

    seconds: float
    megabytes: float


class Costs:
    """Measured costs, and the costs of other jobs predicted from them."""

    def __init__(self, measured: Iterable[Measured]):
        self._by_kind: dict[str, list[Measured]] = {}
        for row in measured:
            self._by_kind.setdefault(kind_of(row.job), []).append(row)

    @classmethod
    def read(cls, path: str | Path) -> "Costs":
        """Return the costs in a table written by ``write``."""
        return cls(_rows(path))

    def of(self, stem: str, config: Config) -> Cost:
        """Return the predicted cost of a job.

        Args:
            stem: of its benchmark in the folder of results. Jobs unlike any measured one cost ``START``.
            config: with the case of the job.
        """
        rows, settings = self._by_kind.get(kind_of(stem)), case_of(stem, config)
        if rows is None or is_merge(stem, settings):
            return Cost(START, 0.0)
        return _scaled(rows, settings, config) if settings else _typical(rows, stem)


def _rows(path: str | Path) -> list[Measured]:
    with open(path, encoding="utf-8") as file:
        rows = csv.DictReader(file, dialect="excel-tab", quoting=csv.QUOTE_NONE, quotechar=None)
        return [Measured.from_row(row) for row in rows]


def _scaled(rows: list[Measured], settings: Task, config: Config) -> Cost:
    """Return the cost of the measured case with the nearest settings, scaled by the ratio of work."""
    wanted, amount = nondefault_settings(settings), settings.work(config)
    nearest = min(rows, key=lambda row: _distance(wanted, row.settings, amount / row.work))
    seconds = START + max(0.0, nearest.seconds - START) * amount / nearest.work
    return Cost(seconds, nearest.megabytes)


def _typical(rows: list[Measured], stem: str) -> Cost:
    """Return the cost of the job with this stem, or the median time and largest memory of its kind."""
    rows = [row for row in rows if row.job == stem] or rows
    return Cost(median(row.seconds for row in rows), max(row.megabytes for row in rows))


def kind_of(stem: str) -> str:
    """Return the kind of a job: figures, tables, claims, references, or the name of its benchmark without the shard.

    Shards of seeds are of the kind of the trainings that are not divided.
    """
    first, *_, last = stem.split("/")
    name = last.rstrip("0123456789")
    return first if first in SHARED else {"seeds": "train"}.get(name, name)


def is_merge(stem: str, settings: Task | None) -> bool:
    """Return True if a job merges the shards of the seeds of a case."""
    return stem.endswith("/train") and settings is not None and settings.shards > 1


def case_of(stem: str, config: Config) -> Task | None:
    """Return the settings of the case of a job; None for a job without a case."""
    first, *path = stem.split("/")
    return None if first in SHARED else config.cases[path[0]][path[1]]


def nondefault_settings(settings: Task) -> dict:
    """Return the settings of a case that differ from the defaults of their model."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def _distance(one: dict, other: dict, ratio: float) -> tuple[int, float]:
    """Return the number of settings in which two cases differ, and |log(ratio of work)| to break ties."""
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys()), abs(math.log(ratio))


def measure(config: Config) -> list[Measured]:
    """Return the benchmarks of existing results: one per job, or one per case for its shards."""
    rows: dict[str, list[Measured]] = {}
    for path in sorted(Path(config.results).rglob(f"*{SUFFIX}")):
        if row := _measured(path, config):
            rows.setdefault(row.job, []).append(row)
    return [
        replace(same[0], seconds=mean(row.seconds for row in same), megabytes=max(row.megabytes for row in same))
        for same in rows.values()
    ]


def _measured(path: Path, config: Config) -> Measured | None:
    """Return the job measured by a benchmark file; None for an invalid file or a case outside config."""
    stem = str(path.relative_to(config.results)).removesuffix(SUFFIX)
    benchmark = benchmark_files.read(path)
    try:
        settings = case_of(stem, config)
    except (KeyError, IndexError):  # of a case no longer in config, or of a tier in a subfolder
        return None
    if benchmark is None or is_merge(stem, settings):  # None: of a killed job
        return None
    job = stem.rstrip("0123456789") if Path(stem).name.startswith(("shard", "seeds")) else stem
    amount, differing = (settings.work(config), nondefault_settings(settings)) if settings else (1.0, {})
    return Measured(job, amount, benchmark.wall, benchmark.megabytes, differing)


def write(path: Path, measured: Iterable[Measured]) -> None:
    """Write measured costs as a table, one row per job."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, dialect="excel-tab", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        table.writerow([field.name for field in fields(Measured)])
        for row in measured:
            settings = json.dumps(row.settings, separators=(",", ":"))
            table.writerow([row.job, f"{row.work:.6g}", f"{row.seconds:.1f}", f"{row.megabytes:.0f}", settings])


def update(path: Path, measured: list[Measured]) -> None:
    """Update the rows of measured jobs in a table; other rows are kept.

    Raises:
        ConfigError: if there are no measured jobs.
    """
    if not measured:
        raise ConfigError("results contain no benchmarks; run `make` first")
    old = {row.job: row for row in _rows(path)} if path.exists() else {}
    write(path, sorted({**old, **{row.job: row for row in measured}}.values(), key=lambda row: row.job))


if __name__ == "__main__":
    arguments = ArgumentParser(description=f"Update {TABLE} from the benchmarks of a finished run.")
    arguments.add_argument("--configfile", nargs="*", default=[], help="overlays, as for Snakemake")
    try:
        update(TABLE, measure(loading.read(arguments.parse_args().configfile)))
    except ConfigError as error:
        raise SystemExit(str(error)) from None
