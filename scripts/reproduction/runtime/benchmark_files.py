"""Benchmark files that Snakemake writes beside the results: time and memory of a job."""

import csv
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".benchmark.tsv"
SHARED = ("figures", "tables", "claims", "references")  # folders of jobs that belong to no case


class Benchmark(NamedTuple):
    """Time and memory of one job.

    Attributes:
        cpu: processor time in seconds, independent of other load; last sampled up to 30 s before the end.
        wall: elapsed time in seconds.
        megabytes: peak memory.
    """

    cpu: float
    wall: float
    megabytes: float


def read(path: Path) -> Benchmark | None:
    """Read a benchmark file; return None if its job was killed."""
    with path.open(encoding="utf-8") as file:
        row = next(csv.DictReader(file, dialect="excel-tab"), None)
    if row is None:
        return None
    cpu, wall, megabytes = (float(row[key].replace("-", "0")) for key in ("cpu_time", "s", "max_rss"))
    return Benchmark(cpu or wall, wall, megabytes)  # too short to be sampled
