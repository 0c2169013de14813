"""What jobs cost: measured once, scaled to other sizes by their work.

``workflow/costs.tsv`` holds the benchmarks of a finished run, a row for each job, with the settings of its case. The
cost of any other job is that of the measured one whose settings are nearest, times the ratio of their work, the
leading order of their operations. Seconds are of the clock, so the run should have its cores to itself: time of the
processor is sampled too seldom, half a minute may be missing at the end of a job.
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

START = 2.0  # seconds that every job takes before its work begins: imports, mostly
TABLE = Path("workflow/costs.tsv")


@dataclass(frozen=True)
class Measured:
    """One row of the table.

    Attributes:
        job: stem of its benchmark in the folder of results.
        work: operations, as ``Task.work`` counts them.
        seconds: of one core.
        megabytes: of memory, at most at a time.
        settings: of its case, those that are not the defaults.
    """

    job: str
    work: float
    seconds: float
    megabytes: float
    settings: dict

    @classmethod
    def from_row(cls, row: dict[str, str]) -> "Measured":
        numbers = {key: float(row[key]) for key in ("work", "seconds", "megabytes")}
        return cls(row["job"], **numbers, settings=json.loads(row["settings"]))


@dataclass(frozen=True)
class Cost:
    """What one job takes.

    Attributes:
        seconds: of one core.
        megabytes: of memory, at most at a time.
    """

    seconds: float
    megabytes: float


class Costs:
    """Measured costs, and those of other jobs that follow from them."""

    def __init__(self, measured: Iterable[Measured]):
        self._by_kind: dict[str, list[Measured]] = {}
        for row in measured:
            self._by_kind.setdefault(kind_of(row.job), []).append(row)

    @classmethod
    def read(cls, path: str | Path) -> "Costs":
        """The costs in a table that ``write`` has written."""
        return cls(_rows(path))

    def of(self, stem: str, config: Config) -> Cost:
        """The cost of the job whose benchmark has this stem in the folder of results; START where none is like it."""
        rows, settings = self._by_kind.get(kind_of(stem)), case_of(stem, config)
        if rows is None:
            return Cost(START, 0.0)
        return _of_case(rows, settings, config) if settings else _of_name(rows, stem)


def _rows(path: str | Path) -> list[Measured]:
    with open(path) as file:
        rows = csv.DictReader(file, dialect="excel-tab", quoting=csv.QUOTE_NONE, quotechar=None)
        return [Measured.from_row(row) for row in rows]


def _of_case(rows: list[Measured], settings: Task, config: Config) -> Cost:
    """That of the measured case with the nearest settings, its work scaled."""
    wanted, amount = given(settings), settings.work(config)
    nearest = min(rows, key=lambda row: _distance(wanted, row.settings, amount / row.work))
    seconds = START + max(0.0, nearest.seconds - START) * amount / nearest.work
    return Cost(seconds, nearest.megabytes)


def _of_name(rows: list[Measured], stem: str) -> Cost:
    """That of the job of this name, or the median of its kind."""
    rows = [row for row in rows if row.job == stem] or rows
    return Cost(median(row.seconds for row in rows), max(row.megabytes for row in rows))


def kind_of(stem: str) -> str:
    """What a job does: figures, tables, claims, references, or the name of its benchmark without the shard."""
    first, *_, last = stem.split("/")
    return first if first in SHARED else last.rstrip("0123456789")


def case_of(stem: str, config: Config) -> Task | None:
    """The settings of the case that a job belongs to, if it belongs to one."""
    first, *path = stem.split("/")
    return None if first in SHARED else config.cases[path[0]][path[1]]


def given(settings: Task) -> dict:
    """The settings of a case that are not the defaults of their model."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def _distance(one: dict, other: dict, ratio: float) -> tuple[int, float]:
    """In how many settings two cases differ; then by what factor in work."""
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys()), abs(math.log(ratio))


def measure(config: Config) -> list[Measured]:
    """The benchmarks of the results that are there: one for each job, or for each case whose jobs are shards."""
    rows: dict[str, list[Measured]] = {}
    for path in sorted(Path(config.results).rglob(f"*{SUFFIX}")):
        if row := _measured(path, config):
            rows.setdefault(row.job, []).append(row)
    return [
        replace(same[0], seconds=mean(row.seconds for row in same), megabytes=max(row.megabytes for row in same))
        for same in rows.values()
    ]


def _measured(path: Path, config: Config) -> Measured | None:
    """What one benchmark says."""
    stem = str(path.relative_to(config.results)).removesuffix(SUFFIX)
    benchmark = benchmark_files.read(path)
    try:
        settings = case_of(stem, config)
    except (KeyError, IndexError):  # of a case that is not in config any more, or of a tier in a folder below
        return None
    if benchmark is None:  # of a job that was killed
        return None
    job = stem.rstrip("0123456789") if kind_of(stem) == "shard" else stem
    amount, said = (settings.work(config), given(settings)) if settings else (1.0, {})
    return Measured(job, amount, benchmark.wall, benchmark.megabytes, said)


def write(path: Path, measured: Iterable[Measured]) -> None:
    """Write measured costs as a table, a row for each."""
    with path.open("w", newline="") as file:
        table = csv.writer(file, dialect="excel-tab", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        table.writerow([field.name for field in fields(Measured)])
        for row in measured:
            settings = json.dumps(row.settings, separators=(",", ":"))
            table.writerow([row.job, f"{row.work:.6g}", f"{row.seconds:.1f}", f"{row.megabytes:.0f}", settings])


def update(path: Path, measured: list[Measured]) -> None:
    """Put measured costs into a table in place of those of the same jobs; the others stay.

    Raises:
        ConfigError: if nothing was measured.
    """
    if not measured:
        raise ConfigError("there are no benchmarks in results; run `make` first")
    old = {row.job: row for row in _rows(path)} if path.exists() else {}
    write(path, sorted({**old, **{row.job: row for row in measured}}.values(), key=lambda row: row.job))


if __name__ == "__main__":
    arguments = ArgumentParser(description=f"Update {TABLE} from the benchmarks of a finished run.")
    arguments.add_argument("--configfile", nargs="*", default=[], help="overlays, as for Snakemake")
    try:
        update(TABLE, measure(loading.read(arguments.parse_args().configfile)))
    except ConfigError as error:
        raise SystemExit(str(error)) from None
